"""The engine, its sessions, and the setup of each connection."""

import selectors
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import psycopg
from flask import Flask, current_app, g
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Insert,
    Integer,
    Row,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, QueuePool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

SQLITE = "sqlite:///"
# How often a write is tried again because another writer took its unique value.
MAX_ATTEMPTS = 100
TOO_MANY_ATTEMPTS = f"other writers took the value first {MAX_ATTEMPTS} times"
# Connections are in autocommit for reads; a write changes the isolation level and restores it.
READING = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
# SQLite generates keys only for a column whose type is exactly INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")
# SQLAlchemy has no generic construct for what both databases support.
INSERTS: Mapping[str, Callable[..., Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
# Windows has no `poll`; on other systems `select` takes at most 1,024 files.
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)

# A row of a statement whose columns are chosen one by one.
type AnyRow = Row[*tuple[Any, ...]]


class Base(DeclarativeBase):
    pass


class json_list(FunctionElement[list[str]]):
    """The values of a group as one list: an aggregate whose name differs by database."""

    type = JSON()
    inherit_cache = True


@compiles(json_list, "postgresql")
def compile_for_postgresql(element: json_list, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})"


@compiles(json_list, "sqlite")
def compile_for_sqlite(element: json_list, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


def cascade(column: str) -> ForeignKey:
    """A foreign key with ON DELETE CASCADE, checked at the commit."""
    return ForeignKey(column, ondelete="CASCADE", deferrable=True, initially="DEFERRED")


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time; SQLite stores no time zone, so it is removed and added again."""

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


def violates(error: IntegrityError, *names: str) -> bool:
    """Whether the error is a violation of one of these unique constraints or indexes."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name in names)
    # SQLite's message names an index on an expression, but for a constraint its columns.
    failed = str(error.orig).removeprefix("UNIQUE constraint failed: ")
    return failed in {f"index '{name}'" for name in names} | {
        ", ".join(f"{table.name}.{column.name}" for column in constraint.columns)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and constraint.name in names
    }


def insert_unless_there(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> Insert:
    """An insert that leaves out the rows that would violate a unique constraint."""
    into = INSERTS[session.get_bind().dialect.name](model)
    statement: Insert = into.values(rows).on_conflict_do_nothing()
    return statement


class FairPool(QueuePool):
    """A pool that gives a free connection to the request that has waited longest.

    SQLAlchemy's own gives it to the request that asks next.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Reentrant: the garbage collector may return a forgotten connection in any thread, also in
        # one that holds this lock.
        self.changing = threading.RLock()
        self.free = self.size()
        self.waiting: deque[threading.Event] = deque()

    def _do_get(self) -> ConnectionPoolEntry:
        self.wait_for_turn()
        try:
            return super()._do_get()
        except BaseException:
            self.end_turn()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        self.end_turn()

    def wait_for_turn(self) -> None:
        turn = threading.Event()
        with self.changing:
            self.waiting.append(turn)
            self.hand_out()
        if turn.wait(self.timeout()):
            return
        with self.changing:
            if turn in self.waiting:
                self.waiting.remove(turn)
                raise PoolTimeout(f"no connection became free within {self.timeout()} seconds")

    def end_turn(self) -> None:
        with self.changing:
            self.free += 1
            self.hand_out()

    def hand_out(self) -> None:
        with suppress(IndexError):  # the collector was here in between
            while self.free and self.waiting:
                turn = self.waiting.popleft()
                self.free -= 1
                turn.set()


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that closes if the server does not answer a statement in time."""

    answer_timeout: float | None = None

    def wait(
        self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.answer_timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


def connect_to_postgres(database_url: str, timeout: int) -> BoundedConnection:
    """A connection on which no statement takes longer than `timeout` seconds; 0 is no bound."""
    parameters: dict[str, Any] = conninfo_to_dict(database_url)
    options = f"{parameters.get('options', '')} -c statement_timeout={timeout * 1000}".strip()
    connect_timeout = {"connect_timeout": timeout or 10}
    connection = BoundedConnection.connect(**(connect_timeout | parameters), options=options)
    # PostgreSQL ends the statement itself, unless it is stopped or cannot be reached.
    connection.answer_timeout = timeout + 0.5 if timeout else None
    return connection


def make_engine(database_url: str, *, pool_size: int = 0, timeout: int = 0) -> Engine:
    """An engine whose connections are in autocommit.

    Without a `pool_size` it keeps no connection. `timeout` is the bound, in seconds, for each
    wait: for a connection, for an answer, for a lock; 0 is no bound.
    """
    options: dict[str, Any] = {**READING, "poolclass": NullPool}
    if pool_size:
        options |= {"poolclass": FairPool, "pool_size": pool_size, "max_overflow": 0}
        options |= {"pool_timeout": timeout or None}
    if database_url.startswith(SQLITE):
        path = database_url.removeprefix(SQLITE)
        connect_args = {"timeout": timeout or 3600}
        url = URL.create("sqlite", database=path)
        engine = create_engine(url, connect_args=connect_args, **options)
        event.listen(engine, "connect", prepare_sqlite)
        return engine
    engine = create_engine(
        "postgresql+psycopg://",
        creator=partial(connect_to_postgres, database_url, timeout),
        **options,
    )
    event.listen(engine, "checkout", refuse_dropped)
    return engine


def with_transactions(engine: Engine) -> Engine:
    """The engine for writes, on the same pool: each of its connections is in a transaction."""
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
    cursor.close()


def refuse_dropped(
    connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection
) -> None:
    """Detect a connection that PostgreSQL has closed: an idle one has nothing to read.

    SQLAlchemy then takes another one; its `pool_pre_ping` costs each request a round trip.
    """
    with Selector() as unread:
        unread.register(record.driver_connection.pgconn.socket, selectors.EVENT_READ)  # type: ignore[union-attr]
        if unread.select(0):
            raise DisconnectionError


def begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock first: a read that becomes a write cannot wait for it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class Database:
    """The extension: a session for what a request reads, transactions for what it writes."""

    def init_app(self, app: Flask) -> None:
        config = app.config
        engine = make_engine(
            config["DATABASE_URL"],
            pool_size=config["DATABASE_POOL_SIZE"],
            timeout=config["DATABASE_TIMEOUT"],
        )
        app.extensions["database"] = Sessions(engine)
        app.teardown_appcontext(self.close)

    @property
    def sessions(self) -> "Sessions":
        """The makers of sessions of the current app."""
        return cast(Sessions, current_app.extensions["database"])

    @property
    def session(self) -> Session:
        """The session of the request that is being answered, for reading."""
        if "session" not in g:
            g.session = self.sessions.reading()
        return cast(Session, g.session)

    def begin(self) -> AbstractContextManager[Session]:
        """A session in a transaction of its own, which is committed where nothing is raised.

        It takes the place of the session for reading, so that a request has one connection.
        """
        self.close()
        return self.sessions.writing.begin()

    def close(self, _: BaseException | None = None) -> None:
        if "session" in g:
            g.pop("session").close()


class ReadOnlySession(Session):
    """A session of a connection in autocommit, where nothing could be rolled back."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("this session only reads: write in `with db.begin() as session`")


class Sessions:
    """Sessions over one engine: for reading without a transaction, for writing with one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.reading = sessionmaker(engine, class_=ReadOnlySession, expire_on_commit=False)
        self.writing = sessionmaker(with_transactions(engine), expire_on_commit=False)


db = Database()
