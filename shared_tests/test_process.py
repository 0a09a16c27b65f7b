"""The server as a process: settings, failed starts, logs, the database."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from .harness import Answer, Person, register, rule, unique, write_article
from .harness.concurrency import at_once
from .harness.databases import Database
from .harness.processes import free_port
from .harness.servers import Launcher, Server
from .harness.tokens import claims_of

PRODUCTION = {
    "CONDUIT_ENV": "production",
    "CONDUIT_SECRET_KEY": "exactly-32-bytes-of-secret-text!",
    "CONDUIT_PASSWORD_HASHING": None,
    "CONDUIT_ALLOWED_HOSTS": "127.0.0.1",
}

REQUEST_LINE = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z INFO conduit\.request "
    r"%s %s %s %d [0-9]+\.[0-9]ms"
)


# Hosts


@rule("SETTING-2")
@pytest.mark.parametrize("host", ["any.example", "[::1]:8000"])
def test_any_host(server: Server, host: str) -> None:
    """In development any host is accepted."""
    answer = server.client.get("/api/health", headers={"Host": host})
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'


@rule("SETTING-2")
def test_no_host_with_any_host_allowed(server: Server) -> None:
    """Where hosts are not restricted, a request without a host is accepted."""
    with server.client.wire() as wire:
        wire.send(b"GET /api/health HTTP/1.1\r\n\r\n")
        answer = wire.answer()
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'


# Failed starts


@rule("START-1", "START-3", "START-4", "START-6", "DB-16")
@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (
            {**PRODUCTION, "CONDUIT_SECRET_KEY": "only-31-bytes-of-a-secret-text!"},
            "CONDUIT_SECRET_KEY",
        ),
        (
            {**PRODUCTION, "CONDUIT_SECRET_KEY": "conduit-development-secret-never-for-production"},
            "CONDUIT_SECRET_KEY",
        ),
        ({**PRODUCTION, "CONDUIT_PASSWORD_HASHING": "fast"}, "CONDUIT_PASSWORD_HASHING"),
        ({**PRODUCTION, "CONDUIT_DATABASE_URL": None}, "CONDUIT_DATABASE_URL"),
        ({"CONDUIT_DATABASE_URL": "postgresql://localhost/%zz"}, "CONDUIT_DATABASE_URL"),
        ({"CONDUIT_DATABASE_TIMEOUT": "-1"}, "CONDUIT_DATABASE_TIMEOUT"),
        ({"CONDUIT_DATABASE_URL": "mysql://localhost/conduit"}, "CONDUIT_DATABASE_URL"),
        ({"CONDUIT_DATABASE_URL": "sqlite:///:memory:"}, "CONDUIT_DATABASE_URL"),
        ({"CONDUIT_DATABASE_URL": "sqlite:///"}, "CONDUIT_DATABASE_URL"),
        ({"CONDUIT_TOKEN_LIFETIME": "long"}, "CONDUIT_TOKEN_LIFETIME"),
        ({"CONDUIT_LOG_LEVEL": "LOUD"}, "CONDUIT_LOG_LEVEL"),
        ({"PYTHONOPTIMIZE": "2"}, "PYTHONOPTIMIZE"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_settings_that_stop_the_start(
    launcher: Launcher, server: Server, settings: dict[str, str | None], name: str
) -> None:
    """An invalid setting stops the start with one line that names it, and exit code 1."""
    ended = launcher.check({"CONDUIT_DATABASE_URL": server.database.url, **settings})
    assert ended.code == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert name in ended.stderr


def unreachable(launcher: Launcher) -> str:
    """A PostgreSQL that does not exist."""
    return f"postgresql://postgres@127.0.0.1:{free_port()}/conduit"


def no_folder(launcher: Launcher) -> str:
    """A file in a folder that does not exist."""
    return "sqlite:////no/such/folder/conduit.sqlite3"


def not_migrated(launcher: Launcher) -> str:
    """An empty database."""
    return launcher.databases.empty().url


@rule("START-2")
@pytest.mark.parametrize(
    "database",
    [
        pytest.param(unreachable, marks=pytest.mark.on_postgres),
        pytest.param(no_folder, marks=pytest.mark.on_sqlite),
        not_migrated,
    ],
)
def test_databases_that_stop_the_start(launcher: Launcher, database: Any) -> None:
    """A database that is down or not migrated stops the start: one line, exit code 1."""
    ended = launcher.check({**PRODUCTION, "CONDUIT_DATABASE_URL": database(launcher)})
    assert ended.code == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert "database" in ended.stderr.lower()
    assert ended.seconds < 10


def without_a_secret(server: Server) -> dict[str, str | None]:
    """Settings with which no server may start."""
    return {
        **PRODUCTION,
        "CONDUIT_DATABASE_URL": server.database.url,
        "CONDUIT_SECRET_KEY": None,
    }


@rule("START-1", "START-5")
@pytest.mark.on_sqlite
def test_a_bare_server_without_a_secret(launcher: Launcher, server: Server) -> None:
    """Without the check before it, the server itself stops: one line, exit code 1."""
    ended = launcher.run(launcher.command(free_port()), without_a_secret(server))
    assert ended.code == 1
    assert ended.stderr.count("CONDUIT_SECRET_KEY") == 1
    assert "Traceback" not in ended.stderr


@rule("START-5")
@pytest.mark.on_sqlite
def test_bare_workers_without_a_secret(launcher: Launcher, server: Server) -> None:
    """With two workers and without the check, the server ends too: no worker is restarted."""
    ended = launcher.run(launcher.command(free_port(), 2), without_a_secret(server))
    assert "CONDUIT_SECRET_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


# Logs


@rule("LOG-1", "LOG-3")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/health", 200),
        ("HEAD", "/api/tags", 200),
        ("OPTIONS", "/api/tags", 405),
        ("GET", "/api/nothing", 404),
        ("PATCH", "/api/tags", 405),
        ("GET", "/", 307),
    ],
)
def test_one_line_a_request(server: Server, method: str, path: str, status: int) -> None:
    """Each request is one line with its id, method, path, status and time."""
    id_ = unique("request-")
    answer = server.client.request(method, f"{path}?limit=5", headers={"X-Request-ID": id_})
    lines = server.log_lines_with(id_)
    assert answer.status == status
    assert len(lines) == 1
    assert re.fullmatch(REQUEST_LINE % (id_, method, re.escape(path), status), lines[0])


@rule("LOG-1", "LOG-3")
def test_no_other_line(server: Server) -> None:
    """The server's own access log is off."""
    path = f"/api/{unique('nothing-')}"
    answer = server.client.get(path)
    lines = server.log_lines_with(path)
    time.sleep(0.1)
    assert answer.status == 404
    assert len(lines) == len(server.log_lines_with(path)) == 1
    assert answer.headers["X-Request-ID"] in lines[0]


