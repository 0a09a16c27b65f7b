"""When to look for new events: after each commit that may have written some, and regularly."""

import asyncio
from collections.abc import AsyncGenerator

import aiosqlite
import psycopg

from .events import NOTIFICATIONS

# Seconds between checks without a notification, which can be lost with its connection.
POLL_INTERVAL = 5.0
SQLITE_POLL_INTERVAL = 0.02


def wakeups(database_url: str) -> AsyncGenerator[None]:
    if database_url.startswith("sqlite:///"):
        return commits(database_url.removeprefix("sqlite:///"))
    return notifications(database_url)


async def notifications(database_url: str) -> AsyncGenerator[None]:
    """PostgreSQL notifies when a transaction that has written an event is committed."""
    connection = await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, connect_timeout=2
    )
    async with connection:
        await connection.execute(f"LISTEN {NOTIFICATIONS}")
        while True:
            yield
            async for _ in connection.notifies(timeout=POLL_INTERVAL, stop_after=1):
                pass


async def commits(path: str) -> AsyncGenerator[None]:
    """SQLite counts the commits of other connections in shared memory, so reading it is cheap."""
    async with aiosqlite.connect(path) as connection:
        seen = None
        while True:
            cursor = await connection.execute("PRAGMA data_version")
            version = await cursor.fetchone()
            if version != seen:
                seen = version
                yield
            await asyncio.sleep(SQLITE_POLL_INTERVAL)
