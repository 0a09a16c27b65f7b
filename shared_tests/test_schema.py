"""One physical schema from every app's migrations, and three apps on one database."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from .harness import comment_on, register, rule, unique, write_article
from .harness.apps import APPS
from .harness.catalogs import Catalog, read_catalog
from .harness.concurrency import at_once
from .harness.databases import Database, Databases
from .harness.live import Socket, names_of
from .harness.servers import Ended, Launcher, Server, stop_all

KINDS = ["sqlite", "postgres"]
pytestmark = pytest.mark.cross

Maker = Callable[[str, str], Launcher]


@pytest.fixture(scope="module")
def launcher_of(
    tmp_path_factory: pytest.TempPathFactory,
    shared_folder: Path,
    postgres_url: str,
    worker_id: str,
) -> Iterator[Maker]:
    """Returns a function that makes the launcher of an app for one kind of database."""
    folder = tmp_path_factory.mktemp("cross")

    @cache
    def make(name: str, kind: str) -> Launcher:
        """The launcher, created once."""
        own: Path = folder / f"{name}-{kind}"
        own.mkdir()
        url = postgres_url if kind == "postgres" else None
        databases = Databases(own, url, prefix=f"{worker_id}_{name}")
        return Launcher(APPS[name], APPS[name].default_server, databases, own, shared_folder)

    yield make
    stop_all()


@pytest.fixture(params=KINDS, scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database."""
    name: str = request.param
    return name


@pytest.fixture(params=list(APPS), scope="module")
def launcher(request: pytest.FixtureRequest, launcher_of: Maker, kind: str) -> Launcher:
    """Each app in turn."""
    return launcher_of(request.param, kind)


@pytest.fixture(scope="module")
def catalogs(launcher_of: Maker, kind: str) -> dict[str, Catalog]:
    """The catalog of a database that each app has migrated."""
    return {name: read_catalog(launcher_of(name, kind).migrated()) for name in APPS}


# Schema


@rule("DB-1", "DB-2")
@pytest.mark.parametrize(("one", "other"), [("django", "flask"), ("flask", "fastapi")])
def test_same_schema(catalogs: dict[str, Catalog], one: str, other: str) -> None:
    """All apps create the same columns, constraints and indexes."""
    for part in catalogs[one]:
        assert catalogs[one][part] == catalogs[other][part], part


@rule("DB-1")
def test_tables(launcher: Launcher) -> None:
    """Each app creates all the shared tables, and the row of the event counter."""
    database = launcher.migrated()
    rows = database.rows("SELECT id, value FROM event_counter")
    columns = read_catalog(database)
    assert rows == [(1, 0)]
    assert columns == read_catalog(launcher.migrated())


@rule("DB-3")
def test_columns_of_the_admin(launcher: Launcher) -> None:
    """A user can be inserted without the columns that Django's admin needs."""
    database = launcher.migrated()
    insert_user(database, "anna", "anna@example.com")
    rows = database.rows("SELECT is_active, is_staff, is_superuser, last_login FROM users")
    assert [[bool(value) for value in row] for row in rows] == [[True, False, False, False]]


@rule("DB-11")
def test_times_have_no_default(catalogs: dict[str, Catalog], kind: str) -> None:
    """No time column has a default in any app's schema."""
    for catalog in catalogs.values():
        if kind == "postgres":
            times = [row for row in catalog["columns"] if row[2].startswith("timestamp")]
            assert {row[2] for row in times} == {"timestamp with time zone"}
            assert {row[4] for row in times} == {None}
        else:
            columns = [row for table in catalog.values() for row in table["columns"]]
            times = [row for row in columns if row[0].endswith("_at") or row[0] == "last_login"]
            assert {row[3] for row in times} == {"none"}
        assert len(times) >= 6


