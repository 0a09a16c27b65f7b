"""Edge cases of HTTP: upgrades, trailers, slow clients, and headers that proxies set."""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .harness import Client, Person, rule
from .harness.servers import Launcher, Server

pytestmark = pytest.mark.on_sqlite

JSON = b"Content-Type: application/json"
LOGIN = b'{"user":{"email":"nobody@example.com","password":"x"}}'
H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQA")
WEBSOCKET = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
# Forces a new connection for each request.
CLOSE = {"Connection": "close"}
CREDENTIALS = b'{"errors":{"credentials":["invalid"]}}'


@rule("BASE-6")
@pytest.mark.parametrize("upgrade", [H2C, WEBSOCKET, (b"Connection: upgrade", b"Upgrade: x/1")])
@pytest.mark.parametrize("pause", [0, 0.2])
def test_upgrade_with_a_body(client: Client, upgrade: tuple[bytes, ...], pause: float) -> None:
    """The body of a request with `Upgrade` is read as usual, also from a later packet."""
    length = b"Content-Length: %d" % len(LOGIN)
    with client.wire() as wire:
        wire.request("POST", b"/api/users/login", JSON, length, *upgrade)
        time.sleep(pause)
        wire.send(LOGIN)
        answer = wire.answer()
        wire.request("GET", b"/api/tags")
        after = wire.answer()
    assert (answer.status, answer.body) == (401, CREDENTIALS)
    assert after.status == 200


@rule("BASE-6")
def test_upgrade_with_a_chunked_body(client: Client) -> None:
    """A chunked body of a request with `Upgrade` is read as usual."""
    with client.wire() as wire:
        wire.request("POST", b"/api/users/login", JSON, b"Transfer-Encoding: chunked", *H2C)
        wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(LOGIN), LOGIN))
        answer = wire.answer()
        wire.request("GET", b"/api/tags")
        after = wire.answer()
    assert (answer.status, answer.body) == (401, CREDENTIALS)
    assert after.status == 200


@rule("BASE-6")
def test_a_body_that_looks_like_a_request(client: Client) -> None:
    """A body that looks like a request is not answered as one."""
    smuggled = b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n"
    with client.wire() as wire:
        length = b"Content-Length: %d" % len(smuggled)
        wire.request("POST", b"/api/users/login", JSON, length, *H2C, b"Connection: close")
        time.sleep(0.2)
        wire.send(smuggled)
        answer = wire.answer()
        rest = wire.rest()
    assert answer.body == b'{"errors":{"body":["is not valid JSON"]}}'
    assert rest == b""


@rule("BASE-6")
def test_a_body_that_looks_like_a_request_and_a_request(client: Client) -> None:
    """On an open connection, the next response after such a body is for the next request."""
    smuggled = b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n"
    with client.wire() as wire:
        length = b"Content-Length: %d" % len(smuggled)
        wire.request("POST", b"/api/users/login", JSON, length, *H2C)
        time.sleep(0.2)
        wire.send(smuggled)
        first = wire.answer()
        wire.request("GET", b"/api/health", b"Connection: close")
        second = wire.raw_answer()
        rest = wire.rest()
    assert first.body == b'{"errors":{"body":["is not valid JSON"]}}'
    assert second.body == b'{"status":"ok"}'
    assert rest == b""


@rule("BASE-6")
def test_requests_behind_an_upgrade(client: Client) -> None:
    """Requests that directly follow each other are answered one after another."""
    head = b"GET /api/tags HTTP/1.1\r\nHost: x\r\n"
    with client.wire() as wire:
        wire.send(head + b"\r\n".join(H2C) + b"\r\n\r\n" + head + b"\r\n")
        answers = [wire.raw_answer(), wire.raw_answer()]
    assert [answer.status for answer in answers] == [200, 200]


@rule("BASE-6", "FAIL-4")
def test_many_requests_with_an_upgrade(client: Client) -> None:
    """Six hundred requests with `Upgrade` in one packet are all answered."""
    head = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    with client.wire() as wire:
        wire.send(head * 600)
        answers = [wire.raw_answer() for _ in range(600)]
    assert {answer.status for answer in answers} == {404}


@rule("BASE-6")
@pytest.mark.parametrize("value", [b"close", b"TE, close", b"Close , TE"])
def test_connection_that_is_to_be_closed(client: Client, value: bytes) -> None:
    """`close` works together with other values of `Connection`."""
    with client.wire() as wire:
        wire.request("GET", b"/api/tags", b"Connection: " + value)
        answer = wire.answer()
        closed = wire.is_closed()
    assert (answer.status, closed) == (200, True)


