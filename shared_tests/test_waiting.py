"""Waiting for the database has a limit: for a lock, a response or a connection."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .harness import Person, register, rule, write_article
from .harness.concurrency import at_once
from .harness.databases import Databases
from .harness.live import Socket
from .harness.postgres import Postgres
from .harness.servers import Launcher, Server

pytestmark = pytest.mark.process

ARTICLE = {"title": "Deleted", "description": "d", "body": "b"}
UNAVAILABLE = b'{"errors":{"server":["unavailable"]}}'
# A single wait has a default limit of two seconds; the contract allows two more for all the rest.
LIMIT = 4
DEFAULT_TIMEOUT: dict[str, str | None] = {"CONDUIT_DATABASE_TIMEOUT": None}


class Waiting(NamedTuple):
    """A server with the default limit."""

    server: Server
    person: Person
    path: str


@pytest.fixture(scope="module")
def waiting(launcher: Launcher) -> Iterator[Waiting]:
    """A server with the default limit, with a user and an article."""
    server = launcher.start(DEFAULT_TIMEOUT)
    person = register(server.client)
    yield Waiting(server, person, f"/api/articles/{write_article(person)['slug']}")
    server.stop()


@rule("DB-14", "LOG-5")
@pytest.mark.on_postgres
def test_locked_row(waiting: Waiting) -> None:
    """A request for a locked row waits until the limit, and no longer."""
    server, person, _ = waiting
    with server.database.lock(f"UPDATE users SET bio = 'x' WHERE username = '{person.username}'"):
        headers = {"X-Request-ID": "locked-row"}
        answer = person.put("/api/user", json={"user": {"bio": "new"}}, headers=headers)
    lines = [line for line in server.log_lines_with("locked-row") if " ERROR " in line]
    assert answer.status == 503
    assert answer.body == UNAVAILABLE
    assert 1 < answer.seconds < LIMIT
    assert len(lines) == 1
    assert "timeout" in lines[0]
    assert person.get("/api/user").json["user"]["bio"] == "x"


@rule("DB-14")
@pytest.mark.on_postgres
def test_locked_table(waiting: Waiting) -> None:
    """A request for a locked table waits until the limit, and later requests work again."""
    server, _, path = waiting
    with server.database.lock("LOCK TABLE articles IN ACCESS EXCLUSIVE MODE"):
        answers = at_once([partial(server.client.get, path)] * 5)
    assert [answer.status for answer in answers] == [503] * 5
    assert max(answer.seconds for answer in answers) < LIMIT
    assert server.client.get(path).status == 200


@rule("TOKEN-6")
@pytest.mark.on_postgres
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/articles", {"article": {**ARTICLE, "tagList": ["tag"]}}),
        ("{article}/comments", {"comment": {"body": "b"}}),
        ("{article}/favorite", None),
        ("{profile}/follow", None),
    ],
)
def test_user_deleted_before_the_write(waiting: Waiting, path: str, body: Any) -> None:
    """A write of a user who is deleted after the check of the token returns 401."""
    server, other, article = waiting
    person = register(server.client)
    path = path.format(article=article, profile=f"/api/profiles/{other.username}")
    with ThreadPoolExecutor(1) as pool:
        with server.database.lock(f"DELETE FROM users WHERE username = '{person.username}'"):
            writing = pool.submit(person.post, path, json=body)
            while not server.database.waiting() and not writing.done():
                time.sleep(0.01)
        answer = writing.result()
    assert (answer.status, answer.body) == (401, b'{"errors":{"token":["is invalid"]}}')


@rule("DB-14", "DB-10", "LOG-5")
@pytest.mark.on_sqlite
def test_writer_that_waits_too_long(waiting: Waiting) -> None:
    """On SQLite a writer waits for another until the limit, and then changes nothing."""
    server, person, _ = waiting
    with server.database.write_lock():
        answer = person.put(
            "/api/user", json={"user": {"bio": "late"}}, headers={"X-Request-ID": "locked-file"}
        )
    lines = [line for line in server.log_lines_with("locked-file") if " ERROR " in line]
    assert answer.status == 503
    assert answer.body == UNAVAILABLE
    assert 1 < answer.seconds < LIMIT
    assert len(lines) == 1
    assert "locked" in lines[0]
    assert person.get("/api/user").json["user"]["bio"] != "late"


@rule("DB-15")
@pytest.mark.on_sqlite
def test_what_is_refused_takes_no_lock(waiting: Waiting) -> None:
    """A request that is refused does not wait for another writer."""
    server, person, path = waiting
    anonymous = server.client
    text = {"Content-Type": "text/plain"}
    with server.database.write_lock():
        answers = [
            anonymous.post("/api/articles", json={}),
            person.post(
                "/api/articles", content=b"{", headers={"Content-Type": "application/json"}
            ),
            person.post("/api/articles", content=b"{}", headers=text),
            person.post("/api/articles", json={}),
            person.put(path, json={"article": {"title": ""}}),
            person.put("/api/user", json={"user": {"email": "x"}}),
            anonymous.post("/api/users", json={"user": {}}),
        ]
    assert all(400 <= answer.status < 500 for answer in answers)


@rule("DB-15")
@pytest.mark.on_sqlite
def test_login_takes_no_lock(waiting: Waiting) -> None:
    """A login does not wait for a writer, because it writes nothing."""
    server, person, _ = waiting
    user = {"email": person.email, "password": person.password}
    with server.database.write_lock():
        answers = [
            server.client.post("/api/users/login", json={"user": user}),
            server.client.post("/api/users/login", json={"user": {**user, "password": "x"}}),
        ]
    assert [answer.status for answer in answers] == [200, 401]
    assert max(answer.seconds for answer in answers) < 1


@rule("SETTING-7", "DB-14")
def test_bound_is_a_setting(launcher: Launcher) -> None:
    """The setting changes the limit, on either database."""
    server = launcher.start({"CONDUIT_DATABASE_TIMEOUT": "1"})
    try:
        person = register(server.client)
        with server.database.write_lock():
            answer = person.put("/api/user", json={"user": {"bio": "late"}})
    finally:
        server.stop()
    assert (answer.status, answer.body) == (503, UNAVAILABLE)
    assert 0.8 < answer.seconds < 2


@rule("LOGIN-8")
@pytest.mark.on_sqlite
def test_passwords_hashed_at_once(launcher: Launcher) -> None:
    """Concurrent logins use at most 64 MiB for each processor."""
    server = launcher.start({"CONDUIT_PASSWORD_HASHING": "strong"})
    try:
        person = register(server.client)
        user = {"email": person.email, "password": person.password}
        login = partial(server.client.post, "/api/users/login", json={"user": user})
        before = most_memory(server.process.pid)
        answers = at_once([login] * 12)
        after = most_memory(server.process.pid)
    finally:
        server.stop()
    assert {answer.status for answer in answers} <= {200, 503}  # on a slow machine
    assert [answer.status for answer in answers].count(200) >= 2
    processors = os.cpu_count() or 1
    assert after - before < (processors + 1) * 64 * 2**20


def most_memory(pid: int) -> int:
    """The sum of the peak memory of a process and of each of its children, in bytes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 + sum(most_memory(int(child)) for child in children)


