"""Clients that disconnect: during a request, before the response, or from a socket."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from .harness import register, rule, unique
from .harness.live import Socket
from .harness.servers import Launcher, Server

pytestmark = pytest.mark.process


@contextmanager
def logging_no_error(launcher: Launcher) -> Iterator[Server]:
    """A server that is stopped after the block, and whose log must have no errors."""
    server = launcher.start()
    try:
        yield server
        time.sleep(0.5)
        log = server.log_text()
    finally:
        server.stop()
    assert "Traceback" not in log
    assert " ERROR " not in log


@rule("LOG-6", "LOG-1", "FAIL-5")
@pytest.mark.parametrize(
    "framing", [b"Content-Length: 1000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
)
def test_client_that_disconnects_in_an_upload(server: Server, framing: bytes) -> None:
    """A request that is never completed is one log line with 400, and nothing else."""
    id_ = unique("upload-")
    size = server.log.stat().st_size
    head = f"POST /api/users HTTP/1.1\r\nHost: x\r\nX-Request-ID: {id_}\r\n".encode()
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head + b"Content-Type: application/json\r\n" + framing)
        time.sleep(0.2)
    lines = server.log_lines_with(id_)
    assert len(lines) == 1
    assert f"INFO conduit.request {id_} POST /api/users 400 " in lines[0]
    assert "Traceback" not in server.log_text(size)


@rule("LOG-6", "FAIL-5")
def test_clients_that_disconnect_before_the_response(launcher: Launcher) -> None:
    """Clients that disconnect before the response cause no errors in the log."""
    request = b"GET /api/articles HTTP/1.1\r\nHost: x\r\n\r\n"
    with logging_no_error(launcher) as server:
        target = urlsplit(server.url)

        def leave(number: int) -> None:
            with socket.create_connection((target.hostname, target.port)) as connection:
                connection.sendall(request)
                time.sleep(number % 30 / 1000)

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(leave, range(300)))
        assert register(server.client).get("/api/user").status == 200


@rule("LOG-6")
@pytest.mark.live
def test_sockets_that_are_cut(launcher: Launcher) -> None:
    """A socket whose client disconnects while it gets events causes no errors in the log."""
    with logging_no_error(launcher) as server:
        person = register(server.client)
        for _ in range(20):
            with Socket(server.url) as listener:
                listener.subscribe("articles")
                listener.abort()
            article = {"title": "x", "description": "x", "body": "x"}
            assert person.post("/api/articles", json={"article": article}).status == 201
