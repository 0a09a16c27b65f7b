"""Sessions for reading and for writing."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy import Row, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState, Session
from starlette.requests import HTTPConnection

from ..settings import Settings
from .engine import make_engine, with_transactions

READ_ONLY = "this session only reads: write with a WriteSession"
NO_STREAM = "PostgreSQL streams rows only in a transaction: read with `sessions.writing()`"
# A row of a statement whose columns are chosen one by one.
type AnyRow = Row[*tuple[Any, ...]]


class ReadOnlySession(Session):
    """A session of a connection in autocommit, where nothing could be rolled back.

    It refuses changed objects, statements that write and streamed rows, but it cannot check
    `text()`, or what is executed on `connection()`.
    """

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

    def __init__(self, settings: Settings) -> None:
        self.engine = make_engine(
            settings.database_url,
            pool_size=settings.database_pool_size,
            timeout=settings.database_timeout,
        )
        # The engine for transactions, on the same pool; `engine` is in autocommit.
        self.writing_engine = AsyncEngine(with_transactions(self.engine.sync_engine))
        options: dict[str, Any] = {
            "expire_on_commit": False,
            # A closed session that is used again would open a connection that nobody returns.
            "close_resets_only": False,
            "info": {"event_retention": settings.event_retention},
        }
        self.reading = async_sessionmaker(
            self.engine, sync_session_class=ReadOnlySession, **options
        )
        self.writing = async_sessionmaker(self.writing_engine, **options)


async def get_sessions(connection: HTTPConnection) -> Sessions:
    sessions: Sessions = connection.app.state.sessions
    return sessions


SessionsDep = Annotated[Sessions, Depends(get_sessions)]


async def get_read_session(sessions: SessionsDep) -> AsyncIterator[AsyncSession]:
    async with sessions.reading() as session:
        yield session
        session.sync_session.flush()  # raises for changes that would be lost


async def get_write_session(sessions: SessionsDep) -> AsyncIterator[AsyncSession]:
    """A session in one transaction: committed when the handler returns, rolled back if it raises.

    It takes a connection at its first statement, so none is held while a password is hashed.
    """
    async with sessions.writing() as session:
        yield session
        await session.commit()  # a handler may have committed before


# With the scope of the function, a client that reads its response slowly keeps no connection.
ReadSession = Annotated[AsyncSession, Depends(get_read_session, scope="function")]
WriteSession = Annotated[AsyncSession, Depends(get_write_session, scope="function")]