@rule("DB-4")
@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("follows", {"follower_id", "followed_id"}),
        ("favorites", {"user_id", "article_id"}),
        ("article_tags", {"article_id", "tag_id"}),
    ],
)
def test_link_tables(
    catalogs: dict[str, Catalog], kind: str, table: str, columns: set[str]
) -> None:
    """A link table has an id, and a named unique constraint on its pair of columns."""
    for catalog in catalogs.values():
        if kind == "postgres":
            primary = [r[3] for r in catalog["constraints"] if r[0] == table and r[1] == "p"]
            unique_ = [r[3] for r in catalog["constraints"] if r[0] == table and r[1] == "u"]
            assert [set(text[8:-1].split(", ")) for text in unique_] == [columns]
        else:
            primary = [f"PRIMARY KEY ({r[0]})" for r in catalog[table]["columns"] if r[4]]
            unique_ = [name for name, kind_ in catalog[table]["constraints"] if kind_ == "UNIQUE"]
            assert len(unique_) == 1
        assert primary == ["PRIMARY KEY (id)"]


# What the database itself refuses


def insert_user(database: Database, username: str, email: str) -> int:
    """Insert a user without an app."""
    database.execute(
        "INSERT INTO users (username, email, password, created_at) VALUES (?, ?, 'x', ?)",
        username,
        email,
        "2026-01-01 00:00:00.000000+00",
    )
    [(id_,)] = database.rows("SELECT id FROM users WHERE username = ?", username)
    number: int = id_
    return number


def insert_article(database: Database, author: int, slug: str) -> int:
    """Insert an article without an app."""
    database.execute(
        "INSERT INTO articles (author_id, slug, title, description, body, created_at, updated_at) "
        "VALUES (?, ?, 'x', 'x', 'x', ?, ?)",
        author,
        slug,
        *["2026-01-01 00:00:00.000000+00"] * 2,
    )
    [(id_,)] = database.rows("SELECT id FROM articles WHERE slug = ?", slug)
    number: int = id_
    return number


REFUSED = [
    "INSERT INTO users (username, email, password, created_at) "
    "VALUES ('ANNA', 'new@example.com', 'x', '2026-01-01 00:00:00+00')",
    "INSERT INTO users (username, email, password, created_at) "
    "VALUES ('new', 'ANNA@EXAMPLE.COM', 'x', '2026-01-01 00:00:00+00')",
    "INSERT INTO articles (author_id, slug, title, description, body, created_at, updated_at) "
    "SELECT author_id, slug, title, description, body, created_at, updated_at FROM articles",
    "INSERT INTO follows (follower_id, followed_id) SELECT follower_id, followed_id FROM follows",
    "INSERT INTO follows (follower_id, followed_id) SELECT id, id FROM users",
    "INSERT INTO favorites (user_id, article_id) SELECT user_id, article_id FROM favorites",
    "INSERT INTO tags (name) SELECT name FROM tags",
    "INSERT INTO article_tags (article_id, tag_id) SELECT article_id, tag_id FROM article_tags",
    "INSERT INTO follows (follower_id, followed_id) VALUES (1, 999999)",
    "UPDATE users SET username = NULL",
    "UPDATE articles SET title = NULL",
    "INSERT INTO event_counter (id, value) VALUES (2, 0)",
]


@pytest.fixture(scope="module")
def filled(launcher: Launcher) -> Database:
    """A database with one row of everything, inserted without an app."""
    database = launcher.migrated()
    anna = insert_user(database, "anna", "anna@example.com")
    ben = insert_user(database, "ben", "ben@example.com")
    article = insert_article(database, anna, "dragon")
    database.execute("INSERT INTO follows (follower_id, followed_id) VALUES (?, ?)", ben, anna)
    database.execute("INSERT INTO favorites (user_id, article_id) VALUES (?, ?)", ben, article)
    database.execute("INSERT INTO tags (name) VALUES ('reptiles')")
    [(tag,)] = database.rows("SELECT id FROM tags")
    database.execute("INSERT INTO article_tags (article_id, tag_id) VALUES (?, ?)", article, tag)
    database.execute(
        "INSERT INTO comments (article_id, author_id, body, created_at, updated_at) "
        "VALUES (?, ?, 'x', ?, ?)",
        article,
        ben,
        *["2026-01-01 00:00:00.000000+00"] * 2,
    )
    return database


