"""Hostile input gets the response that the contract defines, never a 500."""

import json
from typing import Any

import pytest

from .harness import Client, Person, register, rule, unique, write_article
from .harness.routes import NO_SUCH_ROUTE, segment

JSON_TYPE = {"Content-Type": "application/json"}

# Text that has broken other systems in a path, a query or a field.
# (Without a slash: ROUTE-4 covers slashes in a path.)
TRICKS = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    '" UNION SELECT password FROM users --',
    "\\'; --",
    "%s%n{0.__class__}{{7*7}}",
    "<script>alert(1)<script>",
    "..\\..\\windows",
    "\r\nSet-Cookie: a=b",
    "한글",
    "🐉👩‍👩‍👧‍👦",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞a̴̵l̢̛g̲o",
    "\u202egnp.exe\ufeff",
    "\ufffe\uffff\U0010ffff",
    "İıſK",
    "\x01\x1b[31m\x7f",
]


@pytest.fixture(scope="module")
def hostile_user(client: Client) -> Person:
    """A user who sends all the hostile values, one after another."""
    return register(client, "trickster")


@rule("FAIL-4", "ARTICLE-2", "PROFILE-2", "LIST-3")
@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_in_names(client: Client, trick: str) -> None:
    """A slug, a username or a filter with any text is only a name that does not exist."""
    name = segment("x" + trick)
    article = client.get(f"/api/articles/{name}")
    profile = client.get(f"/api/profiles/{name}")
    articles = client.get(f"/api/articles?tag={name}&author={name}&favorited={name}")
    assert [article.status, profile.status, articles.status] == [404, 404, 200]
    assert article.body == b'{"errors":{"article":["not found"]}}'
    assert profile.body == b'{"errors":{"profile":["not found"]}}'
    assert articles.body == b'{"articles":[],"articlesCount":0}'


@rule("FAIL-4", "FIELD-6", "TAGLIST-1")
@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_in_every_text(client: Client, hostile_user: Person, trick: str) -> None:
    """Any text is stored, found and returned as it was sent, in every field."""
    tag = f"{unique('')}{trick}".strip()[:64].strip()
    profile = hostile_user.put("/api/user", json={"user": {"bio": trick, "image": trick}})
    text = {"title": "x" + trick, "description": "x" + trick, "body": "x" + trick}
    written = hostile_user.post("/api/articles", json={"article": {**text, "tagList": [tag]}})
    path = f"/api/articles/{written.json['article']['slug']}/comments"
    comment = hostile_user.post(path, json={"comment": {"body": "x" + trick}})
    found = client.get(f"/api/articles?tag={segment(tag)}")
    assert [profile.status, written.status, comment.status] == [200, 201, 201]
    assert found.status == 200
    assert [item["title"] for item in found.json["articles"]] == ["x" + trick]
    assert found.json["articles"][0]["author"]["bio"] == trick
    assert client.get(path).json["comments"][0]["body"] == "x" + trick


@rule("FAIL-4", "ROUTE-4", "ROUTE-8")
@pytest.mark.parametrize(
    "path",
    [
        "/api/docs/assets/../../../../etc/passwd",
        "/api/docs/assets/..%2f..%2f..%2fetc/passwd",
        "/api/docs/assets/%2e%2e/%2e%2e/manage.py",
        "/api/docs/assets/..%5c..%5cmanage.py",
        "/api/docs/assets//etc/passwd",
        "/api/docs/assets/%00.js",
        "/static/../manage.py",
        "/.git/config",
        "/api/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_paths_out_of_the_folder(client: Client, path: str) -> None:
    """No path leads to a file that is not an asset."""
    answer = client.get(path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("FAIL-4", "SLUG-1", "SLUG-2")
@pytest.mark.parametrize(
    "title",
    [
        "&#" + "9" * 240 + ";",
        "&#1114112;",
        "&#xD800;",
        "&#55296;",
        "&#0;",
        "&lt;&gt;&amp;&nonsense;",
        "\ufdfa" * 255,
        "\U0010ffff" * 255,
        "- " * 127,
        "a-" * 127,
    ],
)
def test_titles_that_slugify_strangely(client: Client, anna: Person, title: str) -> None:
    """A title with any text gets a slug of lower case letters, digits and dashes that works."""
    answer = anna.post(
        "/api/articles", json={"article": {"title": title, "description": "x", "body": "x"}}
    )
    assert answer.status == 201
    slug = answer.json["article"]["slug"]
    assert slug.isascii()
    assert slug == slug.lower()
    assert client.get(f"/api/articles/{slug}").json["article"]["title"] == title


@rule("FAIL-4", "TAGLIST-1", "TAGLIST-2")
def test_a_tag_many_times(anna: Person) -> None:
    """A tag that is repeated a hundred thousand times is one tag."""
    article = {"title": unique("x"), "description": "x", "body": "x", "tagList": ["a"] * 100_000}
    answer = anna.post("/api/articles", json={"article": article})
    assert answer.status == 201
    assert answer.json["article"]["tagList"] == ["a"]


@rule("FAIL-4", "TAGLIST-2")
def test_many_tags(reader: Person) -> None:
    """A hundred thousand different tags are too many."""
    tags = [f"{number}" for number in range(100_000)]
    article = {"title": "x", "description": "x", "body": "x", "tagList": tags}
    answer = reader.post("/api/articles", json={"article": article})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"tagList":["has too many items (maximum is 20)"]}}'


@rule("FAIL-4", "TAGLIST-3")
def test_many_wrong_tags(reader: Person) -> None:
    """A list of a hundred thousand numbers gets one message."""
    article = {"title": "x", "description": "x", "body": "x", "tagList": list(range(100_000))}
    answer = reader.post("/api/articles", json={"article": article})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"tagList":["must be a list of strings"]}}'


