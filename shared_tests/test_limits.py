"""The limits of requests: what an HTTP server may refuse, and what it must answer."""

import pytest

from .harness import Client, rule

pytestmark = pytest.mark.on_sqlite


@rule("BASE-3")
def test_request_line_of_the_largest_size(client: Client) -> None:
    """A request line of 4,000 bytes gets its usual response."""
    target = "/api/articles?tag=".ljust(4_000 - len("GET  HTTP/1.1"), "x")
    answer = client.get(target)
    assert answer.status == 200
    assert answer.body == b'{"articles":[],"articlesCount":0}'


@rule("BASE-3")
def test_header_of_the_largest_size(client: Client) -> None:
    """A header of 8,000 bytes gets its usual response."""
    answer = client.get("/api/health", headers={"X-Filler": "x" * (8_000 - len("X-Filler: "))})
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'


@rule("BASE-3")
def test_maximum_number_of_headers(client: Client) -> None:
    """A hundred headers, of 8,000 bytes each except Host, get their usual response."""
    with client.wire() as wire:
        fields = [b"X-%02d: " % number for number in range(99)]
        wire.request("GET", b"/api/health", *(field.ljust(8_000, b"x") for field in fields))
        answer = wire.answer()
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'


@rule("BASE-4")
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"GARBAGE\r\n\r\n", id="garbage"),
        pytest.param(b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", id="connect"),
        pytest.param(b"FOO /api/x HTTP/1.1\r\nHost: x\r\n\r\n", id="unknown method"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="tls"),
        pytest.param(b"GET /api/health HTTP/9.9\r\nHost: x\r\n\r\n", id="version"),
        pytest.param(b"GET /api/a b HTTP/1.1\r\nHost: x\r\n\r\n", id="space in target"),
        pytest.param(b"GET /api/profiles/\xff HTTP/1.1\r\nHost: x\r\n\r\n", id="raw byte in path"),
        pytest.param(b"GET /api/health HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", id="no colon"),
        pytest.param(b"GET /api/health HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n", id="space in name"),
        pytest.param(b"GET /api/health HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", id="NUL in header"),
        pytest.param(
            b"POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: ten\r\n\r\n{}",
            id="length is a word",
        ),
        pytest.param(
            b"POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: -1\r\n\r\n{}",
            id="length below zero",
        ),
        pytest.param(
            b"POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            id="chunk size is a word",
        ),
        pytest.param(b"GET /api/health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", id="two hosts"),
        pytest.param(
            b"GET /api/user HTTP/1.1\r\nHost: x\r\nAuthorization: Token a\r\n"
            b"Authorization: Token b\r\n\r\n",
            id="two tokens",
        ),
        pytest.param(
            b"POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
            id="two content types",
        ),
    ],
)
def test_malformed(client: Client, request_: bytes) -> None:
    """A request that is not well-formed gets a 4xx, and the server keeps running."""
    with client.wire() as wire:
        wire.send(request_)
        answer = wire.raw_answer()
    assert 400 <= answer.status < 500
    assert client.get("/api/health").status == 200


@rule("BASE-4")
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            b"GET /api/articles?tag=" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            id="long line",
        ),
        pytest.param(
            b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-Filler: " + b"x" * 2_000_000 + b"\r\n\r\n",
            id="long header",
        ),
        pytest.param(
            b"GET /api/health HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: x\r\n" * 5_000 + b"\r\n",
            id="many headers",
        ),
    ],
)
def test_outside_the_limits(client: Client, request_: bytes) -> None:
    """A request above the limits gets a 4xx or its usual response; the server keeps running."""
    with client.wire() as wire:
        wire.send(request_)
        status = wire.raw_answer().status
    assert status == 200 or 400 <= status < 500
    assert client.get("/api/health").status == 200


@rule("BASE-4")
@pytest.mark.parametrize("coding", [b"gzip", b"identity", b"xchunked", b"gzip, x"])
def test_other_transfer_codings(client: Client, coding: bytes) -> None:
    """A transfer coding that does not end in `chunked` is refused immediately."""
    with client.wire() as wire:
        wire.send(b"GET /api/tags HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\n" % coding)
        status = wire.raw_answer().status
    assert 400 <= status < 500 or status == 501


@rule("BASE-4")
def test_disconnects_during_a_request(client: Client) -> None:
    """A client that disconnects during a request does not affect others."""
    for sent in (b"", b"GET /api/he", b"POST /api/users HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"):
        with client.wire() as wire:
            wire.send(sent)
    assert client.get("/api/health").status == 200
