"""When to look for new events: on each commit that may have brought some, and now and then."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing

import psycopg

from .events import NOTIFICATIONS

# Seconds. A notification can be lost with its connection, so nothing rests on it alone.
POLL_INTERVAL = 5.0
SQLITE_POLL_INTERVAL = 0.02


def wakeups(database_url: str) -> Generator[None]:
    if database_url.startswith("sqlite:///"):
        return commits(database_url.removeprefix("sqlite:///"))
    return notifications(database_url)


def notifications(database_url: str) -> Generator[None]:
    """PostgreSQL says when a transaction that has written an event is committed."""
    connection = psycopg.connect(database_url, autocommit=True, connect_timeout=2)
    with connection:
        connection.execute(f"LISTEN {NOTIFICATIONS}")
        while True:
            yield
            for _ in connection.notifies(timeout=POLL_INTERVAL, stop_after=1):
                pass


def commits(path: str) -> Generator[None]:
    """SQLite counts the commits of others, in memory that they share: a glance costs little."""
    with closing(sqlite3.connect(path)) as connection:
        seen = None
        while True:
            version = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                yield
            time.sleep(SQLITE_POLL_INTERVAL)