@rule("LIVE-2")
@pytest.mark.live
@pytest.mark.parametrize(
    ("line", "more", "status"),
    [
        (b"HEAD /api/live HTTP/1.1", b"", 426),
        (b"POST /api/live HTTP/1.1", b"", 405),
        (b"GET /api/live HTTP/1.0", b"", 426),
        (b"GET /api/live HTTP/1.1", b"Content-Length: 2\r\n\r\n{}", 426),
    ],
)
def test_invalid_handshakes(client: Client, line: bytes, more: bytes, status: int) -> None:
    """Only a GET with HTTP/1.1 and without a body opens a socket."""
    with client.wire() as wire:
        head = b"\r\n".join([line, b"Host: x", *WEBSOCKET])
        wire.send(head + b"\r\n" + (more or b"\r\n"))
        answer = wire.raw_answer()
    assert answer.status == status


@rule("LIVE-2")
@pytest.mark.live
@pytest.mark.parametrize("words", [(b"Upgrade", b"keep-alive"), (b"keep-alive", b"Upgrade")])
def test_handshake_with_two_lines_of_connection(client: Client, words: tuple[bytes, ...]) -> None:
    """Two `Connection` headers are read as one list, in either order."""
    with client.wire() as wire:
        fields = [b"Connection: " + word for word in words]
        wire.request("GET", b"/api/live", *fields, *WEBSOCKET[1:])
        answer = wire.raw_answer()
    assert answer.status == 101


@rule("LIVE-2")
@pytest.mark.live
@pytest.mark.parametrize(
    "upgrade", [(b"Upgrade: h2c", b"Upgrade: websocket"), (b"Upgrade: h2c, websocket",)]
)
def test_handshake_for_several_protocols(client: Client, upgrade: tuple[bytes, ...]) -> None:
    """An upgrade to one of several protocols is not a handshake."""
    with client.wire() as wire:
        wire.request("GET", b"/api/live", WEBSOCKET[0], *upgrade, *WEBSOCKET[2:])
        answer = wire.answer()
    assert answer.status == 426


@rule("BASE-5")
@pytest.mark.parametrize("pause", [0, 0.2])
def test_trailer_that_looks_like_a_header(client: Client, pause: float) -> None:
    """A media type in a trailer does not count."""
    with client.wire() as wire:
        wire.request("POST", b"/api/users/login", b"Transfer-Encoding: chunked")
        wire.send(b"%x\r\n%s\r\n0\r\n" % (len(LOGIN), LOGIN))
        time.sleep(pause)
        wire.send(b"Content-Type: application/json\r\n\r\n")
        answer = wire.answer()
    assert answer.status == 415


@rule("BASE-5")
def test_other_trailers(client: Client) -> None:
    """Other trailers change nothing about this request or the next one."""
    with client.wire() as wire:
        wire.request("POST", b"/api/users/login", JSON, b"Transfer-Encoding: chunked")
        wire.send(b"%x\r\n%s\r\n0\r\nX-Sum: 1\r\nX-End: 2\r\n\r\n" % (len(LOGIN), LOGIN))
        answer = wire.answer()
        wire.request("GET", b"/api/tags")
        after = wire.answer()
    assert (answer.status, answer.body) == (401, CREDENTIALS)
    assert after.status == 200


@rule("BASE-5")
@pytest.mark.parametrize("pause", [0, 0.2])
def test_token_in_a_trailer(client: Client, anna: Person, pause: float) -> None:
    """A token in a trailer does not sign anyone in."""
    body = b'{"article":{"title":"Smuggled","description":"d","body":"b"}}'
    before = client.get(f"/api/articles?author={anna.username}").json["articlesCount"]
    with client.wire() as wire:
        wire.request("POST", b"/api/articles", JSON, b"Transfer-Encoding: chunked")
        wire.send(b"%x\r\n%s\r\n0\r\n" % (len(body), body))
        time.sleep(pause)
        wire.send(b"Authorization: Token %s\r\n\r\n" % anna.signed_in_with.encode())
        answer = wire.raw_answer()
    after = client.get(f"/api/articles?author={anna.username}").json["articlesCount"]
    assert answer.status in {400, 401}
    assert (before, after) == (0, 0)


@rule("BASE-5")
def test_token_in_a_trailer_in_one_packet(client: Client, anna: Person) -> None:
    """A token in a trailer does not work when the whole request arrives in one packet."""
    body = b'{"article":{"title":"Smuggled","description":"d","body":"b"}}'
    trailer = b"Authorization: Token %s\r\n\r\n" % anna.signed_in_with.encode()
    chunks = b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    with client.wire() as wire:
        fields = (JSON, b"Transfer-Encoding: chunked")
        wire.request("POST", b"/api/articles", *fields, body=chunks + trailer)
        answer = wire.raw_answer()
    after = client.get(f"/api/articles?author={anna.username}").json["articlesCount"]
    assert answer.status in {400, 401}
    assert after == 0