# A database that accepts connections and does not respond


class Silent(NamedTuple):
    """A server whose database has stopped responding."""

    server: Server
    postgres: Postgres
    person: Person
    article: dict[str, Any]


@pytest.fixture
def silent(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Silent]:
    """A server with open connections to a PostgreSQL that is then suspended."""
    with Postgres() as postgres:
        folder = tmp_path_factory.mktemp("silent")
        database = Databases(folder, postgres.url("postgres"), "silent").empty()
        assert launcher.migrate(database).code == 0
        server = launcher.start(
            {**DEFAULT_TIMEOUT, "CONDUIT_DATABASE_POOL_SIZE": "3"}, database=database
        )
        person = register(server.client)
        article = write_article(person)
        at_once([partial(person.get, "/api/user")] * 12)
        postgres.suspend()
        yield Silent(server, postgres, person, article)
        postgres.resume()
        server.stop()


@rule("HEALTH-2", "FAIL-2", "FAIL-3", "DB-14")
@pytest.mark.on_postgres
def test_silent_database(silent: Silent) -> None:
    """A database that accepts connections but does not respond counts as down, and recovers."""
    server, postgres, person, article = silent
    path = f"/api/articles/{article['slug']}"
    with ThreadPoolExecutor(1) as pool:
        health = pool.submit(server.client.get, "/api/health")
        answers = at_once(
            [
                *[partial(server.client.get, "/api/tags")] * 6,
                partial(person.get, "/api/user"),
                partial(person.put, path, json={"article": {"body": "never"}}),
                partial(server.client.get, path),
            ]
        )
        asked = health.result()
    postgres.resume()
    server.wait_until_ready(timeout=5)
    again = at_once([partial(person.get, "/api/user")] * 12)
    assert (asked.status, asked.body) == (503, b'{"status":"unavailable"}')
    assert {(answer.status, answer.body) for answer in answers} == {(503, UNAVAILABLE)}
    assert max(answer.seconds for answer in [asked, *answers]) < LIMIT
    assert [answer.status for answer in again] == [200] * 12
    assert server.client.get(path).json["article"]["body"] == article["body"]


