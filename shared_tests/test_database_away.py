"""The database away, and back again."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import psycopg
import pytest

from .harness import Person, register, rule, write_article
from .harness.databases import Databases
from .harness.postgres import Postgres
from .harness.rush import at_once
from .harness.servers import Launcher, Server

pytestmark = [
    pytest.mark.process,
    pytest.mark.on_postgres,
]

UNAVAILABLE = b'{"errors":{"server":["unavailable"]}}'


class Fragile(NamedTuple):
    """A server on a PostgreSQL that nobody else needs."""

    server: Server
    postgres: Postgres
    person: Person
    article: dict[str, Any]


@pytest.fixture(scope="module")
def fragile(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    """A server with a user and an article, on a PostgreSQL of its own."""
    with Postgres() as postgres:
        folder = tmp_path_factory.mktemp("fragile")
        database = Databases(folder, postgres.url("postgres"), "fragile").empty()
        assert launcher.migrate(database).code == 0
        server = launcher.start({"CONDUIT_DATABASE_POOL_SIZE": "3"}, database=database)
        person = register(server.client)
        yield Fragile(server, postgres, person, write_article(person))
        server.stop()


@pytest.fixture
def stopped(fragile: Fragile) -> Iterator[Fragile]:
    """The same, its PostgreSQL stopped."""
    fragile.postgres.stop()
    yield fragile
    fragile.postgres.start()
    fragile.server.wait_until_ready()


@rule("HEALTH-2")
def test_health_without_a_database(stopped: Fragile) -> None:
    """Without a database the server says so, within two seconds, each time."""
    answers = [stopped.server.client.get("/api/health") for _ in range(3)]
    assert [answer.status for answer in answers] == [503] * 3
    assert [answer.body for answer in answers] == [b'{"status":"unavailable"}'] * 3
    assert max(answer.seconds for answer in answers) < 2


@rule("FAIL-2")
def test_operations_without_a_database(stopped: Fragile) -> None:
    """Without a database every operation that needs it is 503, within two seconds."""
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
    assert max(answer.seconds for answer in answers) < 2


@rule("FAIL-2", "HEALTH-2")
def test_many_requests_without_a_database(stopped: Fragile) -> None:
    """More requests than the pool has connections are all 503 within two seconds."""
    answers = at_once([partial(stopped.server.client.get, "/api/tags")] * 12)
    assert [answer.status for answer in answers] == [503] * 12
    assert max(answer.seconds for answer in answers) < 2


@rule("FAIL-2")
def test_what_needs_no_database(stopped: Fragile) -> None:
    """What needs no database is answered as ever."""
    client = stopped.server.client
    answers = [
        client.get("/api/openapi.json"),
        client.get("/api/docs"),
        client.get("/api/nothing"),
        client.get("/api/user"),
        client.options("/api/articles"),
        client.post("/api/users", json={"user": {}}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 401, 204, 422]


@rule("FAIL-3", "HEALTH-1")
def test_the_database_comes_back(fragile: Fragile) -> None:
    """When the database is back, the server works again by itself, within a few seconds."""
    fragile.postgres.stop()
    assert fragile.server.client.get("/api/health").status == 503
    fragile.postgres.start()
    fragile.server.wait_until_ready(patience=5)
    answers = at_once([partial(fragile.person.get, "/api/user")] * 12)
    assert [answer.status for answer in answers] == [200] * 12


@rule("FAIL-3")
def test_connections_that_were_cut(fragile: Fragile) -> None:
    """Connections that the database has cut are replaced before anybody notices."""
    at_once([partial(fragile.person.get, "/api/user")] * 6)
    with psycopg.connect(fragile.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname LIKE 'conduit%' AND pid <> pg_backend_pid()"
        )
    time.sleep(0.1)
    answers = [fragile.person.get("/api/user") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 6