@rule("LOG-1")
@pytest.mark.parametrize("trick", ["%0D%0AINFO%20forged", "%1B%5B31m", "%E2%80%A8"])
def test_a_path_cannot_write_lines(server: Server, trick: str) -> None:
    """A path with a line break in it is still one line in the log."""
    id_ = unique("request-")
    answer = server.client.get(f"/api/profiles/x{trick}", headers={"X-Request-ID": id_})
    lines = server.log_lines_with(id_)
    assert answer.status == 404
    assert len(lines) == 1
    assert re.fullmatch(REQUEST_LINE % (id_, "GET", r"/api/profiles/\S+", 404), lines[0])


@rule("LOG-2", "PASSWORD-2")
def test_no_secrets_in_the_log(server: Server) -> None:
    """Query strings, tokens and passwords are never in the log."""
    query, password, person = unique("query-"), unique("password-"), register(server.client)
    answer = person.put(f"/api/user?token={query}", json={"user": {"password": password}})
    user = {"email": person.email, "password": password}
    server.client.post(f"/api/users/login?{query}", json={"user": user})
    server.client.get("/api/articles?limit=" + query)
    server.client.with_token(person.signed_in_with).get(f"/api/nothing-{query[-8:]}?{query}")
    assert answer.status == 200
    assert server.log_lines_with(f"/api/nothing-{query[-8:]}")
    log = server.log_text()
    assert query not in log
    assert password not in log
    assert person.signed_in_with not in log
    assert answer.json["user"]["token"] not in log


# The database


@rule("LOGIN-7")
def test_inactive_user(server: Server) -> None:
    """An inactive user counts as unknown, for tokens and for logins."""
    person = register(server.client)
    server.database.execute(
        "UPDATE users SET is_active = false WHERE username = ?", person.username
    )
    signed_in = person.get("/api/user")
    user = {"email": person.email, "password": person.password}
    signing_in = server.client.post("/api/users/login", json={"user": user})
    assert signed_in.status == 401
    assert signed_in.body == b'{"errors":{"token":["is invalid"]}}'
    assert signing_in.status == 401
    assert signing_in.body == b'{"errors":{"credentials":["invalid"]}}'


@rule("DB-8")
def test_passwords_are_stored_as_phc_strings(server: Server) -> None:
    """A password is stored as an Argon2id PHC string."""
    person = register(server.client)
    [(stored,)] = server.database.rows(
        "SELECT password FROM users WHERE username = ?", person.username
    )
    assert re.fullmatch(r"\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$\S+\$\S+", stored)


