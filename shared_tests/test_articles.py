"""Creating, reading, updating and deleting articles."""

import re
import time
from datetime import datetime
from typing import Any

import pytest

from .harness import Client, Person, comment_on, rule, unique, write_article

BLANK = ["", " ", "\t\r\n", "\u00a0\u3000\u2003", "\x1c\x1d\x1e\x1f\x85", None]
WRONG_TYPES = [5, 1.5, True, False, [], ["text"], {}]
TEXTS = ("title", "description", "body")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
NOT_FOUND = b'{"errors":{"article":["not found"]}}'
FORBIDDEN = b'{"errors":{"article":["forbidden"]}}'


def new_article(**fields: Any) -> dict[str, Any]:
    """An article with values that are not used yet; the given fields replace them."""
    proper = {"title": unique("Dragon "), "description": "How", "body": "So."}
    return {"article": {**proper, **fields}}


def milliseconds(time_: str) -> int:
    """A time of the API as a number of milliseconds."""
    return round(datetime.fromisoformat(time_).timestamp() * 1000)


# Creating


@rule("ARTICLE-1", "ANSWER-3", "SLUG-1")
def test_create(anna: Person) -> None:
    """A new article returns 201 with all its fields, in the order of the schema."""
    title = unique("How to train your dragon ")
    answer = anna.post(
        "/api/articles",
        json={
            "article": {
                "tagList": ["reptiles", "dragons"],
                "body": "Very carefully.",
                "description": "Ever wonder how?",
                "title": title,
            }
        },
    )
    created = answer.json["article"]["createdAt"]
    updated = answer.json["article"]["updatedAt"]
    assert answer.status == 201
    assert (
        answer.body
        == (
            f'{{"article":{{"slug":"{title.lower().replace(" ", "-")}","title":"{title}",'
            f'"description":"Ever wonder how?","body":"Very carefully.",'
            f'"tagList":["dragons","reptiles"],"createdAt":"{created}","updatedAt":"{updated}",'
            f'"favorited":false,"favoritesCount":0,"author":{{"username":"{anna.username}",'
            f'"bio":null,"image":null,"following":false}}}}}}'
        ).encode()
    )


@rule("ANSWER-3")
def test_times(anna: Person) -> None:
    """Times are UTC in whole milliseconds, and match the current time."""
    before = time.time() * 1000
    article = write_article(anna)
    assert TIME.fullmatch(article["createdAt"])
    assert TIME.fullmatch(article["updatedAt"])
    assert before - 2_000 < milliseconds(article["createdAt"]) < time.time() * 1000 + 2_000


@rule("ANSWER-3", "ANSWER-9")
def test_times_stay_the_same(client: Client, anna: Person) -> None:
    """The GET after a POST returns the same times, and so does the list."""
    article = write_article(anna)
    times = {name: article[name] for name in ("createdAt", "updatedAt")}
    got = client.get(f"/api/articles/{article['slug']}").json["article"]
    listed = client.get(f"/api/articles?author={anna.username}").json["articles"][0]
    assert {name: got[name] for name in times} == times
    assert {name: listed[name] for name in times} == times


@rule("ANSWER-9", "ARTICLE-2")
def test_same_data_same_bytes(client: Client, anna: Person) -> None:
    """Reading an article twice returns the same bytes, which are those of the POST too."""
    answer = anna.post("/api/articles", json=new_article(tagList=["b", "a"], body="한글 🐉"))
    slug = answer.json["article"]["slug"]
    first, second = client.get(f"/api/articles/{slug}"), client.get(f"/api/articles/{slug}")
    assert first.status == 200
    assert first.body == second.body == answer.body


@rule("ARTICLE-8", "FIELD-1", "ANSWER-4", "TAGLIST-4")
def test_create_nothing(reader: Person) -> None:
    """One response names all missing fields; `tagList` is not required."""
    answer = reader.post("/api/articles", json={"article": {}})
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"title":["can\'t be blank"],"description":["can\'t be blank"],'
        b'"body":["can\'t be blank"]}}'
    )


@rule("ARTICLE-8", "ANSWER-4", "FIELD-4")
def test_create_with_everything_wrong(reader: Person) -> None:
    """The errors of an article are in the order of the schema."""
    answer = reader.post(
        "/api/articles",
        json={
            "article": {
                "tagList": [1],
                "body": "x" * 100_001,
                "description": "x" * 1_001,
                "title": "x" * 256,
            }
        },
    )
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"title":["is too long (maximum is 255 characters)"],'
        b'"description":["is too long (maximum is 1000 characters)"],'
        b'"body":["is too long (maximum is 100000 characters)"],'
        b'"tagList":["must be a list of strings"]}}'
    )


