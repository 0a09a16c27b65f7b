"""The SQL statements that an app executes, read from PostgreSQL's log."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psycopg

from compare.measure.bench import servers
from compare.run.terminal import Failed

ENTRY = re.compile(r"^(?P<database>\S*) (?P<kind>LOG|DETAIL):  ", re.MULTILINE)
STATEMENT = re.compile(r"(?:statement|execute [^:]*): ")
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
TIMEOUT = 10.0
INTERVAL = 0.05


@asynccontextmanager
async def logged_statements(server_url: str, database: str) -> AsyncIterator[list[str]]:
    """After the block the list has all statements that were executed inside, in their order."""
    statements: list[str] = []
    await asyncio.to_thread(switch, server_url, "all")
    try:
        start = await flush(server_url)
        yield statements
        end = await flush(server_url)
        log = log_text()[start:end]
    finally:
        await asyncio.to_thread(switch, server_url, "none")
    statements += statements_in(log, database)


def switch(server_url: str, kind: str) -> None:
    """Make PostgreSQL log all statements, or none, and wait until it does."""
    end = time.monotonic() + TIMEOUT
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET log_statement = '{kind}'")
        connection.execute("SELECT pg_reload_conf()")
    while time.monotonic() < end:
        # If a new connection has the setting, the other connections were told before.
        with psycopg.connect(server_url) as connection:
            if connection.execute("SHOW log_statement").fetchone() == (kind,):
                return
        time.sleep(INTERVAL)
    raise Failed("PostgreSQL did not apply a setting of its log")


async def flush(server_url: str) -> int:
    """Wait until everything that was executed so far is in the log; returns where it ends."""
    mark = secrets.token_hex()

    def execute() -> None:
        with psycopg.connect(server_url) as connection:
            connection.execute(f"SELECT '{mark}'")

    await asyncio.to_thread(execute)
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if (place := log_text().find(mark)) >= 0:
            return place
        await asyncio.sleep(INTERVAL)
    raise Failed("PostgreSQL did not log a statement")


def log_text() -> str:
    return (servers.FOLDER / "postgres.log").read_text("utf-8", errors="replace")


def statements_in(log: str, database: str) -> list[str]:
    """The statements in a part of PostgreSQL's log, with their parameters filled in."""
    statements: list[str] = []
    entries = list(ENTRY.finditer(log))
    ends = [*(entry.start() for entry in entries[1:]), len(log)]
    for entry, end in zip(entries, ends, strict=False):
        text = log[entry.end() : end].replace("\n\t", "\n").strip()
        if entry["database"] != database:
            continue
        if found := STATEMENT.match(text):
            statements.append(" ".join(text[found.end() :].split()))
        elif text.startswith("Parameters: ") and statements:
            statements[-1] = with_values(statements[-1], dict(PARAMETER.findall(text)))
    return statements


def with_values(statement: str, values: Mapping[str, str]) -> str:
    """The statement with its parameters, such as `$1`, replaced."""
    return re.sub(r"\$(\d+)", lambda found: values.get(found[1], found[0]), statement)
