"""Sessions for reading and for writing."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from ..settings import Settings
from .engine import make_engine, with_transactions

# A row of a statement whose columns are chosen one by one.
type AnyRow = Row[*tuple[Any, ...]]


class ReadOnlySession(Session):
    """A session of a connection in autocommit, where nothing could be rolled back."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("this session only reads: write with another")


class Sessions:
    """Sessions over one engine: for reading without a transaction, for writing with one."""

    def __init__(self, settings: Settings) -> None:
        self.engine = make_engine(
            settings.database_url,
            pool_size=settings.database_pool_size,
            timeout=settings.database_timeout,
        )
        writing = AsyncEngine(with_transactions(self.engine.sync_engine))
        info = {"event_retention": settings.event_retention}
        self.reading = async_sessionmaker(
            self.engine, sync_session_class=ReadOnlySession, expire_on_commit=False, info=info
        )
        self.writing = async_sessionmaker(writing, expire_on_commit=False, info=info)


async def get_sessions(connection: HTTPConnection) -> Sessions:
    sessions: Sessions = connection.app.state.sessions
    return sessions


SessionsDep = Annotated[Sessions, Depends(get_sessions)]


async def get_read_session(sessions: SessionsDep) -> AsyncIterator[AsyncSession]:
    async with sessions.reading() as session:
        yield session


async def get_write_session(sessions: SessionsDep) -> AsyncIterator[AsyncSession]:
    """A session whose services write in `async with session.begin()`."""
    async with sessions.writing() as session:
        yield session


# With the scope of the function, a client that reads its response slowly keeps no connection.
ReadSession = Annotated[AsyncSession, Depends(get_read_session, scope="function")]

WriteSession = Annotated[AsyncSession, Depends(get_write_session, scope="function")]
