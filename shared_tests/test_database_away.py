"""The database goes down and comes back."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from .harness import Person, register, rule, write_article
from .harness.concurrency import at_once
from .harness.databases import Databases
from .harness.live import Socket
from .harness.postgres import Postgres
from .harness.servers import Launcher, Server

pytestmark = [
    pytest.mark.process,
    pytest.mark.on_postgres,
]

POOL_SIZE = 3

ARTICLE = {"article": {"title": "Half written", "description": "d", "body": "b"}}

UNAVAILABLE = b'{"errors":{"server":["unavailable"]}}'


class Fragile(NamedTuple):
    """A server on a PostgreSQL that no other test needs."""

    server: Server
    postgres: Postgres
    person: Person
    article: dict[str, Any]


@pytest.fixture(scope="module")
def fragile(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    """A server with a user and an article, on its own PostgreSQL."""
    with Postgres() as postgres:
        folder = tmp_path_factory.mktemp("fragile")
        database = Databases(folder, postgres.url("postgres"), "fragile").empty()
        assert launcher.migrate(database).code == 0
        server = launcher.start(
            {"CONDUIT_DATABASE_POOL_SIZE": str(POOL_SIZE), "CONDUIT_DATABASE_TIMEOUT": None},
            database=database,
        )
        person = register(server.client)
        yield Fragile(server, postgres, person, write_article(person))
        server.stop()


@pytest.fixture
def stopped(fragile: Fragile) -> Iterator[Fragile]:
    """The same server, with its PostgreSQL stopped."""
    fragile.postgres.stop()
    yield fragile
    fragile.postgres.start()
    fragile.server.wait_until_ready()


@rule("SETTING-6")
def test_pool_size(fragile: Fragile) -> None:
    """A process opens no more connections than the pool allows, with any number of clients."""
    client, database = fragile.server.client, fragile.server.database
    most = 0
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database.url) as connection:
        requests = pool.submit(at_once, [partial(client.get, "/api/articles")] * 40)
        while not requests.done():
            [(number,)] = connection.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
            connection.rollback()
            most = max(most, number)
            time.sleep(0.01)
    assert {answer.status for answer in requests.result()} == {200}
    assert 1 <= most <= POOL_SIZE


@rule("FAIL-5")
def test_clients_that_disconnect(fragile: Fragile) -> None:
    """A client that disconnects before its response keeps no connection of the pool."""
    client = fragile.server.client

    # The second request is to Django's admin, whose session is in the database.
    requests = [(b"/api/articles", b"Accept: */*"), (b"/admin/", b"Cookie: sessionid=" + b"a" * 32)]

    def leave(number: int) -> None:
        with client.wire() as wire:
            wire.request("GET", *requests[number % 2])
            time.sleep(number / 500)

    for _ in range(12):
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(leave, range(32)))
        # This waits for its connection behind the requests of the clients that have left.
        assert client.get("/api/tags").status == 200
    assert {answer.status for answer in at_once([partial(client.get, "/api/tags")] * 12)} == {200}


@rule("DB-13")
def test_a_column_that_is_widened(fragile: Fragile) -> None:
    """A process continues after a migration has changed what its prepared statements return."""
    person, statement = fragile.person, "ALTER TABLE users ALTER COLUMN bio TYPE {}"
    assert {person.get("/api/user").status for _ in range(10)} == {200}
    with psycopg.connect(fragile.server.database.url, autocommit=True) as connection:
        connection.execute(statement.format("varchar(2000)"))
        person.get("/api/user")  # may fail, and renews the connections
        statuses = {person.get("/api/user").status for _ in range(10)}
        connection.execute(statement.format("varchar(1000)"))
    person.get("/api/user")
    assert statuses == {200}


@rule("DB-17")
@pytest.mark.parametrize("moment", ["while it waits", "before its next statement"])
def test_a_process_that_stops_in_a_transaction(launcher: Launcher, moment: str) -> None:
    """The transaction of a suspended process ends, and another writer gets its locks."""
    server = launcher.start({"CONDUIT_DATABASE_TIMEOUT": "1"})
    person, lock = register(server.client), "LOCK TABLE articles IN SHARE MODE"

    def stop() -> None:
        os.killpg(server.process.pid, signal.SIGSTOP)

    with ThreadPoolExecutor(1) as pool:
        for _ in range(20):  # the process can be faster than the signal
            with server.database.lock(lock):
                writing = pool.submit(person.post, "/api/articles", json=ARTICLE)
                while not server.database.waiting() and not writing.done():
                    time.sleep(0.01)
                if moment == "while it waits":
                    stop()
            if moment == "before its next statement":
                time.sleep(0.001)  # the process reads the response to the previous statement
                stop()
            if server.database.is_idle_in_transaction():
                break
            os.killpg(server.process.pid, signal.SIGCONT)
            person.delete("/api/articles/" + writing.result().json["article"]["slug"])
        try:
            with psycopg.connect(server.database.url) as other:
                other.execute("SET lock_timeout = '10s'")
                other.execute(lock)
        finally:
            os.killpg(server.process.pid, signal.SIGCONT)
        assert (writing.result().status, writing.result().body) == (503, UNAVAILABLE)
    assert person.get("/api/articles?author=" + person.username).json["articlesCount"] == 0
    assert write_article(person)["slug"]


@rule("HEALTH-2")
def test_health_without_a_database(stopped: Fragile) -> None:
    """Without a database, health returns 503 within four seconds, each time."""
    answers = [stopped.server.client.get("/api/health") for _ in range(3)]
    assert [answer.status for answer in answers] == [503] * 3
    assert [answer.body for answer in answers] == [b'{"status":"unavailable"}'] * 3
    assert max(answer.seconds for answer in answers) < 4


@rule("FAIL-2")
def test_operations_without_a_database(stopped: Fragile) -> None:
    """Without a database, operations that need it return 503 within four seconds."""
    anonymous, person = stopped.server.client, stopped.person
    path = f"/api/articles/{stopped.article['slug']}"
    user = {"username": "anna", "email": "anna@x.example", "password": "12345678"}
    answers = [
        anonymous.get("/api/tags"),
        anonymous.get("/api/articles"),
        anonymous.get(path),
        anonymous.get(f"{path}/comments"),
        anonymous.get(f"/api/profiles/{person.username}"),
        anonymous.post("/api/users", json={"user": user}),
        anonymous.post("/api/users/login", json={"user": user}),
        person.get("/api/user"),
        person.put(path, json={"article": {}}),
        person.post(f"{path}/favorite"),
    ]
    assert [answer.status for answer in answers] == [503] * 10
    assert [answer.body for answer in answers] == [UNAVAILABLE] * 10
    assert max(answer.seconds for answer in answers) < 4


@rule("FAIL-2", "HEALTH-2")
def test_many_requests_without_a_database(stopped: Fragile) -> None:
    """More requests than the pool has connections all get a 503 within four seconds."""
    answers = at_once([partial(stopped.server.client.get, "/api/tags")] * 12)
    assert [answer.status for answer in answers] == [503] * 12
    assert max(answer.seconds for answer in answers) < 4


@rule("FAIL-2")
def test_what_needs_no_database(stopped: Fragile) -> None:
    """Without a database, operations that do not need it work as usual."""
    client = stopped.server.client
    answers = [
        client.get("/api/openapi.json"),
        client.get("/api/docs"),
        client.get("/api/nothing"),
        client.get("/api/user"),
        client.options("/api/articles"),
        client.post("/api/users", json={"user": {}}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 401, 405, 422]


@rule("FAIL-3", "HEALTH-1")
def test_the_database_comes_back(fragile: Fragile) -> None:
    """When the database is back, the server recovers without a restart in a few seconds."""
    fragile.postgres.stop()
    assert fragile.server.client.get("/api/health").status == 503
    fragile.postgres.start()
    fragile.server.wait_until_ready(timeout=5)
    answers = at_once([partial(fragile.person.get, "/api/user")] * 12)
    assert [answer.status for answer in answers] == [200] * 12


@rule("FAIL-3")
def test_connections_that_were_cut(fragile: Fragile) -> None:
    """Connections that the database has closed are replaced before any request fails."""
    at_once([partial(fragile.person.get, "/api/user")] * 12)
    with psycopg.connect(fragile.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname LIKE 'conduit%' AND pid <> pg_backend_pid()"
        )
    answers = [fragile.person.get("/api/user") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 6
    # Code that retries after a pause waits for a second.
    assert max(answer.seconds for answer in answers) < 1


@rule("FAIL-2")
def test_connections_that_are_cut_in_a_write(fragile: Fragile) -> None:
    """A write whose connection the database closes returns 503 and stores nothing."""
    user = {"username": "cut", "email": "cut@example.com", "password": "12345678"}
    article = {"title": "Cut", "description": "x", "body": "x"}
    writes = [
        partial(fragile.server.client.post, "/api/users", json={"user": user}),
        partial(fragile.person.post, "/api/articles", json={"article": article}),
        partial(fragile.person.put, "/api/user", json={"user": {"bio": "cut"}}),
    ]
    database = fragile.server.database
    with ThreadPoolExecutor(1) as pool, database.write_lock():
        writing = pool.submit(at_once, writes)
        while database.waiting() < len(writes) and not writing.done():
            time.sleep(0.01)
        database.cut_waiting()
        answers = writing.result()
    assert [answer.status for answer in answers] == [503] * 3
    assert [answer.body for answer in answers] == [UNAVAILABLE] * 3
    assert fragile.person.get("/api/profiles/cut").status == 404
    assert fragile.person.get("/api/articles/cut").status == 404
    assert fragile.person.get("/api/user").json["user"]["bio"] is None


# Sockets


@rule("LIVE-24")
@pytest.mark.live
def test_open_without_a_database(stopped: Fragile) -> None:
    """While the database is down, a socket with a token gets an error and is closed with 1013."""
    target = f"/api/live?token={stopped.person.token}"
    with Socket(stopped.server.url, target) as socket:
        assert socket.receive() == {"type": "error", "errors": {"server": ["unavailable"]}}
        assert socket.closed_with() == 1013


@rule("LIVE-24")
@pytest.mark.live
def test_database_restarts(fragile: Fragile) -> None:
    """A socket stays open while the database is down, and gets the events that follow."""
    with Socket(fragile.server.url) as socket, Socket(fragile.server.url) as other:
        socket.subscribe("articles")
        write_article(fragile.person)
        socket.receive_events(1)
        fragile.postgres.stop()
        # Messages that fail keep no connection of the pool.
        for _ in range(POOL_SIZE + 1):
            answer = other.ask("subscribe", channel="articles")
            assert answer == {"type": "error", "errors": {"server": ["unavailable"]}}
        fragile.postgres.start()
        fragile.server.wait_until_ready(timeout=5)
        article = write_article(fragile.person)
        [event] = socket.receive_events(1)
        other.subscribe("articles", since=event["id"] - 1)
        assert other.receive_events(1) == [event]
    assert event["data"] == {"article": article}


@rule("FAIL-3", "START-5")
def test_worker_that_starts_without_a_database(launcher: Launcher, fragile: Fragile) -> None:
    """A worker that is replaced while the database is down works when it is back."""
    server = launcher.start(
        {"CONDUIT_DATABASE_TIMEOUT": None}, database=fragile.server.database, workers=2
    )
    try:
        fragile.postgres.stop()
        for pid in workers_of(server):
            os.kill(pid, signal.SIGKILL)
        time.sleep(2)
        fragile.postgres.start()
        server.wait_until_ready(timeout=10)
        answers = at_once([partial(server.client.get, "/api/tags")] * 8)
        assert [answer.status for answer in answers] == [200] * 8
    finally:
        server.stop()
    assert server.log_text().count("cannot be reached") == 0


def workers_of(server: Server) -> list[int]:
    """The worker processes of a server that has several."""
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        int(pid)
        for pid in children
        if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
