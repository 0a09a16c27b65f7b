"""The engine: its pool, its connections, and the setup of each one."""

import selectors
import threading
from collections import deque
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import (
    ConnectionPoolEntry,
    NullPool,
    PoolProxiedConnection,
    PoolResetState,
    QueuePool,
)

SQLITE = "sqlite:///"
# Connections are in autocommit for reads; a write changes the isolation level and restores it.
READING = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
# PostgreSQL's error if a prepared statement would return other types than before.
OUTDATED_PLAN = "RevalidateCachedQuery"
# Windows has no `poll`; on other systems `select` takes at most 1,024 files.
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class FairPool(QueuePool):
    """A pool that gives a free connection to the request that has waited longest.

    SQLAlchemy's own pool gives it to the next request that needs one.
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
        with suppress(IndexError):  # the garbage collector has run in between
            while self.free and self.waiting:
                turn = self.waiting.popleft()
                self.free -= 1
                turn.set()


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that closes if the server does not answer a statement in time.

    It also closes if a migration has changed what its prepared statements return. If PostgreSQL has
    closed it, the error is always an `OperationalError`.
    """

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
        except psycopg.InternalError as error:
            if self.broken:  # PostgreSQL has ended a transaction that was idle for too long
                raise psycopg.OperationalError(str(error)) from error
            raise
        except psycopg.errors.FeatureNotSupported as error:
            if error.diag.source_function == OUTDATED_PLAN:
                self.close()
            raise


def connect_to_postgres(database_url: str, timeout: int) -> BoundedConnection:
    """A connection on which no statement takes longer than `timeout` seconds; 0 means no limit."""
    given: dict[str, Any] = conninfo_to_dict(database_url)
    options = f"{given.get('options', '')} {bounds_of(timeout)}".strip()
    parameters: dict[str, Any] = {"connect_timeout": timeout or 10, **given, "options": options}
    connection = BoundedConnection.connect(**parameters)
    # PostgreSQL ends the statement itself, unless it is stopped or cannot be reached.
    connection.answer_timeout = timeout + 0.5 if timeout else None
    return connection


def bounds_of(timeout: int) -> str:
    """The timeouts that PostgreSQL enforces itself, also for a process that is suspended.

    Such a process would keep its locks for as long as its connection is open.
    """
    milliseconds = timeout * 1000
    return (
        f"-c statement_timeout={milliseconds}"
        f" -c idle_in_transaction_session_timeout={5 * milliseconds}"
    )


def make_engine(database_url: str, *, pool_size: int = 0, timeout: int = 0) -> Engine:
    """An engine whose connections are in autocommit.

    Without a `pool_size` it keeps no connection. `timeout` is the bound, in seconds, for each
    wait: for a connection, for an answer, for a lock; 0 means no limit.
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
        event.listen(engine, "reset", rollback_refused_commit)
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


def rollback_refused_commit(
    connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState
) -> None:
    """Roll back after a refused commit: SQLite keeps the transaction, unknown to SQLAlchemy."""
    connection.rollback()


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
