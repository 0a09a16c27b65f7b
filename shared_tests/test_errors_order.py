"""The order of checks: each request has two errors, and the test says which is returned."""

from typing import Any

import pytest

from .harness import Client, Person, comment_on, rule, unique, write_article
from .harness.routes import WITH_BODY_AND_TOKEN, WITHOUT_BODY

JSON_TYPE = {"Content-Type": "application/json"}
LARGE = b"{" * 1_048_577
TOO_LARGE = b'{"errors":{"body":["is too large (maximum is 1048576 bytes)"]}}'


@rule("ORDER-2")
def test_route_before_everything(client: Client) -> None:
    """An unknown route returns 404, no matter what other errors there are."""
    answer = client.with_token("nonsense").request(
        "PATCH", "/api/nothing", content=LARGE, headers={"Content-Type": "text/plain"}
    )
    assert answer.status == 404
    assert answer.body == b'{"errors":{"route":["not found"]}}'


@rule("ORDER-3")
def test_method_before_size(client: Client) -> None:
    """405 comes before 413."""
    answer = client.request("PATCH", "/api/articles", content=LARGE, headers=JSON_TYPE)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("ORDER-3")
def test_method_before_token(client: Client) -> None:
    """405 comes before 401."""
    answer = client.put("/api/articles/feed")
    assert answer.status == 405
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("ORDER-3")
def test_method_before_parameters(client: Client) -> None:
    """405 comes before 422."""
    answer = client.delete("/api/articles?limit=x")
    assert answer.status == 405
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("ORDER-4")
@pytest.mark.parametrize(("method", "path", "_"), WITH_BODY_AND_TOKEN)
def test_size_before_token(client: Client, method: str, path: str, _: str) -> None:
    """413 comes before the 401 of a missing token."""
    answer = client.request(method, path, content=LARGE, headers=JSON_TYPE)
    assert answer.status == 413
    assert answer.body == TOO_LARGE


@rule("ORDER-4", "BODY-10")
def test_chunked_size_before_token(client: Client) -> None:
    """For a chunked body too, 413 comes before the 401 of a bad token."""
    chunks = iter([LARGE[:500_000], LARGE[500_000:]])
    bad = client.with_token("nonsense")
    answer = bad.put("/api/user", content=chunks, headers=JSON_TYPE)
    assert answer.status == 413
    assert answer.body == TOO_LARGE


@rule("ORDER-4")
def test_size_before_media_type(client: Client) -> None:
    """413 comes before 415."""
    answer = client.post("/api/users", content=LARGE, headers={"Content-Type": "text/plain"})
    assert answer.status == 413
    assert answer.body == TOO_LARGE


@rule("ORDER-5")
@pytest.mark.parametrize(
    ("method", "path", "content", "media_type"),
    [
        ("PUT", "/api/user", b"{}", "text/plain"),
        ("POST", "/api/articles", b"{", "application/json"),
        ("PUT", "/api/articles/nothing", b"[]", "application/json"),
        ("POST", "/api/articles/nothing/comments", b"", "application/json"),
    ],
)
def test_token_before_body(
    client: Client, method: str, path: str, content: bytes, media_type: str
) -> None:
    """401 comes before the 415, 400 and 422 of a body."""
    answer = client.request(method, path, content=content, headers={"Content-Type": media_type})
    assert answer.status == 401
    assert answer.body == b'{"errors":{"token":["is missing"]}}'


@rule("ORDER-5", "TOKEN-2")
@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_token_before_the_resource(client: Client, method: str, path: str) -> None:
    """401 comes before the 404 of a resource."""
    answer = client.request(method, path)
    assert answer.status == 401
    assert answer.body == b'{"errors":{"token":["is missing"]}}'


@rule("ORDER-5")
@pytest.mark.parametrize("path", ["/api/articles", "/api/articles/feed"])
def test_token_before_parameters(client: Client, path: str) -> None:
    """401 comes before the 422 of the parameters."""
    answer = client.with_token("nonsense").get(f"{path}?limit=x&offset=-1")
    assert answer.status == 401
    assert answer.body == b'{"errors":{"token":["is invalid"]}}'


@rule("ORDER-6")
def test_media_type_before_json(client: Client) -> None:
    """415 comes before 400."""
    answer = client.post("/api/users", content=b"{", headers={"Content-Type": "text/plain"})
    assert answer.status == 415
    assert answer.body == b'{"errors":{"body":["must be application/json"]}}'


@rule("ORDER-6")
def test_media_type_before_an_empty_body(client: Client) -> None:
    """Without a media type, an empty body also returns 415."""
    answer = client.post("/api/users")
    assert answer.status == 415
    assert answer.body == b'{"errors":{"body":["must be application/json"]}}'


@rule("ORDER-7")
@pytest.mark.parametrize(
    ("method", "path", "envelope", "field"),
    [
        ("PUT", "/api/articles/nothing", "article", "title"),
        ("POST", "/api/articles/nothing/comments", "comment", "body"),
    ],
)
def test_body_before_the_resource(
    reader: Person, method: str, path: str, envelope: str, field: str
) -> None:
    """400 and 422 come before the 404 of a resource."""
    malformed = reader.request(method, path, content=b"{", headers=JSON_TYPE)
    blank = reader.request(method, path, json={envelope: {field: " "}})
    assert malformed.status == 400
    assert malformed.body == b'{"errors":{"body":["is not valid JSON"]}}'
    assert blank.status == 422
    assert blank.body == f'{{"errors":{{"{field}":["can\'t be blank"]}}}}'.encode()


@rule("ORDER-8")
def test_body_before_forbidden(reader: Person, story: dict[str, Any]) -> None:
    """422 comes before 403."""
    answer = reader.put(f"/api/articles/{story['slug']}", json={"article": {"title": ""}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"title":["can\'t be blank"]}}'


@rule("ORDER-8")
def test_body_before_conflict(client: Client, reader: Person) -> None:
    """422 comes before 409, also for a name that is taken."""
    answer = client.post(
        "/api/users",
        json={"user": {"username": reader.username, "email": reader.email, "password": "short"}},
    )
    assert answer.status == 422
    assert answer.body == b'{"errors":{"password":["is too short (minimum is 8 characters)"]}}'


@rule("ORDER-8")
def test_body_before_conflict_of_an_update(anna: Person, reader: Person) -> None:
    """422 comes before 409 in an update."""
    answer = anna.put("/api/user", json={"user": {"username": reader.username, "bio": 5}})
    assert answer.status == 422
    assert answer.body == b'{"errors":{"bio":["must be a string"]}}'


@rule("ORDER-9")
def test_resource_before_forbidden(reader: Person, anna: Person) -> None:
    """A comment of another article returns 404, not 403, to a user who may not delete it."""
    comment = comment_on(write_article(anna), anna)
    other = write_article(anna)
    answer = reader.delete(f"/api/articles/{other['slug']}/comments/{comment['id']}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"comment":["not found"]}}'


@rule("ORDER-9")
@pytest.mark.parametrize("id_", ["1", "x"])
def test_article_before_comment(reader: Person, id_: str) -> None:
    """The 404 of the article comes before that of the comment, for any id."""
    answer = reader.delete(f"/api/articles/{unique('no-such-')}/comments/{id_}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"article":["not found"]}}'
