"""One reader of the outbox a process, for all of its sockets."""

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

# Seconds until the next try: the database comes back by itself, a failure of ours may stay.
RETRY_INTERVAL = 0.2
FAILURE_INTERVAL = 2


class Hub:
    """Reads in a thread of its own, as Django's ORM does; all else is the event loop's."""

    def __init__(self) -> None:
        self.backlog = Backlog()
        self.sockets: set[Subscriptions] = set()
        self.more = asyncio.Event()
        self.reading: threading.Thread | None = None
        # The last event that was handed out: kept where a later read may fail.
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
        """Hand out events as they are committed; whatever fails is logged, and tried again."""
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
        """Hand out what is new, at first nothing."""
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
            connection.close()  # which no request does here

    def get_listeners(self) -> set[int]:
        """Those whose follows decide what they are told."""
        users = {socket.user_id for socket in tuple(self.sockets) if socket.asked_for_feed}
        return users - {None}  # type: ignore[return-value]

    def publish(self, published: list[PublishedEvent]) -> None:
        """Wake all sockets: each waits for the event that stood here when it last looked."""
        self.backlog.extend(published)
        self.more.set()
        self.more = asyncio.Event()


hub = Hub()
