"""How a server ends."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from .harness import Person, register, rule
from .harness.live import Socket
from .harness.servers import Launcher
from .harness.tokens import claims_of


class Shutdown(NamedTuple):
    """How a server ended."""

    written: Person
    codes: list[int | None]
    seconds: float


@pytest.fixture(scope="module")
def shutdown(launcher: Launcher) -> Shutdown:
    """A server that gets SIGTERM while it is busy.

    It has a write in progress, an idle connection and a half-sent request. If it supports sockets,
    it also has three: one is subscribed, one has sent a message, and one has sent nothing.
    """
    server = launcher.start()
    with (
        server.client.wire() as idle,
        server.client.wire() as half,
        ExitStack() as stack,
        ThreadPoolExecutor(1) as pool,
    ):
        sockets = []
        if launcher.server not in launcher.app.without_sockets:
            sockets = [stack.enter_context(Socket(server.url)) for _ in range(3)]
            sockets[0].subscribe("articles")
            sockets[1].ask("ping")
        idle.request("GET", b"/api/health")
        assert idle.answer().status == 200
        half.send(b"GET /api/health HTTP/1.1\r\nHo")
        with server.database.write_lock():
            writing = pool.submit(register, server.client)
            time.sleep(0.5)
            while server.database.is_postgres and not server.database.waiting():
                time.sleep(0.01)
            server.process.terminate()
            terminated_at = time.monotonic()
            time.sleep(0.3)
        written = writing.result()
        codes = [socket.closed_with() for socket in sockets]
        server.process.wait(timeout=15)
    return Shutdown(written, codes, time.monotonic() - terminated_at)


@rule("STOP-1")
def test_requests_in_flight_are_answered(shutdown: Shutdown) -> None:
    """On SIGTERM the server finishes a request that is in progress."""
    assert claims_of(shutdown.written.signed_in_with)["ver"] == 1


@rule("STOP-1")
def test_the_server_ends_soon(shutdown: Shutdown) -> None:
    """On SIGTERM the server ends within eight seconds, even if clients stay connected."""
    assert shutdown.seconds < 8


@rule("LIVE-23")
@pytest.mark.live
def test_sockets_are_closed(shutdown: Shutdown) -> None:
    """On SIGTERM the server closes its sockets with 1012."""
    assert shutdown.codes == [1012, 1012, 1012]
