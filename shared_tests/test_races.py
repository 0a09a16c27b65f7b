"""Concurrent writes: no response is a 500, and nothing is lost or counted twice."""

from collections import Counter
from functools import partial
from typing import Any

from .harness import Answer, Client, Person, rule, unique, write_article
from .harness.concurrency import at_once, register_many

TAKEN_NAME = b'{"errors":{"username":["has already been taken"]}}'
TAKEN_EMAIL = b'{"errors":{"email":["has already been taken"]}}'


def statuses(answers: list[Answer]) -> Counter[int]:
    """How many responses have each status."""
    return Counter(answer.status for answer in answers)


def suffixed(slug: str, number: int) -> set[str]:
    """The slugs of this many articles with the same title."""
    return {slug, *(f"{slug}-{suffix}" for suffix in range(2, number + 1))}


@rule("SIGNUP-2", "NAME-2", "FAIL-4")
def test_fifty_registrations_of_one_name(client: Client) -> None:
    """Of fifty concurrent sign-ups with one username, one succeeds; the others get 409."""
    name = unique("anna")

    def user(number: int) -> dict[str, Any]:
        """The same name in one case or the other, with an email of its own."""
        username = name if number % 2 else name.upper()
        return {"username": username, "email": f"{name}{number}@x.example", "password": "12345678"}

    answers = at_once(
        [partial(client.post, "/api/users", json={"user": user(number)}) for number in range(50)]
    )
    assert statuses(answers) == {201: 1, 409: 49}
    assert all(answer.body == TAKEN_NAME for answer in answers if answer.status == 409)


@rule("SIGNUP-2", "EMAIL-3", "FAIL-4")
def test_registrations_of_one_email(client: Client) -> None:
    """Of twenty concurrent sign-ups with one email, one succeeds; the others get 409."""
    name = unique("anna")

    def user(number: int) -> dict[str, Any]:
        """The same email in one case or the other, with a name of its own."""
        email = f"{name}@x.example" if number % 2 else f"{name}@X.EXAMPLE"
        return {"username": f"{name}_{number}", "email": email, "password": "12345678"}

    answers = at_once(
        [partial(client.post, "/api/users", json={"user": user(number)}) for number in range(20)]
    )
    assert statuses(answers) == {201: 1, 409: 19}
    assert all(answer.body == TAKEN_EMAIL for answer in answers if answer.status == 409)


@rule("USER-5", "NAME-2", "FAIL-4")
def test_renames_to_one_name(client: Client) -> None:
    """Of ten users who change to one username concurrently, one succeeds; the others get 409."""
    people = register_many(client, 10)
    name = unique("anna")
    answers = at_once(
        [partial(one.put, "/api/user", json={"user": {"username": name}}) for one in people]
    )
    assert statuses(answers) == {200: 1, 409: 9}
    assert all(answer.body == TAKEN_NAME for answer in answers if answer.status == 409)


@rule("SLUG-6", "SLUG-3", "FAIL-4")
def test_fifty_articles_of_one_title(client: Client, anna: Person, ben: Person) -> None:
    """Fifty articles created concurrently with one title get fifty slugs, without a gap."""
    title = unique("dragon")
    article = {"title": title, "description": "x", "body": "x", "tagList": [f"tag-{title}"]}
    answers = at_once(
        [
            partial((anna, ben)[number % 2].post, "/api/articles", json={"article": article})
            for number in range(50)
        ]
    )
    assert statuses(answers) == {201: 50}
    assert {answer.json["article"]["slug"] for answer in answers} == suffixed(title, 50)
    listed = client.get(f"/api/articles?tag=tag-{title}&limit=1")
    assert listed.json["articlesCount"] == 50


@rule("SLUG-6", "FAIL-4")
def test_articles_renamed_to_one_title(anna: Person) -> None:
    """Twenty articles renamed concurrently to one title get twenty slugs."""
    title = unique("dragon")
    paths = [f"/api/articles/{write_article(anna)['slug']}" for _ in range(20)]
    answers = at_once([partial(anna.put, p, json={"article": {"title": title}}) for p in paths])
    assert statuses(answers) == {200: 20}
    assert {answer.json["article"]["slug"] for answer in answers} == suffixed(title, 20)


@rule("FAVORITE-3", "FAVORITE-1", "FAIL-4")
def test_fifty_favorites(client: Client, article: dict[str, Any]) -> None:
    """Concurrent favorites of fifty users count fifty, and after their removal zero."""
    people = register_many(client, 50)
    path = f"/api/articles/{article['slug']}"
    answers = at_once([partial(one.post, f"{path}/favorite") for one in people])
    assert statuses(answers) == {200: 50}
    assert {answer.json["article"]["favorited"] for answer in answers} == {True}
    assert client.get(path).json["article"]["favoritesCount"] == 50
    answers = at_once([partial(one.delete, f"{path}/favorite") for one in people])
    assert statuses(answers) == {200: 50}
    assert client.get(path).json["article"]["favoritesCount"] == 0


@rule("FAVORITE-1", "FAVORITE-2", "FAVORITE-3", "FAIL-4")
def test_favorites_of_one_user(ben: Person, article: dict[str, Any]) -> None:
    """Concurrent favorites of one article by one user count once."""
    path = f"/api/articles/{article['slug']}/favorite"
    answers = at_once([partial(ben.post, path)] * 20)
    assert statuses(answers) == {200: 20}
    assert {answer.json["article"]["favoritesCount"] for answer in answers} == {1}
    answers = at_once([partial(ben.delete, path)] * 20)
    assert statuses(answers) == {200: 20}
    assert {answer.json["article"]["favoritesCount"] for answer in answers} == {0}


