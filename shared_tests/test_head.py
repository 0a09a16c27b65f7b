"""HEAD works on every route with a GET."""

import pytest

from .harness import Client, Person, rule, write_article


@rule("ANSWER-8")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 307),
        ("/api/tags", 200),
        ("/api/health", 200),
        ("/api/articles?tag=no-such-tag", 200),
        ("/api/openapi.json", 200),
        ("/api/docs", 200),
        ("/api/redoc", 200),
        ("/api/nothing", 404),
        ("/api/profiles/nobody", 404),
        ("/api/articles/nothing", 404),
        ("/api/articles/feed", 401),
        ("/api/user", 401),
        ("/api/articles?limit=x&offset=x", 422),
    ],
)
def test_head(client: Client, path: str, status: int) -> None:
    """HEAD returns the status and the headers of GET, with the same length, and no body."""
    same_id = {"X-Request-ID": "head-and-get"}
    one = Client(client.base_url, http=client.http)  # no document is as long as another app's
    got = one.get(path, headers=same_id)
    answer = one.head(path, headers=same_id)
    assert answer.status == status
    assert {n: v for n, v in answer.headers.items() if n != "date"} == {
        n: v for n, v in got.headers.items() if n != "date"
    }
    assert answer.body == b""


@rule("ANSWER-8")
def test_head_of_what_a_user_sees(reader: Person) -> None:
    """HEAD uses the token as GET does."""
    got = reader.get("/api/user")
    answer = reader.head("/api/user")
    assert answer.status == 200
    assert answer.headers["Content-Length"] == str(len(got.body))


@rule("ANSWER-8")
def test_head_of_an_article(anna: Person) -> None:
    """The Content-Length of HEAD is in bytes, not in characters."""
    article = write_article(anna, body="한글 🐉")
    got = anna.get(f"/api/articles/{article['slug']}")
    answer = anna.head(f"/api/articles/{article['slug']}")
    assert answer.status == 200
    assert answer.headers["Content-Length"] == str(len(got.body))


@rule("ANSWER-8")
@pytest.mark.parametrize("path", ["/api/tags", "/api/nothing", "/api/docs"])
def test_nothing_follows_a_head(client: Client, path: str) -> None:
    """No byte follows the headers of a response to HEAD."""
    with client.wire() as wire:
        wire.request("HEAD", path.encode(), b"Connection: close")
        wire.answer()
        assert wire.rest() == b""


@rule("ANSWER-8")
def test_connection_after_a_head(client: Client) -> None:
    """After HEAD, the same connection answers the next request."""
    with client.wire() as wire:
        wire.request("HEAD", b"/api/openapi.json")
        wire.answer()
        wire.request("GET", b"/api/health")
        answer = wire.answer()
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'