@rule("DB-11", "ANSWER-3")
def test_times_are_stored_in_whole_milliseconds(server: Server) -> None:
    """Times are stored in whole milliseconds, and responses show the same times."""
    article = write_article(register(server.client))
    [(created,)] = server.database.rows(
        "SELECT created_at FROM articles WHERE slug = ?", article["slug"]
    )
    stored = created.isoformat(timespec="microseconds") if not isinstance(created, str) else created
    shown = article["createdAt"].removesuffix("Z").replace("T", " ")
    assert stored.replace("T", " ").partition("+")[0].ljust(26, "0")[:26] == shown + "000"


def put_after(server: Server, person: Person, change: str, user: dict[str, Any]) -> Answer:
    """Update a user while another transaction that changes the same user holds a lock.

    On PostgreSQL the update waits for the row, after its token was checked. On SQLite it waits for
    its turn to write.
    """
    database = server.database
    with ThreadPoolExecutor(1) as pool:
        with database.lock(f"UPDATE users SET {change} WHERE username = '{person.username}'"):
            updating = pool.submit(person.put, "/api/user", json={"user": user})
            if database.is_postgres:
                while not database.waiting() and not updating.done():
                    time.sleep(0.01)
            else:
                time.sleep(0.3)
            assert not updating.done()
        return updating.result()


@rule("USER-2")
def test_update_after_another(server: Server) -> None:
    """An update that has waited for another update returns what that update changed."""
    person = register(server.client)
    answer = put_after(server, person, "bio = 'changed'", {"image": "new.png"})
    assert answer.status == 200
    assert answer.json["user"]["bio"] == "changed"
    assert answer.json["user"]["image"] == "new.png"


@rule("USER-7")
@pytest.mark.parametrize("user", [{"bio": "old"}, {"password": "another horse"}], ids=str)
def test_update_after_a_new_password(server: Server, user: dict[str, Any]) -> None:
    """An update that has waited for a password change gets 401: its token is invalid."""
    person = register(server.client)
    answer = put_after(server, person, "token_version = token_version + 1", user)
    [(bio,)] = server.database.rows("SELECT bio FROM users WHERE username = ?", person.username)
    assert answer.status == 401
    assert answer.body == b'{"errors":{"token":["is invalid"]}}'
    assert bio is None


@rule("USER-7")
def test_update_after_a_new_password_of_the_same_session(server: Server) -> None:
    """An update that has waited for a password change of its own session succeeds."""
    person = register(server.client)
    session_id = claims_of(person.signed_in_with)["sid"]
    change = f"token_version = token_version + 1, password_session_id = '{session_id}'"
    answer = put_after(server, person, change, {"password": "another horse"})
    assert answer.status == 200
    assert claims_of(answer.json["user"]["token"])["ver"] == 3


@rule("DB-10")
@pytest.mark.on_sqlite
def test_sqlite_writes_ahead(server: Server) -> None:
    """SQLite runs in WAL mode."""
    assert server.database.rows("PRAGMA journal_mode") == [("wal",)]


@rule("DB-10")
@pytest.mark.on_sqlite
def test_sqlite_writer_waits_for_another(server: Server) -> None:
    """A writer waits for another writer, also for more than two seconds, and then succeeds."""
    with ThreadPoolExecutor(1) as pool:
        with server.database.write_lock():
            writing = pool.submit(register, server.client)
            time.sleep(2.5)
            waited = not writing.done()
        person = writing.result()
    assert waited
    assert server.client.get(f"/api/profiles/{person.username}").status == 200


@rule("DB-10")
@pytest.mark.on_sqlite
def test_sqlite_reader_does_not_wait(server: Server) -> None:
    """A reader does not wait for a writer, on old and on new connections."""
    person = register(server.client)
    with ThreadPoolExecutor(1) as pool, server.database.write_lock():
        reading = [partial(person.get, "/api/user"), partial(server.client.get, "/api/tags")] * 10
        answers = pool.submit(at_once, reading).result(timeout=5)
    assert [answer.status for answer in answers] == [200] * 20
    assert max(answer.seconds for answer in answers) < 1


@rule("DB-16")
@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    "name", ["p%41.sqlite3", "q?x=1.sqlite3", "a#b c&d.sqlite3", "é한.sqlite3"]
)
def test_sqlite_path_as_it_is(launcher: Launcher, tmp_path: Path, name: str) -> None:
    """The path of a SQLite URL is used as it is: `%` and `?` have no special meaning."""
    database = Database(f"sqlite:///{tmp_path / name}")
    assert launcher.migrate(database).code == 0
    server = launcher.start(database=database)
    try:
        person = register(server.client)
    finally:
        server.stop()
    assert database.rows("SELECT username FROM users") == [(person.username,)]
    assert {file.name.partition(".sqlite3")[0] for file in tmp_path.iterdir()} == {
        name.removesuffix(".sqlite3")
    }
