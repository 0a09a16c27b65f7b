"""Comments."""

import re
from typing import Any

import pytest

from .harness import Client, Person, comment_on, rule, write_article

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
NOT_FOUND = b'{"errors":{"comment":["not found"]}}'
FORBIDDEN = b'{"errors":{"comment":["forbidden"]}}'


def comments_of(article: dict[str, Any]) -> str:
    """The path of an article's comments."""
    return f"/api/articles/{article['slug']}/comments"


@rule("COMMENT-1", "ANSWER-3")
def test_comment(ben: Person, article: dict[str, Any]) -> None:
    """A new comment returns 201 with all its fields, in the order of the schema."""
    answer = ben.post(comments_of(article), json={"comment": {"body": "잘 썼다 🐉"}})
    comment = answer.json["comment"]
    assert answer.status == 201
    assert (
        answer.body
        == (
            f'{{"comment":{{"id":{comment["id"]},"createdAt":"{comment["createdAt"]}",'
            f'"updatedAt":"{comment["updatedAt"]}","body":"잘 썼다 🐉",'
            f'"author":{{"username":"{ben.username}","bio":null,"image":null,"following":false}}}}}}'
        ).encode()
    )
    assert type(comment["id"]) is int
    assert TIME.fullmatch(comment["createdAt"])
    assert TIME.fullmatch(comment["updatedAt"])


@rule("COMMENT-2", "ANSWER-9")
def test_comments(client: Client, anna: Person, ben: Person, article: dict[str, Any]) -> None:
    """The comments of an article are newest first, each the same as when it was created."""
    first, second = comment_on(article, ben), comment_on(article, anna)
    comment_on(write_article(anna), ben)
    answer = client.get(comments_of(article))
    assert answer.status == 200
    assert answer.json == {"comments": [second, first]}


@rule("COMMENT-2")
def test_no_comments(client: Client, article: dict[str, Any]) -> None:
    """An article without comments has an empty list."""
    answer = client.get(comments_of(article))
    assert answer.status == 200
    assert answer.body == b'{"comments":[]}'


@rule("COMMENT-2")
def test_comments_are_not_paged(client: Client, ben: Person, article: dict[str, Any]) -> None:
    """One response has all comments."""
    written = [comment_on(article, ben)["id"] for _ in range(25)]
    answer = client.get(f"{comments_of(article)}?limit=1")
    assert answer.status == 200
    assert [comment["id"] for comment in answer.json["comments"]] == written[::-1]


@rule("COMMENT-5", "FIELD-1")
@pytest.mark.parametrize("value", ["", "\u00a0\u3000\t\n", None])
def test_blank_comment(reader: Person, story: dict[str, Any], value: str | None) -> None:
    """A blank comment is refused."""
    answer = reader.post(comments_of(story), json={"comment": {"body": value}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["can\'t be blank"]}}'


@rule("COMMENT-5", "FIELD-1")
def test_comment_without_a_body(reader: Person, story: dict[str, Any]) -> None:
    """A comment without a body is refused."""
    answer = reader.post(comments_of(story), json={"comment": {}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["can\'t be blank"]}}'


@rule("COMMENT-5", "FIELD-2")
@pytest.mark.parametrize("value", [5, False, [], {}])
def test_comment_that_is_no_text(reader: Person, story: dict[str, Any], value: object) -> None:
    """A comment that is not a string is refused."""
    answer = reader.post(comments_of(story), json={"comment": {"body": value}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["must be a string"]}}'


@rule("COMMENT-5", "FIELD-3")
@pytest.mark.parametrize("value", ["\0", "x" * 20_000 + "\0"])
def test_comment_with_a_nul(reader: Person, story: dict[str, Any], value: str) -> None:
    """A NUL in a comment is invalid, and is checked before the length."""
    answer = reader.post(comments_of(story), json={"comment": {"body": value}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["is invalid"]}}'


@rule("COMMENT-5", "FIELD-4")
@pytest.mark.parametrize("letter", ["x", "🐉"])
def test_longest_comment(ben: Person, article: dict[str, Any], letter: str) -> None:
    """A comment of 10,000 characters is accepted."""
    answer = ben.post(comments_of(article), json={"comment": {"body": letter * 10_000}})
    assert answer.status == 201
    assert answer.json["comment"]["body"] == letter * 10_000