@rule("HEALTH-1")
@pytest.mark.on_postgres
def test_health_of_a_busy_server(launcher: Launcher) -> None:
    """Health returns 200 even while every connection of the pool waits for a lock."""
    settings = {"CONDUIT_DATABASE_POOL_SIZE": "2", "CONDUIT_DATABASE_TIMEOUT": "5"}
    server = launcher.start(settings)
    try:
        with (
            ThreadPoolExecutor(1) as pool,
            server.database.lock("LOCK TABLE articles IN ACCESS EXCLUSIVE MODE"),
        ):
            reading = pool.submit(at_once, [partial(server.client.get, "/api/articles")] * 6)
            while server.database.waiting() < 2 and not reading.done():
                time.sleep(0.01)
            answer = server.client.get("/api/health")
            was_done = reading.done()
        assert (answer.status, was_done) == (200, False)
        assert {answer.status for answer in reading.result()} == {200}
    finally:
        server.stop()


@rule("DB-14")
@pytest.mark.on_postgres
def test_busy_pool(launcher: Launcher) -> None:
    """A request that waits for a connection until the limit gets a 503."""
    server = launcher.start({**DEFAULT_TIMEOUT, "CONDUIT_DATABASE_POOL_SIZE": "1"})
    try:
        person = register(server.client)
        with server.database.lock("LOCK TABLE articles IN ACCESS EXCLUSIVE MODE"):
            requests = [partial(server.client.get, "/api/articles")] + [
                partial(server.client.get, f"/api/profiles/{person.username}")
            ] * 8
            answers = at_once(requests)
        assert answers[0].status == 503
        assert max(answer.seconds for answer in answers) < LIMIT
        assert server.client.get("/api/articles").status == 200
    finally:
        server.stop()


# The reader of events


@rule("LIVE-26", "LIVE-18")
@pytest.mark.live
def test_reader_of_events_continues(launcher: Launcher) -> None:
    """A failure of the reader is logged, and events arrive again after it is repaired."""
    server = launcher.start()
    try:
        person = register(server.client)
        server.database.execute("DELETE FROM event_counter")
        with Socket(server.url) as socket:
            socket.ask("ping")
            deadline = time.monotonic() + 10
            while "live events" not in server.log_text() and time.monotonic() < deadline:
                time.sleep(0.05)
            failed = server.log_text()
            server.database.execute("INSERT INTO event_counter (id, value) VALUES (1, 0)")
            socket.subscribe("articles")
            write_article(person)
            [event] = socket.receive_events(1)
        assert "live events" in failed
        assert event["event"] == "article.created"
    finally:
        server.stop()


@rule("LIVE-26")
@pytest.mark.live
@pytest.mark.on_sqlite
def test_event_that_cannot_be_read(launcher: Launcher) -> None:
    """A row that cannot be parsed does not end the reader, and is sent after it is repaired."""
    server = launcher.start()
    try:
        person = register(server.client)
        with Socket(server.url) as socket:
            socket.subscribe("articles")
            server.database.execute(
                "INSERT INTO events (id, name, article_id, author_id, data, created_at) "
                """VALUES (1, 'article.deleted', 1, 1, '{"slug":"gone"}', 'no time at all')"""
            )
            time.sleep(1)
            server.database.execute("UPDATE events SET created_at = '2999-01-01 00:00:00.000000'")
            server.database.execute("UPDATE event_counter SET value = 1")
            write_article(person)
            events = socket.receive_events(2)
        assert [event["event"] for event in events] == ["article.deleted", "article.created"]
    finally:
        server.stop()
