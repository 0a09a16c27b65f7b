"""The hub: one reader of the outbox in each process, for all of its sockets."""

import asyncio
import logging
import sqlite3
import threading
import time
from contextlib import closing

import psycopg
from django.db import OperationalError, connection

from . import services
from .subscriptions import Backlog, PublishedEvent, Subscriptions
from .wakeups import wakeups

log = logging.getLogger("conduit.live")

# Seconds before a retry, after a database error and after any other error.
RETRY_INTERVAL = 0.2
FAILURE_INTERVAL = 2


class Hub:
    """Reads in its own thread, since the ORM is synchronous; the rest runs on the event loop.

    It belongs to one loop and ends with the process: tests of sockets replace `join`.
    """

    def __init__(self) -> None:
        self.backlog = Backlog()
        self.sockets: set[Subscriptions] = set()
        self.more = asyncio.Event()
        self.reading: threading.Thread | None = None
        # The newest event that was published.
        self.position: int | None = None

    def join(self, subscriptions: Subscriptions) -> None:
        self.sockets.add(subscriptions)
        if self.reading is None:
            self.loop = asyncio.get_running_loop()
            self.reading = threading.Thread(target=self.read, name="live events", daemon=True)
            self.reading.start()

    def leave(self, subscriptions: Subscriptions) -> None:
        self.sockets.discard(subscriptions)

    def read(self) -> None:
        """Publish events as they are committed; a failure is logged, and reading goes on."""
        while True:
            try:
                with closing(wakeups()) as signals:
                    for _ in signals:
                        self.catch_up()
            except (OperationalError, psycopg.Error, sqlite3.Error, OSError) as error:
                log.warning("live events wait for the database: %s", str(error).partition("\n")[0])
                time.sleep(RETRY_INTERVAL)
            except Exception:
                log.exception("live events could not be read")
                time.sleep(FAILURE_INTERVAL)

    def catch_up(self) -> None:
        """Publish new events; the first call only finds the newest one."""
        try:
            if self.position is None:
                self.position = services.get_newest()
                self.loop.call_soon_threadsafe(self.publish, [])
            while published := services.get_published(
                after=self.position, get_listeners=self.get_listeners
            ):
                self.position = published[-1].id
                self.loop.call_soon_threadsafe(self.publish, published)
        finally:
            connection.close()  # no request closes it in this thread

    def get_listeners(self) -> set[int]:
        """The users of sockets that have asked for their feed."""
        users = {socket.user_id for socket in tuple(self.sockets) if socket.subscribed_to_feed}
        return users - {None}  # type: ignore[return-value]

    def publish(self, published: list[PublishedEvent]) -> None:
        """Wake all sockets: each waits for the `asyncio.Event` that it took before it read."""
        self.backlog.extend(published)
        self.more.set()
        self.more = asyncio.Event()


hub = Hub()
