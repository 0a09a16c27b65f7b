"""The guarantees of the database layer to the services."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Column, String, Table, event, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from conduit.accounts import passwords
from conduit.accounts.models import User
from conduit.articles import services
from conduit.articles.models import Article, Favorite
from conduit.database import db
from conduit.database.columns import Base
from conduit.database.constraints import is_unique_violation
from conduit.database.engine import make_engine
from conduit.errors import Unavailable


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def guido(context: None) -> User:
    user = db.session.scalars(select(User).where(User.username == "guido")).one()
    db.close()
    return user


def test_first_come_first_served(tmp_path: Path) -> None:
    """The request that has waited longest gets the next free connection."""
    engine = make_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}", pool_size=1, timeout=10)
    served: list[str] = []
    held = engine.connect()

    def ask(name: str) -> None:
        with engine.connect():
            served.append(name)
            time.sleep(0.01)

    waiting = [threading.Thread(target=ask, args=[name]) for name in ("first", "second", "third")]
    for number, thread in enumerate(waiting, start=1):
        thread.start()
        while len(engine.pool.waiting) < number:  # type: ignore[attr-defined]
            time.sleep(0.001)
    held.close()
    ask("newcomer")
    for thread in waiting:
        thread.join()
    assert served == ["first", "second", "third", "newcomer"]
    engine.dispose()


def test_waiting_for_a_connection_ends(tmp_path: Path) -> None:
    """A request that waits longer than the timeout is refused, and delays no other request."""
    engine = make_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}", pool_size=1, timeout=1)
    with engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()
    engine.connect().close()
    engine.dispose()


def test_other_violations_are_raised(guido: User) -> None:
    """Only a taken slug is retried: any other violation is raised immediately."""
    with pytest.raises(IntegrityError):
        services.create_article(author=guido, title="", description="d", body="b")


def test_a_refused_commit(app: Flask, guido: User) -> None:
    """A commit that SQLite refuses ends its transaction, so that others can write."""
    unknown = Favorite(user_id=guido.id, article_id=10**9)
    with pytest.raises(IntegrityError), db.sessions.writing() as session:
        session.add(unknown)
        session.commit()
    assert app.extensions["database"].engine.pool.checkedout() == 0
    services.create_article(author=guido, title="After it", description="d", body="b")


def test_streamed_rows_need_a_transaction(guido: User) -> None:
    """PostgreSQL has cursors only in transactions, so all databases refuse them elsewhere."""
    statement = select(Article.slug).execution_options(yield_per=1)
    with pytest.raises(RuntimeError, match=r"db\.begin"):
        db.session.scalars(statement)
    with db.begin() as session:
        assert next(session.scalars(statement))


@pytest.mark.parametrize("is_index", [True, False])
def test_a_violation_of_a_unique_column(context: None, is_index: bool) -> None:
    """A violation is recognized by the name of its unique constraint or unique index."""
    table = Table("coupons", Base.metadata, Column("code", String(9), unique=True, index=is_index))
    name = "ix_coupons_code" if is_index else "coupons_code_key"
    try:
        with pytest.raises(IntegrityError) as caught, db.begin() as session:
            table.create(session.connection())
            session.execute(insert(table), [{"code": "a"}, {"code": "a"}])
        assert is_unique_violation(caught.value, name)
        assert not is_unique_violation(caught.value, "users_email_key")
    finally:
        Base.metadata.remove(table)


def test_attempts_end(guido: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """If other writers take every slug, the retries end."""
    [slug] = db.session.scalars(select(Article.slug).limit(1))
    db.close()
    monkeypatch.setattr(services, "find_free_slug", lambda *arguments: slug)
    with pytest.raises(Unavailable):
        services.create_article(author=guido, title="x", description="d", body="b")


@pytest.mark.parametrize("password", ["triptych-demo", "wrong"])
def test_hashing_holds_no_connection(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """While a password is hashed, no connection is checked out of the pool."""
    taken: list[int] = []

    class Hasher(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            taken.append(app.extensions["database"].engine.pool.checkedout())
            return super().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            taken.append(app.extensions["database"].engine.pool.checkedout())
            return super().verify(hash, password)

    hasher = Hasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "make_hasher", lambda strength: hasher)
    user = {"email": "guido@example.com", "password": password}
    login = client.post("/api/users/login", json={"user": user})
    new = {"username": f"new-{password}", "email": f"{password}@example.com"}
    client.post("/api/users", json={"user": {**new, "password": "a long password"}})
    if login.status_code == 200:
        token = {"Authorization": f"Token {login.get_json()['user']['token']}"}
        change = {"user": {"password": "triptych-demo"}}
        assert client.put("/api/user", json=change, headers=token).status_code == 200
    assert len(taken) >= 2
    assert set(taken) == {0}


def test_concurrent_hashing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
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

    monkeypatch.setattr(passwords, "make_hasher", lambda strength: Hasher())

    def hash_one() -> None:
        with app.app_context():
            passwords.hash_password("x")

    threads = [threading.Thread(target=hash_one) for _ in range(passwords.MAX_CONCURRENT * 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == passwords.MAX_CONCURRENT


def test_counter_is_locked_last(app: Flask, guido: User) -> None:
    """The counter of events is the last row that a write locks before its event and its commit."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]).partition(" WHERE")[0])

    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", note)
    services.create_article(author=guido, title="Counted", description="d", body="b")
    event.remove(engine, "before_cursor_execute", note)
    assert [line.partition(" SET")[0].partition(" (")[0] for line in seen[-2:]] == [
        "UPDATE event_counter",
        "INSERT INTO events",
    ]


def test_expired_events_are_found_by_their_time(app: Flask, guido: User) -> None:
    """A write does not read the events that are kept."""
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", note)
    services.create_article(author=guido, title="Planned", description="d", body="b")
    event.remove(engine, "before_cursor_execute", note)
    [(statement, values)] = [each for each in seen if each[0].startswith("DELETE FROM events")]
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "USING INDEX events_created_idx" in str(plan)
