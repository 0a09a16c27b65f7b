"""The guarantees of the database layer to the services."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Column, String, Table, event, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from conduit.accounts import passwords
from conduit.accounts.models import User
from conduit.accounts.tokens import make_token
from conduit.articles import services
from conduit.articles.models import Article, Favorite
from conduit.database import Sessions
from conduit.database.columns import Base
from conduit.database.constraints import is_unique_violation
from conduit.database.engine import make_engine
from conduit.errors import Unavailable
from conduit.settings import load_settings

Call = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture
def call(client: TestClient) -> Call:
    """Runs a coroutine in the event loop of the app."""
    assert client.portal is not None
    return client.portal.call


@pytest.fixture
def guido(sessions: Sessions, call: Call) -> User:
    async def read() -> User:
        async with sessions.reading() as session:
            user: User = (await session.scalars(select(User).where(User.username == "guido"))).one()
            return user

    user: User = call(read)
    return user


def test_first_come_first_served(tmp_path: Path) -> None:
    """The request that has waited longest gets the next free connection."""

    async def run() -> list[str]:
        engine = make_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}", pool_size=1, timeout=10)
        served: list[str] = []
        held = await engine.connect()

        async def ask(name: str) -> None:
            async with engine.connect():
                served.append(name)
                await asyncio.sleep(0.01)

        names = ("first", "second", "third")
        waiting = [asyncio.create_task(ask(name)) for name in names]
        await asyncio.sleep(0)
        await held.close()
        await ask("newcomer")
        await asyncio.gather(*waiting)
        await engine.dispose()
        return served

    assert asyncio.run(run()) == ["first", "second", "third", "newcomer"]


def test_waiting_for_a_connection_ends(tmp_path: Path) -> None:
    """A request that waits longer than the timeout is refused, and delays no other request."""

    async def run() -> None:
        engine = make_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}", pool_size=1, timeout=1)
        async with engine.connect():
            with pytest.raises(PoolTimeout):
                await engine.connect()
        async with engine.connect():
            pass
        await engine.dispose()

    asyncio.run(run())


def test_other_violations_are_raised(sessions: Sessions, call: Call, guido: User) -> None:
    """Only a taken slug is retried: any other violation is raised immediately."""

    async def create() -> None:
        async with sessions.writing.begin() as session:
            draft = {"title": "", "description": "d", "body": "b"}
            await services.create_article(session, author=guido, **draft)

    with pytest.raises(IntegrityError):
        call(create)


def test_a_refused_commit(sessions: Sessions, call: Call, guido: User) -> None:
    """A commit that SQLite refuses ends its transaction, so that others can write."""

    async def refuse() -> None:
        async with sessions.writing() as session:
            session.add(Favorite(user_id=guido.id, article_id=10**9))
            await session.commit()

    async def write() -> None:
        async with sessions.writing.begin() as session:
            await services.create_article(
                session, author=guido, title="After it", description="d", body="b"
            )

    with pytest.raises(IntegrityError):
        call(refuse)
    assert sessions.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    call(write)


def test_streamed_rows_need_a_transaction(sessions: Sessions, call: Call) -> None:
    """PostgreSQL has cursors only in transactions, so all databases refuse them elsewhere."""

    async def read(make: Callable[[], AsyncSession]) -> list[str]:
        async with make() as session:
            rows = await session.stream_scalars(select(Article.slug))
            return [row async for row in rows]

    with pytest.raises(RuntimeError, match=r"sessions\.writing"):
        call(lambda: read(sessions.reading))
    assert call(lambda: read(sessions.writing))


@pytest.mark.parametrize("is_index", [True, False])
def test_a_violation_of_a_unique_column(sessions: Sessions, call: Call, is_index: bool) -> None:
    """A violation is recognized by the name of its unique constraint or unique index."""
    table = Table("coupons", Base.metadata, Column("code", String(9), unique=True, index=is_index))
    name = "ix_coupons_code" if is_index else "coupons_code_key"

    async def write() -> None:
        async with sessions.writing.begin() as session:
            await (await session.connection()).run_sync(table.create)
            await session.execute(insert(table), [{"code": "a"}, {"code": "a"}])

    try:
        with pytest.raises(IntegrityError) as caught:
            call(write)
        assert is_unique_violation(caught.value, name)
        assert not is_unique_violation(caught.value, "users_email_key")
    finally:
        Base.metadata.remove(table)


def test_attempts_end(
    sessions: Sessions, call: Call, guido: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If other writers take every slug, the retries end."""

    async def find_taken_slug(session: Any, *arguments: object) -> str:
        slug: str = await session.scalar(select(Article.slug).limit(1))
        return slug

    async def create() -> None:
        async with sessions.writing.begin() as session:
            draft = {"title": "x", "description": "d", "body": "b"}
            await services.create_article(session, author=guido, **draft)

    monkeypatch.setattr(services, "find_free_slug", find_taken_slug)
    with pytest.raises(Unavailable):
        call(create)