@rule("DB-5")
@pytest.mark.parametrize("statement", REFUSED, ids=range(len(REFUSED)))
def test_constraints(filled: Database, statement: str) -> None:
    """The database itself refuses invalid rows."""
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        filled.execute(statement)


@rule("DB-2", "ARTICLE-7")
def test_dependent_rows_are_deleted(launcher: Launcher, filled: Database) -> None:
    """The database itself deletes the rows that depend on a deleted row."""
    database = launcher.databases.copy(filled)
    database.execute("DELETE FROM users WHERE username = 'anna'")
    left = {
        table: database.rows(f"SELECT count(*) FROM {table}")[0][0]
        for table in ("users", "articles", "comments", "favorites", "follows", "article_tags")
    }
    assert left == {
        "users": 1,
        "articles": 0,
        "comments": 0,
        "favorites": 0,
        "follows": 0,
        "article_tags": 0,
    }


# One database, several apps


@rule("DB-12")
def test_migrating_again(launcher: Launcher) -> None:
    """A second migrate succeeds and changes nothing."""
    database = launcher.migrated()
    before = read_catalog(database)
    ended = launcher.migrate(database)
    assert ended.code == 0
    assert ended.stderr == ""
    assert read_catalog(database) == before


@pytest.fixture(scope="module")
def first_database_of(launcher_of: Maker, kind: str) -> Callable[[str], Database]:
    """Makes a database with a user, created by an app's first migrations only."""

    @cache
    def make(maker: str) -> Database:
        launcher = launcher_of(maker, kind)
        database = launcher.databases.empty()
        for command in launcher.app.migrate_first:
            ended = launcher.run(command, {"CONDUIT_DATABASE_URL": database.url})
            assert ended.code == 0, ended.stderr
        insert_user(database, "anna", "anna@example.com")
        return database

    return lambda maker: launcher_of(maker, kind).databases.copy(make(maker))


@rule("DB-6", "DB-12")
@pytest.mark.parametrize("taker", list(APPS))
@pytest.mark.parametrize("maker", list(APPS))
def test_second_migration(
    launcher_of: Maker,
    first_database_of: Callable[[str], Database],
    catalogs: dict[str, Catalog],
    kind: str,
    maker: str,
    taker: str,
) -> None:
    """The second migration succeeds on a database from any app, and then for that app."""
    database = first_database_of(maker)
    assert "password_session_id" not in str(read_catalog(database))
    for app in dict.fromkeys([taker, maker]):
        migrated = launcher_of(app, kind).migrate(database)
        assert (migrated.code, migrated.stdout, migrated.stderr) == (0, "", "")
        assert read_catalog(database) == catalogs[app]
        checked = launcher_of(app, kind).check({"CONDUIT_DATABASE_URL": database.url})
        assert (checked.code, checked.stderr) == (0, "")
    assert database.rows("SELECT username, password_session_id FROM users") == [("anna", None)]


@rule("DB-13")
def test_newer_database(launcher: Launcher) -> None:
    """An app starts on a database to which newer migrations have added something."""
    database = launcher.migrated()
    database.execute("ALTER TABLE users ADD COLUMN newer integer")
    database.execute(launcher.app.newer)
    server = launcher.start(database=database, checked=True)
    try:
        assert register(server.client).get("/api/user").status == 200
    finally:
        server.stop()


class Visit(NamedTuple):
    """How an app took over a database that another app created."""

    checked: Ended
    migrated: Ended
    before: Catalog
    after: Catalog


def visit(guest: Launcher, database: Database) -> Visit:
    """Check the database before the guest app migrates it, then migrate it."""
    before = read_catalog(database)
    checked = guest.check({"CONDUIT_DATABASE_URL": database.url})
    migrated = guest.migrate(database)
    return Visit(checked, migrated, before, read_catalog(database))


