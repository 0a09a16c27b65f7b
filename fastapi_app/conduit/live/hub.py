"""The hub: one reader of the outbox in each process, for all of its sockets."""

import asyncio
import logging
import sqlite3
from contextlib import aclosing, suppress
from typing import Annotated

import psycopg
from fastapi import Depends
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import HTTPConnection

from ..database import Sessions
from ..settings import Settings
from . import services
from .subscriptions import Backlog, Subscriptions
from .wakeups import wakeups

log = logging.getLogger("conduit.live")

DATABASE_ERRORS = (
    *(OperationalError, InterfaceError, PoolTimeout),
    *(psycopg.Error, sqlite3.Error, OSError),
)
# Seconds before a retry, after a database error and after any other error.
RETRY_INTERVAL = 0.2
FAILURE_INTERVAL = 2


class Hub:
    """Reads events in its own task, and wakes the tasks of the sockets."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self.settings = settings
        self.sessions = sessions
        self.backlog = Backlog()
        self.sockets: set[Subscriptions] = set()
        self.more = asyncio.Event()
        self.reading: asyncio.Task[None] | None = None
        # The newest event that was published.
        self.position: int | None = None

    def join(self, subscriptions: Subscriptions) -> None:
        self.sockets.add(subscriptions)
        if self.reading is None:
            self.reading = asyncio.create_task(self.read())

    def leave(self, subscriptions: Subscriptions) -> None:
        self.sockets.discard(subscriptions)

    async def stop(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
            with suppress(asyncio.CancelledError):
                await self.reading

    async def read(self) -> None:
        """Publish events as they are committed; a failure is logged, and reading goes on."""
        while True:
            try:
                async with aclosing(wakeups(self.settings.database_url)) as signals:
                    async for _ in signals:
                        await self.catch_up()
            except DATABASE_ERRORS as error:
                log.warning("live events wait for the database: %s", str(error).partition("\n")[0])
                await asyncio.sleep(RETRY_INTERVAL)
            except Exception:
                log.exception("live events could not be read")
                await asyncio.sleep(FAILURE_INTERVAL)

    async def catch_up(self) -> None:
        """Publish new events; the first call only finds the newest one."""
        async with self.sessions.reading() as session:
            if self.position is None:
                self.position = await services.get_newest(session)
                self.wake()
            while published := await services.get_published(
                session, after=self.position, get_listeners=self.get_listeners
            ):
                self.position = published[-1].id
                self.backlog.extend(published)
                self.wake()

    def get_listeners(self) -> set[int]:
        """The users of sockets that have asked for their feed."""
        users = {socket.user_id for socket in self.sockets if socket.subscribed_to_feed}
        return users - {None}  # type: ignore[return-value]

    def wake(self) -> None:
        """Wake all sockets: each waits for the `asyncio.Event` that it took before it read."""
        self.more.set()
        self.more = asyncio.Event()


async def get_hub(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


HubDep = Annotated[Hub, Depends(get_hub)]
