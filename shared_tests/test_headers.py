"""Response headers, beyond those that the test client checks on every response."""

from dataclasses import replace

import httpx2
import pytest

from .harness import Client, Person, comment_on, rule, write_article
from .harness.kinds import EVERY_KIND
from .harness.usual import VALID_ID, check_usual

USUAL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "vary": "Origin",
    "x-request-id": "one",
}
SERVERS_OWN = {"date", "server", "connection", "keep-alive", "transfer-encoding"}
ONE = {"X-Request-ID": "one"}


@rule("ANSWER-1", "ANSWER-5", "ANSWER-7", "CORS-5")
def test_all_headers_of_an_answer(client: Client) -> None:
    """A response has these headers, and no others."""
    answer = client.get("/api/health", headers=ONE)
    assert answer.status == 200
    assert {n: v for n, v in answer.headers.items() if n not in SERVERS_OWN} == {
        **USUAL,
        "content-type": "application/json; charset=utf-8",
        "content-length": "15",
    }
    assert answer.body == b'{"status":"ok"}'


@rule("ANSWER-1", "ANSWER-5", "ANSWER-7", "CORS-5")
def test_all_headers_of_an_error(client: Client) -> None:
    """An error has these headers, and no others."""
    answer = client.get("/api/nothing", headers=ONE)
    assert answer.status == 404
    assert {n: v for n, v in answer.headers.items() if n not in SERVERS_OWN} == {
        **USUAL,
        "content-type": "application/json; charset=utf-8",
        "content-length": "34",
    }
    assert answer.body == b'{"errors":{"route":["not found"]}}'


@rule("ANSWER-2", "ANSWER-5", "ANSWER-7", "CORS-5")
def test_all_headers_of_a_204(anna: Person) -> None:
    """A 204 has the usual headers, but no body, no Content-Type and no Content-Length."""
    article = write_article(anna)
    answer = anna.delete(f"/api/articles/{article['slug']}", headers=ONE)
    assert answer.status == 204
    assert {n: v for n, v in answer.headers.items() if n not in SERVERS_OWN} == USUAL
    assert answer.body == b""


@rule("ANSWER-2")
def test_nothing_follows_a_204(anna: Person) -> None:
    """No byte follows the headers of a 204."""
    comment = comment_on(article := write_article(anna), anna)
    with anna.wire() as wire:
        wire.request(
            "DELETE",
            f"/api/articles/{article['slug']}/comments/{comment['id']}".encode(),
            f"Authorization: Token {anna.token}".encode(),
            b"Connection: close",
        )
        answer = wire.answer()
        assert answer.status == 204
        assert wire.rest() == b""


@rule("ANSWER-5")
def test_no_cookies(client: Client, reader: Person) -> None:
    """No response sets a cookie, not even for a login or for a request with cookies."""
    answer = client.post(
        "/api/users/login",
        json={"user": {"email": reader.email, "password": reader.password}},
        headers={"Cookie": "sessionid=abc; csrftoken=def"},
    )
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers


@rule("ANSWER-6")
@pytest.mark.parametrize("id_", ["A-Z_a-z.0-9", "0", ".", "x" * 64])
def test_request_id_is_taken_over(client: Client, id_: str) -> None:
    """A valid request id is returned."""
    answer = client.get("/api/health", headers={"X-Request-ID": id_})
    assert answer.status == 200
    assert answer.headers["X-Request-ID"] == id_


@rule("ANSWER-6")
@pytest.mark.parametrize(
    "id_", ["", "x" * 65, "a b", "a/b", "a\tb", "<script>", b"\xed\x95\x9c", "a,b"]
)
def test_request_id_is_made(client: Client, id_: str | bytes) -> None:
    """An invalid request id is ignored, and the server generates one."""
    answer = client.get("/api/health", headers={"X-Request-ID": id_})
    assert answer.status == 200
    assert VALID_ID.fullmatch(answer.headers["X-Request-ID"])
    assert answer.headers["X-Request-ID"] != id_


@rule("ANSWER-6")
def test_request_ids_differ(client: Client) -> None:
    """Each request without an id gets a different one."""
    ids = {client.get("/api/health").headers["X-Request-ID"] for _ in range(20)}
    assert len(ids) == 20


@rule("ANSWER-6")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_request_id_of_every_answer(client: Client, method: str, path: str, status: int) -> None:
    """Every kind of response has the request's id."""
    answer = client.request(method, path, headers={"X-Request-ID": "on.every-answer"})
    assert answer.status == status
    assert answer.headers["X-Request-ID"] == "on.every-answer"


@rule("TOKEN-9")
def test_challenge(client: Client) -> None:
    """A 401 has `WWW-Authenticate: Token`."""
    answer = client.get("/api/user")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.body == b'{"errors":{"token":["is missing"]}}'


@rule("TOKEN-9", "LOGIN-2")
def test_challenge_of_a_login(client: Client) -> None:
    """The 401 of a login has `WWW-Authenticate: Token` too."""
    answer = client.post(
        "/api/users/login", json={"user": {"email": "nobody@example.com", "password": "wrong"}}
    )
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.body == b'{"errors":{"credentials":["invalid"]}}'


@rule("ANSWER-1")
def test_accept_is_not_read(client: Client) -> None:
    """The response is JSON for every `Accept` header."""
    answer = client.get("/api/health", headers={"Accept": "text/html, application/xml;q=0.9"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.body == b'{"status":"ok"}'


@rule("ANSWER-1")
def test_nothing_is_compressed(client: Client) -> None:
    """The response has a Content-Length, and no Content-Encoding."""
    answer = client.get("/api/openapi.json", headers={"Accept-Encoding": "gzip, br, zstd"})
    assert answer.status == 200
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(answer.body))


@rule("ANSWER-8")
def test_conditional_requests_are_not_read(client: Client) -> None:
    """No operation returns 304 or 206: conditional and range requests are ignored."""
    answer = client.get(
        "/api/health",
        headers={
            "If-None-Match": "*",
            "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT",
            "Range": "bytes=0-1",
        },
    )
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'


@rule("ROUTE-5")
@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_method_override_is_not_read(client: Client, name: str) -> None:
    """A header cannot change the method of a request."""
    answer = client.post("/api/tags", headers={name: "GET"})
    assert answer.status == 405


@rule("BASE-2", "BASE-8")
def test_forwarded_headers_change_no_answer(client: Client) -> None:
    """Headers that a proxy would set change no response."""
    answer = client.get(
        "/",
        headers={
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/evil",
            "Forwarded": "host=evil.example;proto=https",
        },
    )
    assert answer.status == 307
    assert answer.headers["Location"] == "/api/docs"


@rule("ANSWER-1", "ANSWER-5", "ANSWER-6", "ANSWER-7", "CORS-4")
def test_answers_are_held_to_their_headers(client: Client) -> None:
    """The client checks that every response has exactly the expected headers."""
    answer = client.get("/api/health")
    changes = [
        {"X-Powered-By": "something"},
        {"Set-Cookie": "a=b"},
        {"Vary": "Origin"},
        {"Content-Length": "1"},
        {"X-Frame-Options": "SAMEORIGIN"},
        {"X-Request-ID": ""},
        {"Access-Control-Allow-Origin": "https://front.example"},
        {"Content-Security-Policy": "default-src 'self'"},
    ]
    check_usual(answer)
    for change in changes:
        with pytest.raises(AssertionError):
            check_usual(replace(answer, headers=httpx2.Headers({**answer.headers, **change})))
