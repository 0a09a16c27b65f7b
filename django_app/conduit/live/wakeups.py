"""When to look for new events: after each commit that may have written some, and regularly."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing

import psycopg
from django.db import connection

from .events import NOTIFICATIONS

# Seconds between checks without a notification, which can be lost with its connection.
POLL_INTERVAL = 5.0
SQLITE_POLL_INTERVAL = 0.02


def wakeups() -> Generator[None]:
    if connection.vendor == "sqlite":
        return commits(connection.get_connection_params()["database"])
    return notifications()


def notifications() -> Generator[None]:
    """PostgreSQL notifies when a transaction that has written an event is committed."""
    # Not from the pool, whose connections are each used for one request.
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as listening:
        listening.execute(f"LISTEN {NOTIFICATIONS}")
        while True:
            yield
            for _ in listening.notifies(timeout=POLL_INTERVAL, stop_after=1):
                pass


def commits(path: str) -> Generator[None]:
    """SQLite counts the commits of other connections in shared memory, so reading it is cheap."""
    with closing(sqlite3.connect(path)) as watching:
        seen = None
        while True:
            version = watching.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                yield
            time.sleep(SQLITE_POLL_INTERVAL)