@rule("ARTICLE-4", "FIELD-1")
@pytest.mark.parametrize("value", BLANK)
def test_blank(reader: Person, story: dict[str, Any], value: str | None) -> None:
    """A blank title, description or body is refused by create and by update."""
    article = {"article": dict.fromkeys(TEXTS, value)}
    created = reader.post("/api/articles", json=article)
    updated = reader.put(f"/api/articles/{story['slug']}", json=article)
    assert created.status == 422
    assert created.json == {"errors": dict.fromkeys(TEXTS, ["can't be blank"])}
    assert updated.status == 422
    assert updated.body == created.body


@rule("FIELD-2")
@pytest.mark.parametrize("value", WRONG_TYPES)
def test_wrong_type(reader: Person, story: dict[str, Any], value: object) -> None:
    """A title, description or body that is not a string is refused by create and by update."""
    article = {"article": dict.fromkeys(TEXTS, value)}
    created = reader.post("/api/articles", json=article)
    updated = reader.put(f"/api/articles/{story['slug']}", json=article)
    assert created.status == 422
    assert created.json == {"errors": dict.fromkeys(TEXTS, ["must be a string"])}
    assert updated.status == 422
    assert updated.body == created.body


@rule("FIELD-3", "FIELD-5")
@pytest.mark.parametrize("value", ["\0", "a\0b", "x" * 200_000 + "\0"])
def test_nul(reader: Person, story: dict[str, Any], value: str) -> None:
    """A NUL is invalid in create and in update, and is checked before the length."""
    article = {"article": dict.fromkeys(TEXTS, value)}
    created = reader.post("/api/articles", json=article)
    updated = reader.put(f"/api/articles/{story['slug']}", json=article)
    assert created.status == 422
    assert created.json == {"errors": dict.fromkeys(TEXTS, ["is invalid"])}
    assert updated.status == 422
    assert updated.body == created.body


@rule("FIELD-1")
@pytest.mark.parametrize("value", ["\u200b", "\ufeff", "\x01"])
def test_not_blank(anna: Person, value: str) -> None:
    """Characters that Python does not strip are not blank."""
    answer = anna.post(
        "/api/articles", json=new_article(title=value, description=value, body=value)
    )
    assert answer.status == 201
    assert answer.json["article"]["title"] == value
    assert answer.json["article"]["body"] == value


@rule("FIELD-4")
@pytest.mark.parametrize("letter", ["x", "한", "🐉"])
def test_longest(anna: Person, letter: str) -> None:
    """Lengths are counted in code points: a text of exactly the maximum is accepted."""
    longest = {
        "title": unique("").ljust(255, letter),
        "description": letter * 1_000,
        "body": letter * 100_000,
    }
    answer = anna.post("/api/articles", json={"article": longest})
    assert answer.status == 201
    assert {name: answer.json["article"][name] for name in TEXTS} == longest


@rule("FIELD-4")
@pytest.mark.parametrize("letter", ["x", "🐉"])
def test_too_long(anna: Person, article: dict[str, Any], letter: str) -> None:
    """A text that is one character longer is too long, in create and in update."""
    longer = {"title": letter * 256, "description": letter * 1_001, "body": letter * 100_001}
    answer = anna.put(f"/api/articles/{article['slug']}", json={"article": longer})
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"title":["is too long (maximum is 255 characters)"],'
        b'"description":["is too long (maximum is 1000 characters)"],'
        b'"body":["is too long (maximum is 100000 characters)"]}}'
    )


@rule("FIELD-6")
@pytest.mark.parametrize(
    "value",
    [
        "  padded  \n",
        "<b>bold</b> &amp; <script>alert(1)</script>",
        "한글과 漢字, 🐉👩‍👩‍👧‍👦, e\u0301 and \u00e9",
        "\u202e\ufeff\u2028\u2029\ufffd\U0010ffff",
        "\x01\x02\x1f\x7f\x80\x9f and \b\f\n\r\t",
        "\\ \" / '",
    ],
)
def test_text_is_kept(client: Client, anna: Person, value: str) -> None:
    """Text is stored and returned as it was sent, and its bytes are not escaped."""
    answer = anna.post(
        "/api/articles", json=new_article(title=value, description=value, body=value)
    )
    got = client.get(f"/api/articles/{answer.json['article']['slug']}")
    assert answer.status == 201
    assert got.body == answer.body
    assert [got.json["article"][name] for name in ("title", "description", "body")] == [value] * 3