@rule("COMMENT-5", "FIELD-4")
def test_too_long_comment(reader: Person, story: dict[str, Any]) -> None:
    """A comment of 10,001 characters is too long."""
    answer = reader.post(comments_of(story), json={"comment": {"body": "x" * 10_001}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"body":["is too long (maximum is 10000 characters)"]}}'


@rule("FIELD-6")
@pytest.mark.parametrize(
    "value", [" padded\n", "<script>alert(1)</script>", "\x01\x7f\u2028\ufeff", "\\\"'; --"]
)
def test_comment_is_kept(client: Client, ben: Person, article: dict[str, Any], value: str) -> None:
    """A comment is stored and returned as it was sent."""
    answer = ben.post(comments_of(article), json={"comment": {"body": value}})
    assert answer.status == 201
    assert answer.json["comment"]["body"] == value
    assert client.get(comments_of(article)).json["comments"][0]["body"] == value


# Deleting


@rule("COMMENT-3")
def test_delete(client: Client, ben: Person, article: dict[str, Any]) -> None:
    """Deleting a comment as its author removes that comment and no other."""
    kept, deleted = comment_on(article, ben), comment_on(article, ben)
    answer = ben.delete(f"{comments_of(article)}/{deleted['id']}")
    assert answer.status == 204
    assert answer.body == b""
    assert client.get(comments_of(article)).json == {"comments": [kept]}
    assert ben.delete(f"{comments_of(article)}/{deleted['id']}").body == NOT_FOUND


@rule("COMMENT-3")
def test_delete_by_another(reader: Person, ben: Person, article: dict[str, Any]) -> None:
    """Deleting another user's comment returns 403, and the comment stays."""
    comment = comment_on(article, ben)
    answer = reader.delete(f"{comments_of(article)}/{comment['id']}")
    assert answer.status == 403
    assert answer.body == FORBIDDEN
    assert reader.get(comments_of(article)).json == {"comments": [comment]}


@rule("COMMENT-3")
def test_delete_by_the_articles_author(anna: Person, ben: Person, article: dict[str, Any]) -> None:
    """The author of an article may not delete another user's comment on it."""
    comment = comment_on(article, ben)
    answer = anna.delete(f"{comments_of(article)}/{comment['id']}")
    assert answer.status == 403
    assert answer.body == FORBIDDEN


@rule("COMMENT-4")
@pytest.mark.parametrize(
    "id_",
    [
        "0",
        "-1",
        "+1",
        "1.0",
        "0x1",
        "x",
        "1%20",
        "1_0",
        "%D9%A1",
        "%C2%B2",
        "9223372036854775807",
        "9223372036854775808",
        "9" * 3_900,
        "0" * 3_900,
        "..",
    ],
)
def test_ids_that_no_comment_has(reader: Person, story: dict[str, Any], id_: str) -> None:
    """An id that has another format, is out of range, or is unknown returns 404."""
    answer = reader.delete(f"{comments_of(story)}/{id_}")
    assert answer.status == 404
    assert answer.body == NOT_FOUND


@rule("COMMENT-4")
def test_id_with_leading_zeros(ben: Person, article: dict[str, Any]) -> None:
    """An id is a number: leading zeros do not matter."""
    comment = comment_on(article, ben)
    answer = ben.delete(f"{comments_of(article)}/000{comment['id']}")
    assert answer.status == 204
    assert ben.get(comments_of(article)).body == b'{"comments":[]}'


@rule("COMMENT-4")
def test_comment_of_another_article(anna: Person, article: dict[str, Any]) -> None:
    """A comment is found only under its own article."""
    comment = comment_on(article, anna)
    other = write_article(anna)
    answer = anna.delete(f"{comments_of(other)}/{comment['id']}")
    assert answer.status == 404
    assert answer.body == NOT_FOUND
    assert anna.get(comments_of(article)).json == {"comments": [comment]}


@rule("COMMENT-6")
def test_ids_are_not_used_again(ben: Person, article: dict[str, Any]) -> None:
    """The id of a deleted comment is not reused for the next one."""
    deleted = comment_on(article, ben)
    ben.delete(f"{comments_of(article)}/{deleted['id']}")
    assert comment_on(article, ben)["id"] > deleted["id"]