@pytest.fixture(scope="module")
def shared(launcher_of: Maker, kind: str) -> Database:
    """A database that Flask's migrations created, for all three apps."""
    return launcher_of("flask", kind).migrated()


@pytest.fixture(scope="module")
def visits(launcher_of: Maker, kind: str, shared: Database) -> dict[str, Visit]:
    """Each app on a database of another app, by the name of the guest."""
    return {
        "django": visit(launcher_of("django", kind), shared),
        "fastapi": visit(launcher_of("fastapi", kind), shared),
        "flask": visit(launcher_of("flask", kind), launcher_of("django", kind).migrated()),
    }


@rule("DB-6")
@pytest.mark.parametrize("guest", list(APPS))
def test_database_of_another(visits: dict[str, Visit], guest: str) -> None:
    """On a database that another app created, migrate succeeds and changes nothing."""
    migrated = visits[guest].migrated
    assert (migrated.code, migrated.stdout, migrated.stderr) == (0, "", "")
    assert visits[guest].before == visits[guest].after


@rule("DB-6", "START-2")
@pytest.mark.parametrize("guest", list(APPS))
def test_database_of_another_unmigrated(visits: dict[str, Visit], guest: str) -> None:
    """On another app's database, the check asks to run the app's own migrate first."""
    checked = visits[guest].checked
    assert checked.code == 1
    assert len(checked.stderr.splitlines()) == 1
    assert "migrate" in checked.stderr


# A missing or extra index, an extra column, a missing table or check, a column that may be null.
DEVIATIONS = {
    ("sqlite", "django"): "DROP INDEX users_username_key",
    ("sqlite", "flask"): "ALTER TABLE comments ADD COLUMN extra integer",
    ("sqlite", "fastapi"): "DROP TABLE event_counter",
    ("postgres", "django"): "CREATE INDEX extra_idx ON comments (body)",
    ("postgres", "flask"): "ALTER TABLE comments DROP CONSTRAINT comments_body_check",
    ("postgres", "fastapi"): "ALTER TABLE comments ALTER body DROP NOT NULL",
}


@rule("DB-7")
@pytest.mark.parametrize("guest", list(APPS))
def test_database_that_deviates(launcher_of: Maker, kind: str, guest: str) -> None:
    """If the shared tables differ, migrate prints one line and ends with exit code 1."""
    maker = "flask" if guest == "django" else "django"
    database = launcher_of(maker, kind).migrated()
    database.execute(DEVIATIONS[kind, guest])
    ended = launcher_of(guest, kind).migrate(database)
    assert ended.code == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def together(
    launcher_of: Maker, kind: str, shared: Database, visits: dict[str, Visit]
) -> Iterator[list[Server]]:
    """All three apps, each with its production command, on one database."""
    assert [visits[name].migrated.code for name in APPS] == [0, 0, 0]
    servers = [launcher_of(name, kind).start(database=shared) for name in APPS]
    yield servers
    for server in servers:
        server.stop()


@rule("DB-9", "DB-8", "TOKEN-12")
@pytest.mark.parametrize("maker", range(3), ids=list(APPS))
def test_accounts_of_one_app_at_the_others(together: list[Server], maker: int) -> None:
    """Tokens and passwords from one app work in all apps."""
    person = register(together[maker].client)
    user = {"email": person.email, "password": person.password}
    for server in together:
        me = server.client.with_token(person.token).get("/api/user")
        login = server.client.post("/api/users/login", json={"user": user})
        assert me.status == 200
        assert me.json["user"]["username"] == person.username
        assert login.status == 200