# Tags of an article


@rule("TAGLIST-1")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([], []),
        (["b", "a"], ["a", "b"]),
        ([" b ", "\ta\n", "\u3000c\u3000"], ["a", "b", "c"]),
        (["", " ", "\u00a0", "a"], ["a"]),
        (["a", "a", " a"], ["a"]),
        (["a", "A", "b", "B"], ["A", "B", "a", "b"]),
        (["한글", "z", "Ä", "é", "ａ", "🐉"], ["z", "Ä", "é", "한글", "ａ", "🐉"]),
        (["é", "e\u0301"], ["e\u0301", "é"]),
        (["_", "-", "10", "9", ",", "a,b"], [",", "-", "10", "9", "_", "a,b"]),
        (["<b>", "'; --", "%", "\u200b"], ["%", "'; --", "<b>", "\u200b"]),
    ],
)
def test_tags_of_an_article(client: Client, anna: Person, sent: list[str], kept: list[str]) -> None:
    """Tags are trimmed, without blanks and duplicates, and sorted by code point."""
    answer = anna.post("/api/articles", json=new_article(tagList=sent))
    slug = answer.json["article"]["slug"]
    assert answer.status == 201
    assert answer.json["article"]["tagList"] == kept
    assert client.get(f"/api/articles/{slug}").json["article"]["tagList"] == kept
    listed = client.get(f"/api/articles?author={anna.username}").json["articles"][0]
    assert listed["tagList"] == kept


@rule("TAGLIST-2", "TAGLIST-1")
def test_twenty_tags(anna: Person) -> None:
    """Twenty tags are accepted; blanks and duplicates do not count."""
    tags = [f"tag-{number:02}" for number in range(20)]
    answer = anna.post("/api/articles", json=new_article(tagList=[*tags, *tags, " ", ""]))
    assert answer.status == 201
    assert answer.json["article"]["tagList"] == tags


@rule("TAGLIST-2")
def test_twenty_one_tags(reader: Person) -> None:
    """Twenty-one tags are too many."""
    tags = [f"tag-{number:02}" for number in range(21)]
    answer = reader.post("/api/articles", json=new_article(tagList=tags))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"tagList":["has too many items (maximum is 20)"]}}'


@rule("TAGLIST-2", "FIELD-4")
@pytest.mark.parametrize("letter", ["x", "한", "🐉"])
def test_longest_tag(anna: Person, letter: str) -> None:
    """A tag of 64 characters is accepted; its length is measured after it is trimmed."""
    answer = anna.post("/api/articles", json=new_article(tagList=[" " + letter * 64 + " "]))
    assert answer.status == 201
    assert answer.json["article"]["tagList"] == [letter * 64]


@rule("TAGLIST-2", "FIELD-4")
def test_too_long_tag(reader: Person) -> None:
    """A tag of 65 characters is too long."""
    answer = reader.post("/api/articles", json=new_article(tagList=["a", "x" * 65]))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"tagList":["is too long (maximum is 64 characters)"]}}'


@rule("TAGLIST-3", "FIELD-2")
@pytest.mark.parametrize(
    "value",
    ["text", "", 0, True, {}, {"0": "a"}, [None], [1], [["a"]], ["a", True]],
)
def test_tags_that_are_no_list_of_strings(
    reader: Person, story: dict[str, Any], value: object
) -> None:
    """A `tagList` that is not a list of strings is refused by create and by update."""
    message = "must be a list of strings" if isinstance(value, list) else "must be a list"
    created = reader.post("/api/articles", json=new_article(tagList=value))
    updated = reader.put(f"/api/articles/{story['slug']}", json={"article": {"tagList": value}})
    assert created.status == 422
    assert created.body == f'{{"errors":{{"tagList":["{message}"]}}}}'.encode()
    assert updated.status == 422
    assert updated.body == created.body


@rule("TAGLIST-4")
def test_no_tags(anna: Person) -> None:
    """Without a `tagList` an article has no tags."""
    answer = anna.post("/api/articles", json=new_article())
    assert answer.status == 201
    assert answer.json["article"]["tagList"] == []