@rule("FAIL-4", "BODY-8")
def test_many_unknown_fields(reader: Person) -> None:
    """Fifty thousand unknown fields are ignored."""
    fields = {f"field{number}": number for number in range(50_000)}
    user = {"email": reader.email, "password": reader.password, **fields}
    answer = reader.post("/api/users/login", json={"user": user})
    assert answer.status == 200


@rule("FAIL-4", "NAME-1")
def test_a_name_of_a_megabyte(client: Client) -> None:
    """A username of a megabyte with an invalid end is invalid."""
    user = {"username": "a" * 900_000 + "!", "email": "a@x.example", "password": "12345678"}
    answer = client.post("/api/users", json={"user": user})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"username":["is invalid"]}}'


@rule("FAIL-4", "PASSWORD-1")
def test_a_password_of_a_megabyte(client: Client) -> None:
    """A password of a megabyte is too long and is never hashed; a login returns the usual 401."""
    user = {"username": "anna", "email": "a@x.example", "password": "x" * 900_000}
    signed_up = client.post("/api/users", json={"user": user})
    signed_in = client.post("/api/users/login", json={"user": user})
    assert signed_up.status == 422
    assert signed_up.body == b'{"errors":{"password":["is too long (maximum is 128 characters)"]}}'
    assert signed_in.status == 401
    assert signed_in.body == b'{"errors":{"credentials":["invalid"]}}'


@rule("FAIL-4", "FIELD-2")
@pytest.mark.parametrize(
    "value", ["-1", "0", "-1e400", "123456789012345678901234567890", "[[[[[]]]]]"]
)
def test_numbers_instead_of_text(reader: Person, value: str) -> None:
    """Numbers of any size, and empty arrays and objects, are not strings."""
    fields = ",".join(f'"{name}":{value}' for name in ("title", "description", "body"))
    answer = reader.post(
        "/api/articles", content=f'{{"article":{{{fields}}}}}'.encode(), headers=JSON_TYPE
    )
    assert answer.status == 422
    assert answer.body == (
        b'{"errors":{"title":["must be a string"],"description":["must be a string"],'
        b'"body":["must be a string"]}}'
    )


@rule("FAIL-4", "BODY-4", "ORDER-7")
@pytest.mark.parametrize("field", ["title", "description", "body", "tagList"])
def test_lone_surrogate_in_a_field(reader: Person, field: str) -> None:
    """A lone surrogate in any field makes the whole body invalid JSON."""
    article: dict[str, Any] = {"title": "x", "description": "x", "body": "x", "tagList": ["x"]}
    article[field] = ["\ud800"] if field == "tagList" else "\ud800"
    content = json.dumps({"article": article}).encode()
    answer = reader.post("/api/articles", content=content, headers=JSON_TYPE)
    assert answer.status == 400
    assert answer.body == b'{"errors":{"body":["is not valid JSON"]}}'


@rule("FAIL-4", "ANSWER-1", "FIELD-6", "COMMENT-1", "LIST-2")
def test_hangul_and_emoji_everywhere(client: Client, anna: Person) -> None:
    """Every operation that takes text accepts 한글 and emoji, and returns them unescaped."""
    tag = f"태그 🏷 {unique('')}"
    anna.put("/api/user", json={"user": {"bio": "소개 🙂", "image": "https://x.example/그림.png"}})
    article = write_article(anna, "제목 📝", description="설명 💬", body="본문 📖", tagList=[tag])
    anna.post(f"/api/articles/{article['slug']}/comments", json={"comment": {"body": "댓글 💯"}})
    shown = [
        client.get(f"/api/profiles/{anna.username}"),
        client.get(f"/api/articles/{article['slug']}"),
        client.get(f"/api/articles/{article['slug']}/comments"),
        client.get(f"/api/articles?tag={segment(tag)}"),
    ]
    assert [answer.status for answer in shown] == [200] * 4
    assert "소개 🙂" in shown[0].text
    assert '"title":"제목 📝","description":"설명 💬","body":"본문 📖"' in shown[1].text
    assert '"body":"댓글 💯"' in shown[2].text
    assert f'"tagList":["{tag}"]' in shown[3].text
    assert shown[3].json["articlesCount"] == 1


@rule("FAIL-4", "PASSWORD-3", "LOGIN-1")
def test_hangul_and_emoji_as_a_password(client: Client, anna: Person) -> None:
    """A password may contain 한글 and emoji."""
    anna.put("/api/user", json={"user": {"password": "비밀번호는 용 🐉"}})
    user = {"email": anna.email, "password": "비밀번호는 용 🐉"}
    answer = client.post("/api/users/login", json={"user": user})
    assert answer.status == 200
    assert answer.json["user"]["username"] == anna.username


@rule("FAIL-4")
def test_the_tables_are_still_there(client: Client, reader: Person) -> None:
    """After all hostile requests, the data still exists."""
    answers = [
        client.get("/api/articles"),
        client.get("/api/tags"),
        client.get(f"/api/profiles/{reader.username}"),
        client.get("/api/health"),
    ]
    assert [answer.status for answer in answers] == [200] * 4
