"""The hub: one reader of the outbox in each process, for all of its sockets."""

import logging
import sqlite3
import threading
import time
from contextlib import closing

import psycopg
from flask import Config, Flask
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..database import Sessions
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
    """Reads events in its own thread, and wakes the threads of the sockets."""

    def __init__(self, config: Config, sessions: Sessions) -> None:
        self.config = config
        self.sessions = sessions
        self.backlog = Backlog()
        self.sockets: dict[Subscriptions, threading.Event] = {}
        self.changing = threading.Lock()
        self.reading: threading.Thread | None = None
        self.stopping = False
        # The newest event that was published.
        self.position: int | None = None

    def admit(self, subscriptions: Subscriptions) -> bool:
        """Admit a socket, unless all threads that are reserved for sockets are in use."""
        with self.changing:
            if self.stopping or len(self.sockets) >= self.config["LIVE_SOCKETS"]:
                return False
            self.sockets[subscriptions] = threading.Event()
            return True

    def join(self, subscriptions: Subscriptions, more: threading.Event) -> None:
        """Set `more` whenever there may be new events for the socket."""
        with self.changing:
            self.sockets[subscriptions] = more
            if self.reading is None:
                self.reading = threading.Thread(target=self.read, name="live events", daemon=True)
                self.reading.start()

    def leave(self, subscriptions: Subscriptions) -> None:
        with self.changing:
            self.sockets.pop(subscriptions, None)

    def stop(self) -> None:
        """Tell all sockets to close, before the server ends."""
        self.stopping = True
        self.wake()

    def read(self) -> None:
        """Publish events as they are committed; a failure is logged, and reading goes on."""
        while True:
            try:
                with closing(wakeups(self.config["DATABASE_URL"])) as signals:
                    for _ in signals:
                        self.catch_up()
            except DATABASE_ERRORS as error:
                log.warning("live events wait for the database: %s", str(error).partition("\n")[0])
                time.sleep(RETRY_INTERVAL)
            except Exception:
                log.exception("live events could not be read")
                time.sleep(FAILURE_INTERVAL)

    def catch_up(self) -> None:
        """Publish new events; the first call only finds the newest one."""
        with self.sessions.reading() as session:
            if self.position is None:
                self.position = services.get_newest(session)
                self.wake()
            while published := services.get_published(
                session, after=self.position, get_listeners=self.get_listeners
            ):
                self.position = published[-1].id
                self.backlog.extend(published)
                self.wake()

    def get_listeners(self) -> set[int]:
        """The users of sockets that have asked for their feed."""
        users = {socket.user_id for socket in tuple(self.sockets) if socket.subscribed_to_feed}
        return users - {None}  # type: ignore[return-value]

    def wake(self) -> None:
        """Wake all sockets: each waits for its own `threading.Event`."""
        for more in tuple(self.sockets.values()):
            more.set()


def register(app: Flask) -> None:
    app.extensions["hub"] = Hub(app.config, app.extensions["database"])