@rule("TAGLIST-4", "TAGLIST-5")
def test_tags_as_null(reader: Person, story: dict[str, Any]) -> None:
    """A `tagList` of null is blank, in create and in update."""
    created = reader.post("/api/articles", json=new_article(tagList=None))
    updated = reader.put(f"/api/articles/{story['slug']}", json={"article": {"tagList": None}})
    assert created.status == 422
    assert created.body == b'{"errors":{"tagList":["can\'t be blank"]}}'
    assert updated.status == 422
    assert updated.body == b'{"errors":{"tagList":["can\'t be blank"]}}'


@rule("TAGLIST-6", "FIELD-3")
@pytest.mark.parametrize("tag", ["\0", "a\0b", "\0" * 65])
def test_nul_in_a_tag(reader: Person, tag: str) -> None:
    """A NUL in a tag is invalid."""
    answer = reader.post("/api/articles", json=new_article(tagList=["a", tag]))
    assert answer.status == 422
    assert answer.body == b'{"errors":{"tagList":["is invalid"]}}'


@rule("TAGLIST-5")
@pytest.mark.parametrize(
    ("update", "kept"),
    [
        ({"tagList": []}, []),
        ({"tagList": ["", " "]}, []),
        ({"tagList": ["c", "b"]}, ["b", "c"]),
        ({"body": "New."}, ["a", "b"]),
        ({}, ["a", "b"]),
    ],
)
def test_tags_of_an_update(
    client: Client, anna: Person, update: dict[str, Any], kept: list[str]
) -> None:
    """An empty `tagList` removes the tags, another one replaces them, an absent one keeps them."""
    slug = write_article(anna, tagList=["a", "b"])["slug"]
    answer = anna.put(f"/api/articles/{slug}", json={"article": update})
    assert answer.status == 200
    assert answer.json["article"]["tagList"] == kept
    assert client.get(f"/api/articles/{slug}").json["article"]["tagList"] == kept


# Reading


@rule("ARTICLE-2")
@pytest.mark.parametrize(
    "slug",
    ["no-such-article", "%25", "_", "%ED%95%9C%EA%B8%80", "a.b", "a" * 3_000],
)
def test_unknown_article(client: Client, slug: str) -> None:
    """An unknown slug of any form returns 404 for an article and for its comments."""
    for path in (f"/api/articles/{slug}", f"/api/articles/{slug}/comments"):
        answer = client.get(path)
        assert answer.status == 404
        assert answer.body == NOT_FOUND


@rule("ARTICLE-2", "FAVORITE-1", "FAVORITE-2", "COMMENT-1")
@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("PUT", "", {"article": {}}),
        ("DELETE", "", None),
        ("POST", "/comments", {"comment": {"body": "x"}}),
        ("DELETE", "/comments/1", None),
        ("POST", "/favorite", None),
        ("DELETE", "/favorite", None),
    ],
)
def test_unknown_article_for_writers(reader: Person, method: str, rest: str, body: Any) -> None:
    """An unknown slug returns 404 for every operation that changes an article."""
    path = f"/api/articles/{unique('no-such-')}{rest}"
    more = {} if body is None else {"json": body}
    answer = reader.request(method, path, **more)
    assert answer.status == 404
    assert answer.body == NOT_FOUND


@rule("SLUG-7")
def test_slug_in_another_case(client: Client, story: dict[str, Any]) -> None:
    """A slug is case-sensitive."""
    answer = client.get(f"/api/articles/{story['slug'].upper()}")
    assert answer.status == 404
    assert answer.body == NOT_FOUND


# Changing


@rule("ARTICLE-3")
def test_update_everything(client: Client, anna: Person) -> None:
    """An update changes all the fields that it has."""
    article = write_article(anna, tagList=["old"])
    title = unique("Wyvern ")
    answer = anna.put(
        f"/api/articles/{article['slug']}",
        json={"article": {"title": title, "description": "한글", "body": "🐉", "tagList": ["new"]}},
    )
    assert answer.status == 200
    assert answer.json["article"] == {
        **article,
        "slug": title.lower().replace(" ", "-"),
        "title": title,
        "description": "한글",
        "body": "🐉",
        "tagList": ["new"],
        "updatedAt": answer.json["article"]["updatedAt"],
    }
    assert client.get(f"/api/articles/{article['slug']}").status == 404
    assert client.get(f"/api/articles/{answer.json['article']['slug']}").body == answer.body


