"""The engine, its sessions, and what SQLite has to be told on each connection."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from select import POLLIN, poll
from typing import Annotated, Any

from fastapi import Depends, Request
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
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

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


def get_engine(settings: Settings) -> AsyncEngine:
    """The engine of requests, with a pool of `database_pool_size` connections in autocommit."""
    url = make_url(settings.database_url)
    pool: dict[str, Any] = {"pool_size": settings.database_pool_size, "max_overflow": 0}
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), **pool, **READING)
    else:
        engine = create_async_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 2},
            **pool,
            **READING,
        )
    prepare(engine.sync_engine)
    return engine


def get_sync_engine(settings: Settings) -> Engine:
    """An engine for what runs outside the event loop: the start's checks and migrations."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, **READING)
    else:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 2},
            **READING,
        )
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
    else:
        event.listen(engine, "checkout", refuse_dropped)


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

    def __init__(self, engine: AsyncEngine) -> None:
        writing = AsyncEngine(with_transactions(engine.sync_engine))
        self.engine = engine
        self.reading = async_sessionmaker(engine, expire_on_commit=False)
        self.writing = async_sessionmaker(writing, expire_on_commit=False)


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    sessions: Sessions = request.app.state.sessions
    make = sessions.reading if request.method in SAFE_METHODS else sessions.writing
    async with make() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