@rule("DB-9", "TOKEN-8")
@pytest.mark.parametrize("maker", range(3), ids=list(APPS))
def test_password_change_at_one_app(together: list[Server], maker: int) -> None:
    """A password change in one app ends other sessions and the old password in all apps."""
    person = register(together[(maker + 1) % 3].client)
    user = {"email": person.email, "password": person.password}
    login = together[(maker + 2) % 3].client.post("/api/users/login", json={"user": user})
    there = together[maker].client.with_token(person.token)
    changed = there.put("/api/user", json={"user": {"password": "another horse"}})
    assert changed.status == 200
    for server in together:
        user = {"email": person.email, "password": "another horse"}
        elsewhere = server.client.with_token(login.json["user"]["token"])
        assert elsewhere.get("/api/user").status == 401
        assert server.client.with_token(person.token).get("/api/user").status == 200
        assert server.client.post("/api/users/login", json={"user": user}).status == 200


def seen_alike(servers: list[Server], path: str, token: str | None = None) -> Any:
    """The response to a GET, which must be the same bytes from all servers."""
    answers = [server.client.with_token(token).get(path) for server in servers]
    assert [answer.status for answer in answers] == [200] * len(servers)
    assert answers[0].body == answers[1].body == answers[2].body
    return answers[0].json


@rule("DB-9", "ANSWER-9", "ANSWER-3")
@pytest.mark.parametrize("maker", range(3), ids=list(APPS))
def test_data_of_one_app_in_the_others(together: list[Server], maker: int) -> None:
    """What one app writes, all apps return in the same bytes, for every reader."""
    anna = register(together[maker].client, "anna")
    ben = register(together[(maker + 1) % 3].client, "ben")
    tag = unique("tag-")
    article = write_article(anna, "한글 🐉", tagList=[tag, "Z", "é", "a"])
    path = f"/api/articles/{article['slug']}"
    comment_on(article, ben)
    comment_on(article, anna)
    ben.post(f"/api/profiles/{anna.username}/follow")
    ben.post(f"{path}/favorite")
    for token in (None, anna.token, ben.token):
        seen_alike(together, path, token)
        seen_alike(together, f"{path}/comments", token)
        seen_alike(together, f"/api/articles?tag={tag}", token)
        seen_alike(together, f"/api/profiles/{anna.username}", token)
    assert seen_alike(together, "/api/articles/feed", ben.token)["articlesCount"] == 1
    assert seen_alike(together, f"/api/articles?favorited={ben.username}")["articlesCount"] == 1
    seen_alike(together, "/api/tags")
    seen_alike(together, "/api/articles?limit=100")


@rule("DB-9", "SLUG-6")
def test_one_title_at_all_apps_at_once(together: list[Server]) -> None:
    """Articles with one title, created concurrently in all apps, get different slugs."""
    people = [register(server.client) for server in together]
    title = unique("dragon")
    article = {"title": title, "description": "x", "body": "x", "tagList": ["a", "b"]}
    answers = at_once(
        [partial(one.post, "/api/articles", json={"article": article}) for one in people * 8]
    )
    assert [answer.status for answer in answers] == [201] * 24
    assert {answer.json["article"]["slug"] for answer in answers} == {
        title,
        *(f"{title}-{suffix}" for suffix in range(2, 25)),
    }


@rule("DB-9", "FAVORITE-3")
def test_favorites_at_all_apps_at_once(together: list[Server]) -> None:
    """Favorites of one article, added concurrently in all apps, are counted exactly."""
    people = [register(server.client) for server in together * 6]
    path = f"/api/articles/{write_article(people[0])['slug']}"
    answers = at_once([partial(one.post, f"{path}/favorite") for one in people])
    assert [answer.status for answer in answers] == [200] * 18
    assert seen_alike(together, path)["article"]["favoritesCount"] == 18