@rule("ARTICLE-3")
@pytest.mark.parametrize("field", ["title", "description", "body"])
def test_update_one_field(anna: Person, field: str) -> None:
    """An update of one field leaves the others."""
    article = write_article(anna, "Dragon", tagList=["a"])
    answer = anna.put(f"/api/articles/{article['slug']}", json={"article": {field: "DRAGON!"}})
    assert answer.status == 200
    assert answer.json["article"] == {
        **article,
        field: "DRAGON!",
        "updatedAt": answer.json["article"]["updatedAt"],
    }


@rule("ARTICLE-3", "BODY-8")
def test_update_of_read_only_fields(anna: Person, ben: Person) -> None:
    """Fields that are in the response but that an author cannot set are ignored."""
    article = write_article(anna)
    answer = anna.put(
        f"/api/articles/{article['slug']}",
        json={
            "article": {
                "slug": "mine",
                "createdAt": "2000-01-01T00:00:00.000Z",
                "favoritesCount": 100,
                "favorited": True,
                "author": {"username": ben.username},
            }
        },
    )
    assert answer.status == 200
    assert answer.json["article"] == {
        **article,
        "updatedAt": answer.json["article"]["updatedAt"],
    }


@rule("ARTICLE-6")
def test_updated_at_increases(anna: Person) -> None:
    """Every update increases `updatedAt`, even an empty one, and even if updates follow quickly."""
    article = write_article(anna)
    updates = [{}, {"body": "New."}, {"body": "New."}, {"tagList": []}, {}]
    moments = [article["updatedAt"]]
    for update in updates:
        answer = anna.put(f"/api/articles/{article['slug']}", json={"article": update})
        assert answer.status == 200
        assert answer.json["article"]["createdAt"] == article["createdAt"]
        moments.append(answer.json["article"]["updatedAt"])
    assert moments == sorted(set(moments))


@rule("ARTICLE-6")
def test_updated_at_is_unchanged(client: Client, anna: Person, ben: Person) -> None:
    """Favorites, comments and refused updates do not change `updatedAt`."""
    article = write_article(anna)
    path = f"/api/articles/{article['slug']}"
    comment = comment_on(article, ben)
    ben.post(f"{path}/favorite")
    ben.delete(f"{path}/favorite")
    ben.delete(f"{path}/comments/{comment['id']}")
    ben.put(path, json={"article": {"body": "Mine."}})
    anna.put(path, json={"article": {"body": ""}})
    answer = client.get(path)
    assert answer.status == 200
    assert answer.json["article"] == article


@rule("ARTICLE-5")
@pytest.mark.parametrize("update", [{}, {"title": "Mine"}, {"tagList": []}])
def test_update_of_anothers_article(
    client: Client, reader: Person, story: dict[str, Any], update: dict[str, Any]
) -> None:
    """Updating another user's article returns 403, and the article does not change."""
    path = f"/api/articles/{story['slug']}"
    answer = reader.put(path, json={"article": update})
    assert answer.status == 403
    assert answer.body == FORBIDDEN
    assert client.get(path).json["article"] == story


# Deleting


@rule("ARTICLE-7")
def test_delete(client: Client, anna: Person) -> None:
    """A deleted article no longer exists."""
    path = f"/api/articles/{write_article(anna)['slug']}"
    answer = anna.delete(path)
    assert answer.status == 204
    assert answer.body == b""
    assert client.get(path).body == NOT_FOUND
    assert anna.delete(path).body == NOT_FOUND


@rule("ARTICLE-7")
def test_delete_with_dependent_rows(client: Client, anna: Person, ben: Person) -> None:
    """Comments, favorites and tag links are deleted with their article."""
    tag = unique("tag-")
    article = write_article(anna, tagList=[tag])
    path = f"/api/articles/{article['slug']}"
    comment_on(article, ben)
    ben.post(f"{path}/favorite")
    assert anna.delete(path).status == 204
    again = write_article(anna, article["title"])
    assert again["slug"] == article["slug"]
    assert again["favoritesCount"] == 0
    assert client.get(f"{path}/comments").body == b'{"comments":[]}'
    empty = b'{"articles":[],"articlesCount":0}'
    assert client.get(f"/api/articles?tag={tag}").body == empty
    assert client.get(f"/api/articles?favorited={ben.username}").body == empty


@rule("ARTICLE-5")
def test_delete_of_anothers_article(client: Client, reader: Person, story: dict[str, Any]) -> None:
    """Deleting another user's article returns 403, and the article stays."""
    answer = reader.delete(f"/api/articles/{story['slug']}")
    assert answer.status == 403
    assert answer.body == FORBIDDEN
    assert client.get(f"/api/articles/{story['slug']}").status == 200