@rule("FOLLOW-1", "FOLLOW-2", "FAIL-4")
def test_follows_of_one_user(anna: Person, ben: Person) -> None:
    """Concurrent follows of one user by another are one follow, which one unfollow ends."""
    path = f"/api/profiles/{ben.username}/follow"
    answers = at_once([partial(anna.post, path)] * 20)
    assert statuses(answers) == {200: 20}
    assert {answer.json["profile"]["following"] for answer in answers} == {True}
    anna.delete(path)
    answer = anna.get(f"/api/profiles/{ben.username}")
    assert answer.json["profile"]["following"] is False
    answers = at_once([partial(anna.delete, path)] * 20)
    assert statuses(answers) == {200: 20}


@rule("COMMENT-2", "FAIL-4")
def test_comments(client: Client, anna: Person, ben: Person, article: dict[str, Any]) -> None:
    """Twenty concurrent comments are all stored, in the order of their ids."""
    path = f"/api/articles/{article['slug']}/comments"
    answers = at_once(
        [
            partial((anna, ben)[number % 2].post, path, json={"comment": {"body": f"{number}"}})
            for number in range(20)
        ]
    )
    assert statuses(answers) == {201: 20}
    written = {answer.json["comment"]["id"]: answer.json["comment"] for answer in answers}
    listed = client.get(path).json["comments"]
    assert listed == [written[id_] for id_ in sorted(written, reverse=True)]
    assert sorted(int(comment["body"]) for comment in listed) == list(range(20))


@rule("FOLLOW-1", "FAIL-4")
def test_follows_of_each_other(client: Client) -> None:
    """Users who follow each other concurrently all succeed: there is no deadlock."""
    people = register_many(client, 10)
    pairs = [(one, other) for one in people for other in people if one is not other]
    answers = at_once(
        [partial(one.post, f"/api/profiles/{other.username}/follow") for one, other in pairs]
    )
    assert statuses(answers) == {200: 90}


@rule("ARTICLE-6", "FAIL-4")
def test_updates_of_one_article(anna: Person, article: dict[str, Any]) -> None:
    """Twenty concurrent updates of one article have twenty times, all after its creation."""
    path = f"/api/articles/{article['slug']}"
    answers = at_once([partial(anna.put, path, json={"article": {}})] * 20)
    moments = {answer.json["article"]["updatedAt"] for answer in answers}
    assert statuses(answers) == {200: 20}
    assert len(moments) == 20
    assert min(moments) > article["updatedAt"]


@rule("TAGLIST-1", "FAIL-4")
def test_new_tags_in_many_articles(client: Client, anna: Person) -> None:
    """Twenty articles created concurrently with the same new tags all have them."""
    tags = sorted(unique("tag-") for _ in range(5))
    article = {"title": "Tagged", "description": "x", "body": "x"}
    answers = at_once(
        [
            partial(
                anna.post,
                "/api/articles",
                json={"article": {**article, "tagList": tags[:: 1 if number % 2 else -1]}},
            )
            for number in range(20)
        ]
    )
    assert statuses(answers) == {201: 20}
    assert [answer.json["article"]["tagList"] for answer in answers] == [tags] * 20
    counts = {client.get(f"/api/articles?tag={tag}").json["articlesCount"] for tag in tags}
    assert counts == {20}


@rule("ARTICLE-7", "FAIL-4")
def test_deleting_while_others_write(client: Client) -> None:
    """Comments and favorites during a delete succeed or get 404, never a 500."""
    people = register_many(client, 8)
    for _ in range(2):
        path = f"/api/articles/{write_article(people[0])['slug']}"
        comment = partial(people[1].post, f"{path}/comments", json={"comment": {"body": "x"}})
        comments = [partial(comment)] * 8
        likes = [partial(one.post, f"{path}/favorite") for one in people]
        answers = at_once(
            [*comments[:4], *likes[:4], partial(people[0].delete, path), *comments[4:], *likes[4:]]
        )
        deleted = answers.pop(8)
        gone = [answer for answer in answers if answer.status >= 400]
        assert deleted.status == 204
        assert all(answer.body == b'{"errors":{"article":["not found"]}}' for answer in gone)
        assert {answer.status for answer in answers} <= {200, 201, 404}
        assert client.get(f"{path}/comments").status == 404


@rule("ARTICLE-7", "FAIL-4")
def test_deleting_at_once(client: Client, anna: Person) -> None:
    """Of twenty concurrent deletes of one article, one succeeds; the others get 404."""
    path = f"/api/articles/{write_article(anna)['slug']}"
    answers = at_once([partial(anna.delete, path)] * 20)
    assert statuses(answers) == {204: 1, 404: 19}


@rule("USER-7", "TOKEN-8", "FAIL-4")
def test_password_changes_at_once(client: Client, anna: Person) -> None:
    """After concurrent password changes, exactly one of the passwords works."""
    passwords = [f"password-{number}" for number in range(8)]
    answers = at_once(
        [partial(anna.put, "/api/user", json={"user": {"password": word}}) for word in passwords]
    )
    assert {answer.status for answer in answers} == {200}
    logins = [
        client.post("/api/users/login", json={"user": {"email": anna.email, "password": word}})
        for word in passwords
    ]
    assert statuses(logins) == {200: 1, 401: 7}
    assert anna.get("/api/user").status == 200
