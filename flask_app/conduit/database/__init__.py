"""Sessions for reading and for writing."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask, current_app, g
from sqlalchemy import Engine, Row, event
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker

from .engine import make_engine, with_transactions

READ_ONLY = "this session only reads: write in `with db.begin() as session`"
NO_STREAM = "PostgreSQL streams rows only in a transaction: read in `with db.begin() as session`"
IN_USE = "another task or thread of this view is in a transaction: wait for it first"
# A row of a statement whose columns are chosen one by one.
type AnyRow = Row[*tuple[Any, ...]]


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
        """The session factories of the current app."""
        return cast(Sessions, current_app.extensions["database"])

    @property
    def session(self) -> Session:
        """The session of the request: for reading, or inside of `begin` for the transaction.

        A session belongs to one thread; a thread that a view starts needs an app context.
        """
        if "writing" in g and g.writer != current_writer():
            raise RuntimeError(IN_USE)
        if "session" not in g:
            g.session = self.sessions.reading()
        return cast(Session, g.session)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction, committed if nothing is raised; `db.session` is its session.

        Inside another one it is a savepoint. Objects that were loaded before it are detached.
        """
        if "writing" in g:
            with self.session.begin_nested():
                yield self.session
            return
        if "session" in g:
            g.session.flush()  # raises for changes from before
        self.close()  # so that the request has one connection
        with self.sessions.writing() as session:
            g.writing = g.session = session
            g.writer = current_writer()
            try:
                with session.begin():
                    yield session
            finally:
                del g.writing, g.session, g.writer

    def close(self, _: BaseException | None = None) -> None:
        """Return the connection of the read-only session; a transaction keeps its connection.

        Call it before a wait for something else; the next read takes another connection.
        """
        if "session" in g and "writing" not in g:
            g.pop("session").close()


def current_writer() -> tuple[int, asyncio.Task[Any] | None]:
    """The thread and, in an asynchronous view, the task that runs this."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return threading.get_ident(), task


class ReadOnlySession(Session):
    """A session of a connection in autocommit, where nothing could be rolled back.

    It refuses changed objects, statements that write and streamed rows, but it cannot check
    `text()`, or what is executed on `connection()`.
    """

    def commit(self) -> None:
        raise RuntimeError(READ_ONLY)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError(READ_ONLY)

    def bulk_save_objects(self, *args: Any, **options: Any) -> None:
        raise RuntimeError(READ_ONLY)

    bulk_insert_mappings = bulk_update_mappings = bulk_save_objects


@event.listens_for(ReadOnlySession, "do_orm_execute")
def refuse_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise RuntimeError(READ_ONLY)
    if state.execution_options.keys() & {"stream_results", "yield_per"}:
        raise RuntimeError(NO_STREAM)


class Sessions:
    """Sessions over one engine: for reading without a transaction, for writing with one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.reading = sessionmaker(engine, class_=ReadOnlySession, expire_on_commit=False)
        self.writing = sessionmaker(with_transactions(engine), expire_on_commit=False)


db = Database()
