"""The engine, its sessions, and what SQLite has to be told on each connection."""

from datetime import UTC, datetime
from select import POLLIN, poll
from typing import Any, cast

from flask import Flask, current_app, g, request
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Integer,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from werkzeug.local import LocalProxy

from .settings import Settings

# A connection is made for reading; only who writes has to change and restore it.
READING = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# SQLite numbers rows by itself only where the key's type is INTEGER to the letter.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    pass


class json_list(FunctionElement[list[str]]):
    """The values of a group as one list: an aggregate that each database calls otherwise."""

    type = JSON()
    inherit_cache = True


@compiles(json_list, "postgresql")
def compile_for_postgresql(element: json_list, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})"


@compiles(json_list, "sqlite")
def compile_for_sqlite(element: json_list, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


def cascade(column: str) -> ForeignKey:
    """A foreign key whose rows go with the row that they point to, checked at the commit."""
    return ForeignKey(column, ondelete="CASCADE", deferrable=True, initially="DEFERRED")


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time; SQLite keeps no time zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.replace(tzinfo=UTC)


def get_engine(settings: Settings) -> Engine:
    """An engine with a pool of `DATABASE_POOL_SIZE` connections in autocommit."""
    url = make_url(settings.DATABASE_URL)
    pool = {"pool_size": settings.DATABASE_POOL_SIZE, "max_overflow": 0}
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, **pool, **READING)
        event.listen(engine, "connect", prepare_sqlite)
        return engine
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": 2},
        **pool,
        **READING,
    )
    event.listen(engine, "checkout", refuse_dropped)
    return engine


def with_transactions(engine: Engine) -> Engine:
    """The engine's pool for those who write: each of its connections is in a transaction."""
    if engine.dialect.name == "sqlite":
        writing = engine.execution_options(isolation_level="SERIALIZABLE")
        event.listen(writing, "begin", begin_immediate)
        return writing
    return engine.execution_options(isolation_level="READ COMMITTED")


def prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")  # safe with WAL, and no wait for the disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


def refuse_dropped(
    connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection
) -> None:
    """Notice a connection that PostgreSQL has dropped: on an idle one there is nothing to read.

    SQLAlchemy then takes another; its own way, `pool_pre_ping`, costs each request a round trip.
    """
    unread = poll()
    unread.register(record.driver_connection.pgconn.socket, POLLIN)  # type: ignore[union-attr]
    if unread.poll(0):
        raise DisconnectionError


def begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock at once: a read that becomes a write cannot wait for it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class Sessions:
    """Sessions over one engine: for reading without a transaction, for writing with one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.reading = sessionmaker(engine, expire_on_commit=False)
        self.writing = sessionmaker(with_transactions(engine), expire_on_commit=False)


def get_session() -> Session:
    if "session" not in g:
        sessions: Sessions = current_app.extensions["sessions"]
        g.session = sessions.reading() if request.method in SAFE_METHODS else sessions.writing()
    return cast(Session, g.session)


# The session of the request that is being answered.
session = cast(Session, LocalProxy(get_session))


def close_session(_: BaseException | None) -> None:
    if "session" in g:
        g.session.close()


def register(app: Flask, settings: Settings) -> None:
    app.extensions["sessions"] = Sessions(get_engine(settings))
    app.teardown_appcontext(close_session)
