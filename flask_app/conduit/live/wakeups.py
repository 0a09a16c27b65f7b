"""When to look for new events: after each commit that may have written some, and regularly."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing

import psycopg

from .events import NOTIFICATIONS

# Seconds between checks without a notification, which can be lost with its connection.
POLL_INTERVAL = 5.0
SQLITE_POLL_INTERVAL = 0.02


def wakeups(database_url: str) -> Generator[None]:
    if database_url.startswith("sqlite:///"):
        return commits(database_url.removeprefix("sqlite:///"))
    return notifications(database_url)


def notifications(database_url: str) -> Generator[None]:
    """PostgreSQL notifies when a transaction that has written an event is committed."""
    connection = psycopg.connect(database_url, autocommit=True, connect_timeout=2)
    with connection:
        connection.execute(f"LISTEN {NOTIFICATIONS}")
        while True:
            yield
            for _ in connection.notifies(timeout=POLL_INTERVAL, stop_after=1):
                pass


def commits(path: str) -> Generator[None]:
    """SQLite counts the commits of other connections in shared memory, so reading it is cheap."""
    with closing(sqlite3.connect(path)) as connection:
        seen = None
        while True:
            version = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                yield
            time.sleep(SQLITE_POLL_INTERVAL)