@rule("BASE-8")
@pytest.mark.parametrize(
    "fields",
    [
        (b"SCRIPT_NAME: /x",),
        (b"Script-Name: /x",),
        (b"PATH_INFO: /api/user",),
        (b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"),
        (b"X-Forwarded-Proto: ftp",),
        (b"X-Forwarded-For: 1.2.3.4", b"Forwarded: for=1.2.3.4;proto=https;host=y"),
        (b"X-Forwarded-Prefix: /x", b"X-Forwarded-Host: y"),
    ],
)
def test_proxy_headers(client: Client, fields: tuple[bytes, ...]) -> None:
    """Headers that a proxy would set change no response when a client sends them."""
    with client.wire() as wire:
        wire.request("GET", b"/api/tags", *fields)
        answer = wire.answer()
    assert answer.status == 200
    assert answer.body == client.get("/api/tags").body


@rule("ROUTE-9", "BASE-2")
@pytest.mark.parametrize("target", [b"http://x", b"HTTP://x:80", b"http://x?a=b", b"http://x/"])
def test_absolute_target_without_a_path(client: Client, target: bytes) -> None:
    """A target in absolute form without a path means `/`."""
    with client.wire() as wire:
        wire.request("GET", target)
        answer = wire.raw_answer()
    assert answer.status == 307
    assert answer.headers["Location"] == "/api/docs"


@rule("BASE-4", "BASE-3")
@pytest.mark.parametrize(("length", "may_refuse"), [(4_000, False), (4_001, True), (5_000, True)])
def test_length_of_the_request_line(client: Client, length: int, may_refuse: bool) -> None:
    """A request line of up to 4,000 bytes is answered; a longer one may be refused."""
    target = b"/api/articles?tag=".ljust(length - len(b"GET  HTTP/1.1"), b"x")
    with client.wire() as wire:
        wire.request("GET", target)
        answer = wire.raw_answer()
    assert answer.status == 200 or (may_refuse and 400 <= answer.status < 500)


@contextlib.contextmanager
def slow_clients(server: Server, number: int, begin: bytes) -> Iterator[None]:
    """Clients that have started a request and send at most a byte now and then."""
    address = urlsplit(server.url)
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            connection = socket.create_connection((address.hostname, address.port), timeout=5)
            stack.enter_context(connection)
            connection.sendall(begin)
        yield


@rule("BASE-7")
@pytest.mark.process
@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /api/tags HTTP/1.1\r\nHost:", id="head"),
        pytest.param(
            b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\n\r\n{",
            id="body",
        ),
        pytest.param(
            b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
            id="chunks",
        ),
        pytest.param(
            b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 00000000000500\r\n\r\n{",
            id="zeros",
        ),
        pytest.param(b"\r\n\r\n", id="empty-lines"),
        pytest.param(
            b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
            id="expect",
        ),
        pytest.param(b"GET /api/tags HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", id="stays"),
        pytest.param(b"GARBAGE\r\n\r\n", id="stays when refused"),
    ],
)
def test_slow_clients(launcher: Launcher, begin: bytes) -> None:
    """Three hundred clients that never complete a request do not delay other clients."""
    server = launcher.start()
    try:
        with slow_clients(server, 300, begin):
            time.sleep(0.5)
            answers = [server.client.get("/api/tags", headers=CLOSE) for _ in range(5)]
            body = {"user": {"email": "a@example.com", "password": "x"}}
            answers.append(server.client.post("/api/users/login", json=body))
    finally:
        server.stop()
    assert [answer.status for answer in answers] == [200] * 5 + [401]
    assert max(answer.seconds for answer in answers) < 3


@rule("BASE-7")
@pytest.mark.process
def test_slow_clients_behind_a_request(launcher: Launcher) -> None:
    """Clients that send one request and only a part of the next do not delay others."""
    server = launcher.start()
    begin = b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\nGET /api/tags HTTP/1.1\r\nHo"
    try:
        with slow_clients(server, 300, begin):
            time.sleep(1)
            answers = [server.client.get("/api/tags", headers=CLOSE) for _ in range(5)]
    finally:
        server.stop()
    assert [answer.status for answer in answers] == [200] * 5
    assert max(answer.seconds for answer in answers) < 6


@rule("BASE-7")
@pytest.mark.process
def test_more_clients_than_files(launcher: Launcher) -> None:
    """More clients than a process can open files for do not end it."""
    server = launcher.start()
    pids = processes_of(server)
    try:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (128, 128))
        with slow_clients(server, 200, b""):
            time.sleep(1.5)
        server.wait_until_ready(timeout=5)
        assert processes_of(server) == pids
    finally:
        server.stop()


def processes_of(server: Server) -> list[int]:
    """The server's process and its child processes."""
    pid = server.process.pid
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