@rule("LIVE-21")
@pytest.mark.live
@pytest.mark.parametrize("maker", range(3), ids=list(APPS))
def test_events_of_one_app_at_the_others(together: list[Server], maker: int) -> None:
    """An event of one app reaches the sockets of all apps, in the same frames."""
    anna = register(together[maker].client, "anna")
    ben = register(together[(maker + 1) % 3].client, "ben")
    ben.post(f"/api/profiles/{anna.username}/follow")
    targets = [server.url for server in together]
    with (
        Socket(targets[0], f"/api/live?token={ben.token}") as one,
        Socket(targets[1], f"/api/live?token={ben.token}") as two,
        Socket(targets[2], f"/api/live?token={ben.token}") as three,
    ):
        for socket in (one, two, three):
            socket.subscribe("feed")
            began = socket.subscribe("articles")["id"]
        article = write_article(anna, unique("한글 🐉 "))
        ben.post(f"/api/articles/{article['slug']}/favorite")
        heard = [socket.receive_raw(2) for socket in (one, two, three)]
    assert heard[0] == heard[1] == heard[2]
    with Socket(targets[(maker + 2) % 3], f"/api/live?token={ben.token}") as late:
        late.subscribe("feed")
        late.subscribe("articles", since=began)
        missed = names_of(late.receive_events(2))
    assert missed == [("article.created", ["articles"]), ("article.favorited", ["articles"])]


@rule("LIVE-18", "LIVE-21")
@pytest.mark.live
def test_writers_at_all_apps_at_once(together: list[Server]) -> None:
    """Concurrent events of all three apps reach every socket in one order, without a gap."""
    people = [register(server.client) for server in together * 3]
    path = f"/api/articles/{write_article(people[0])['slug']}/favorite"
    with (
        Socket(together[0].url) as one,
        Socket(together[1].url) as two,
        Socket(together[2].url) as three,
    ):
        for socket in (one, two, three):
            began = socket.subscribe("articles")["id"]
        for turn in range(10):
            ask = "delete" if turn % 2 else "post"
            answers = at_once([partial(getattr(person, ask), path) for person in people])
            assert [answer.status for answer in answers] == [200] * 9
        heard = [socket.receive_events(90) for socket in (one, two, three)]
    assert [event["id"] for event in heard[0]] == list(range(began + 1, began + 91))
    assert heard[0] == heard[1] == heard[2]


@rule("DOCS-3", "DOCS-1", "DOCS-8")
def test_titles_of_the_documents(together: list[Server]) -> None:
    """The three documents differ only in `info.title`."""
    answers = [server.client.get("/api/openapi.json") for server in together]
    titles = [answer.json["info"]["title"] for answer in answers]
    for name, title in zip(APPS, titles, strict=True):
        assert name in title.lower()
    bodies = {
        answer.body.replace(json.dumps(title).encode(), b"")
        for answer, title in zip(answers, titles, strict=True)
    }
    assert len(bodies) == 1


@rule("DOCS-4", "DOCS-5")
@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_pages_look_the_same(together: list[Server], path: str) -> None:
    """The pages of all three apps are the same bytes."""
    answers = [server.client.get(path) for server in together]
    policies = {answer.headers["Content-Security-Policy"] for answer in answers}
    assert {answer.status for answer in answers} == {200}
    assert len(policies) == 1
    assert answers[0].body == answers[1].body == answers[2].body


@rule("ANSWER-5", "ANSWER-9")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/health"),
        ("HEAD", "/api/tags"),
        ("OPTIONS", "/api/user"),
        ("GET", "/api/user"),
        ("GET", "/api/nothing"),
        ("PATCH", "/api/tags"),
        ("POST", "/api/users"),
        ("GET", "/api/articles?limit=x"),
        ("GET", "/api/docs/assets/swagger-ui.js"),
    ],
)
def test_headers_are_the_same(together: list[Server], method: str, path: str) -> None:
    """All three apps send the same headers, except for those of the server."""
    same_id = {"X-Request-ID": "the-same"}
    answers = [server.client.request(method, path, headers=same_id) for server in together]
    own = {"date", "server", "connection", "keep-alive", "transfer-encoding"}
    headers = [{n: v for n, v in a.headers.items() if n not in own} for a in answers]
    assert answers[0].status == answers[1].status == answers[2].status
    assert headers[0] == headers[1] == headers[2]