@pytest.mark.parametrize("password", ["triptych-demo", "wrong"])
def test_hashing_holds_no_connection(
    sessions: Sessions, client: TestClient, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """While a password is hashed, no connection is checked out of the pool."""
    taken: list[int] = []
    pool: Any = sessions.engine.pool

    class Hasher(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            taken.append(pool.checkedout())
            return super().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            taken.append(pool.checkedout())
            return super().verify(hash, password)

    hasher = Hasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "make_hasher", lambda strength: hasher)
    user = {"email": "guido@example.com", "password": password}
    login = client.post("/api/users/login", json={"user": user})
    new = {"username": f"new-{password}", "email": f"{password}@example.com"}
    client.post("/api/users", json={"user": {**new, "password": "a long password"}})
    if login.status_code == 200:
        token = {"Authorization": f"Token {login.json()['user']['token']}"}
        change = {"user": {"password": "triptych-demo"}}
        assert client.put("/api/user", json=change, headers=token).status_code == 200
    assert len(taken) >= 2
    assert set(taken) == {0}


def test_concurrent_hashing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most as many passwords are hashed at the same time as there are processors."""
    running: list[int] = []
    most = 0

    class Hasher(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal most
            running.append(1)
            most = max(most, len(running))
            time.sleep(0.01)
            running.pop()
            return ""

    async def hash_many() -> None:
        number = passwords.MAX_CONCURRENT * 4
        hashing = (passwords.hash_password("x", load_settings()) for _ in range(number))
        await asyncio.gather(*hashing)

    monkeypatch.setattr(passwords, "make_hasher", lambda strength: Hasher())
    call(hash_many)
    assert most == passwords.MAX_CONCURRENT


def test_counter_is_locked_last(sessions: Sessions, call: Call, guido: User) -> None:
    """The counter of events is the last row that a write locks before its event and its commit."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]).partition(" WHERE")[0])

    async def create() -> None:
        async with sessions.writing.begin() as session:
            draft = {"title": "Counted", "description": "d", "body": "b"}
            await services.create_article(session, author=guido, **draft)

    engine = sessions.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    call(create)
    event.remove(engine, "before_cursor_execute", note)
    assert [line.partition(" SET")[0].partition(" (")[0] for line in seen[-2:]] == [
        "UPDATE event_counter",
        "INSERT INTO events",
    ]


def test_a_slow_client_holds_no_connection(
    app: FastAPI, sessions: Sessions, call: Call, guido: User
) -> None:
    """The connection of a read is free again before the response is sent."""
    pool: Any = sessions.engine.pool
    taken: list[int] = []
    token = make_token(load_settings(), user_id=guido.id, version=guido.token_version)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/articles",
        "query_string": b"",
        "headers": [(b"host", b"x"), (b"authorization", f"Token {token}".encode())],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        taken.append(pool.checkedout())

    call(lambda: app({**scope}, receive, send))
    assert taken == [0, 0]


def test_reading_sessions_do_not_write(sessions: Sessions, call: Call, guido: User) -> None:
    """A session for reading has no transaction to roll back, so it refuses to write."""

    async def write() -> None:
        async with sessions.reading() as session:
            session.add(Article(author_id=guido.id, slug="x", title="x", description="d", body="b"))
            await session.flush()

    with pytest.raises(RuntimeError, match="only reads"):
        call(write)


def test_expired_events_are_found_by_their_time(
    sessions: Sessions, call: Call, guido: User
) -> None:
    """A write does not read the events that are kept."""
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    engine = sessions.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)

    async def write() -> None:
        async with sessions.writing.begin() as session:
            await services.create_article(
                session, author=guido, title="Planned", description="d", body="b"
            )

    call(write)
    event.remove(engine, "before_cursor_execute", note)
    [(statement, values)] = [each for each in seen if each[0].startswith("DELETE FROM events")]

    async def explain() -> Any:
        async with sessions.engine.connect() as connection:
            return await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)

    plan = call(explain).all()
    assert "USING INDEX events_created_idx" in str(plan)
