"""Live events with several servers, and with slow or disconnected clients."""

import http.client
import json
import os
import re
import signal
import socket as sockets
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from .harness import Person, register, rule, write_article
from .harness.concurrency import register_many
from .harness.databases import Database
from .harness.live import Socket, handshake
from .harness.servers import Launcher, Server

pytestmark = [pytest.mark.live, pytest.mark.process]

WRITERS = 10
# REQUESTS is the number of requests of each writer. The other events go directly to the outbox: the
# sockets receive the same, and it saves most of the time that responses take.
REQUESTS, INSERTS = 20, 480
EVENTS = WRITERS * (REQUESTS + INSERTS)


@dataclass
class Pair:
    """Two servers of the app on one database."""

    one: Server
    two: Server
    person: Person


@pytest.fixture(scope="module")
def pair(launcher: Launcher, server: Server) -> Pair:
    """The usual server, a second server beside it, and a signed-in user."""
    other = launcher.start(database=server.database)
    return Pair(server, other, register(server.client))


def at(server: Server, person: Person) -> Person:
    """The same person, at another server."""
    user = {"token": person.token, "username": person.username, "email": person.email}
    return Person(server.client, user, person.password)


def write_many(person: Person, slug: str, number: int) -> None:
    """Add and remove a favorite over one connection, as fast as possible."""
    connection = http.client.HTTPConnection(urlsplit(person.base_url).netloc, timeout=30)
    headers = {"Authorization": f"Token {person.token}"}
    for turn in range(number):
        method = "DELETE" if turn % 2 else "POST"
        connection.request(method, f"/api/articles/{slug}/favorite", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
    connection.close()


def wait(futures: list[Future[None]]) -> None:
    for future in futures:
        future.result()


@rule("LIVE-21")
def test_other_process(pair: Pair) -> None:
    """A change in one process sends an event to the sockets of another."""
    with Socket(pair.two.url) as far, Socket(pair.one.url) as near:
        far.subscribe("articles")
        near.subscribe("articles")
        article = write_article(pair.person)
        [heard] = far.receive_events(1)
        assert near.receive_events(1) == [heard]
    assert heard["data"] == {"article": article}


@rule("LIVE-18", "LIVE-21")
def test_ten_writers(pair: Pair) -> None:
    """With many concurrent writers on two processes, every socket gets each event in order."""
    database = pair.one.database
    slug = write_article(pair.person)["slug"]
    [(article_id,)] = database.rows("SELECT id FROM articles WHERE slug = ?", slug)
    writers = register_many(pair.one.client, WRITERS)
    places = [at(pair.two, one) if turn % 2 else one for turn, one in enumerate(writers)]
    with (
        Socket(pair.one.url) as near,
        Socket(pair.two.url) as far,
        Socket(pair.two.url) as own,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        began = near.subscribe("articles")["id"]
        far.subscribe("articles", since=began)
        own.subscribe(f"article:{slug}", since=began)
        wait([pool.submit(write_many, one, slug, REQUESTS) for one in places])
        event = ("article.favorited", article_id, '{"article":{}}', INSERTS)
        wait([pool.submit(database.record, *event) for _ in range(WRITERS)])
        heard = near.receive_raw(EVENTS)
        ids = [json.loads(frame)["id"] for frame in heard]
        assert ids == list(range(began + 1, began + EVENTS + 1))
        assert far.receive_raw(EVENTS) == heard
        channel = json.dumps(f"article:{slug}")
        expected = [frame.replace('"articles"', channel, 1) for frame in heard]
        assert own.receive_raw(EVENTS) == expected
        with Socket(pair.one.url) as late:
            late.subscribe("articles", since=began + EVENTS // 2)
            assert late.receive_raw(EVENTS // 2) == heard[EVENTS // 2 :]


@contextmanager
def slow_socket(server: Server) -> Iterator[sockets.socket]:
    """A connection that is subscribed to `articles`, with a small receive buffer."""
    address = urlsplit(server.url)
    with sockets.socket() as slow:
        slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        slow.connect((address.hostname, address.port))
        slow.sendall(handshake("/api/live"))
        assert b" 101 " in slow.recv(4096).partition(b"\r\n")[0]
        subscribe = json.dumps({"type": "subscribe", "channel": "articles"}).encode()
        slow.sendall(b"\x81" + bytes([0x80 | len(subscribe)]) + b"\0\0\0\0" + subscribe)
        slow.settimeout(10)
        assert b'"type":"subscribed"' in slow.recv(4096)
        yield slow


@rule("LIVE-18", "LIVE-22")
def test_far_behind(pair: Pair) -> None:
    """A client that starts to read in time gets all of many events, without a new event."""
    database = pair.one.database
    slug = write_article(pair.person)["slug"]
    [(article_id,)] = database.rows("SELECT id FROM articles WHERE slug = ?", slug)
    data = json.dumps({"article": {"body": "x" * 10_000}}, separators=(",", ":"))
    [(began,)] = database.rows("SELECT value FROM event_counter")
    with slow_socket(pair.one) as slow:
        database.record("article.favorited", article_id, data, 1_500, together=True)
        time.sleep(2)
        received = bytearray()
        last = f'"id":{began + 1_500},'.encode()
        while last not in received[-100_000:]:
            chunk = slow.recv(50_000)
            assert chunk, "the socket was closed"
            received += chunk
    ids = [int(id_) for id_ in re.findall(rb'"type":"event","id":(\d+),', received)]
    assert ids == list(range(began + 1, began + 1_501))


@rule("LIVE-22")
def test_slow_reader(pair: Pair) -> None:
    """A client that does not read is disconnected, and others get their events on time."""
    database = pair.one.database
    article = write_article(pair.person, body="x" * 100_000)
    [(article_id,)] = database.rows("SELECT id FROM articles WHERE slug = ?", article["slug"])
    data = json.dumps({"article": article}, separators=(",", ":"))
    path = f"/api/articles/{article['slug']}/favorite"
    with slow_socket(pair.one) as slow, Socket(pair.one.url) as quick:
        quick.subscribe("articles")
        for _ in range(80):
            database.record("article.favorited", article_id, data, 1)
            [event] = quick.receive_events(1, timeout=3)
            assert event["data"]["article"] == article
        for turn in range(7):
            pair.person.request("DELETE" if turn % 2 else "POST", path)
            quick.receive_events(1, timeout=3)
            time.sleep(1)
        received = b""
        while chunk := receive(slow):
            received += chunk
    # It should have received 87 events of 100 kB.
    assert 0 < len(received) < 80 * 100_000


def receive(slow: sockets.socket) -> bytes:
    """The next bytes; empty after the connection was closed or reset."""
    try:
        return slow.recv(1_000_000)
    except ConnectionResetError:
        return b""


@rule("LIVE-24")
def test_resume_after_a_crash(pair: Pair, launcher: Launcher) -> None:
    """After a server crash, `since` returns the missed events from any process."""
    with Socket(pair.two.url) as socket:
        seen = socket.subscribe("articles")["id"]
        os.killpg(pair.two.process.pid, signal.SIGKILL)
        assert socket.closed_with() is None
    first, second = write_article(pair.person), write_article(pair.person)
    pair.two = launcher.start(database=pair.one.database)
    with Socket(pair.two.url) as socket:
        socket.subscribe("articles", since=seen)
        missed = socket.receive_events(2)
        third = write_article(pair.person)
        new = socket.receive_events(1)
    assert [event["data"]["article"] for event in missed + new] == [first, second, third]


def blocked(database: Database) -> list[Any]:
    """The connections that wait for a lock."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        waiting = database.rows(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if waiting:
            return waiting
        time.sleep(0.02)
    raise AssertionError("no connection waits for the lock")


@rule("LIVE-17")
@pytest.mark.on_postgres
def test_change_that_is_rolled_back(pair: Pair) -> None:
    """A change that fails at the last moment sends no event and uses no id."""
    database = pair.one.database
    with Socket(pair.one.url) as socket, ThreadPoolExecutor(1) as pool:
        newest = socket.subscribe("articles")["id"]
        with database.lock("SELECT value FROM event_counter FOR UPDATE"):
            article = {"title": "Never", "description": "d", "body": "b"}
            writing = pool.submit(pair.person.post, "/api/articles", json={"article": article})
            for (pid,) in blocked(database):
                database.rows("SELECT pg_terminate_backend(?)", pid)
            assert writing.result().status == 503
        write_article(pair.person, "After all")
        [event] = socket.receive_events(1)
    assert event["id"] == newest + 1
    assert event["data"]["article"]["title"] == "After all"
