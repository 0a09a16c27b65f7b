"""Databases for servers, and changes that tests make directly in them."""

import itertools
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

Row = tuple[Any, ...]

WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass(frozen=True)
class Database:
    """A database, given by its URL."""

    url: str

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL; otherwise it is SQLite."""
        return self.url.startswith("postgresql:")

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.removeprefix("sqlite:///"))

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """The rows that a query returns."""
        with self._connection() as connection:
            return list(connection.execute(self._native(statement), values).fetchall())

    def execute(self, statement: str, *values: Any) -> None:
        """Run a statement in its own transaction."""
        with self._connection() as connection:
            connection.execute(self._native(statement), values)

    def record(
        self, name: str, article_id: int, data: str, number: int, *, together: bool = False
    ) -> None:
        """Write events to the outbox, each in its own transaction, or all in one."""
        columns = "(id, name, article_id, author_id, data, created_at)"
        count = "UPDATE event_counter SET value = value + 1 RETURNING value"
        with self._connection() as connection:
            for _ in range(number):
                moment = datetime.now(UTC)
                if self.is_postgres:
                    # One statement, so that the test itself is not the slow part.
                    connection.execute(
                        f"WITH counted AS ({count}), written AS ("
                        f"INSERT INTO events {columns} "
                        "SELECT value, %s, %s, 1, %s, %s FROM counted RETURNING id) "
                        "SELECT pg_notify('conduit_events', '') FROM written",
                        (name, article_id, data, moment),
                    )
                else:
                    if not connection.in_transaction:
                        connection.execute("BEGIN IMMEDIATE")
                    [(event_id,)] = connection.execute(count).fetchall()
                    text = moment.replace(tzinfo=None).isoformat(" ")
                    connection.execute(
                        f"INSERT INTO events {columns} VALUES (?, ?, ?, 1, ?, ?)",
                        (event_id, name, article_id, data, text),
                    )
                if not together:
                    connection.commit()

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Block all other writers, as a slow writer would."""
        with self._connection() as connection:
            if self.is_postgres:
                connection.execute("LOCK TABLE users IN EXCLUSIVE MODE")
            else:
                connection.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def lock(self, statement: str) -> Iterator[None]:
        """Hold the locks of a statement until the block ends."""
        with self._connection() as connection:
            connection.execute(statement)
            yield

    def waiting(self) -> int:
        """The number of connections to this PostgreSQL database that wait for a lock."""
        [(number,)] = self.rows(f"SELECT count(*) {WAITING}")
        return int(number)

    def is_idle_in_transaction(self) -> bool:
        """Wait for the statement of the connection that has written; whether it then stays idle."""
        statement = (
            "SELECT state FROM pg_stat_activity "
            "WHERE datname = current_database() AND backend_xid IS NOT NULL"
        )
        while (states := self.rows(statement)) == [("active",)]:
            time.sleep(0.01)
        return states == [("idle in transaction",)]

    def cut_waiting(self) -> None:
        """Close the connections that wait for a lock."""
        self.execute(f"SELECT pg_terminate_backend(pid) {WAITING}")

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        connection: Any
        if self.is_postgres:
            connection = psycopg.connect(self.url, connect_timeout=5)
        else:
            connection = sqlite3.connect(self.path, timeout=60)
            connection.execute("PRAGMA foreign_keys = ON")
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _native(self, statement: str) -> str:
        return statement.replace("?", "%s") if self.is_postgres else statement


class Databases:
    """Creates databases of one kind: SQLite files in a folder, or PostgreSQL databases."""

    def __init__(self, folder: Path, postgres_url: str | None, prefix: str = "main") -> None:
        self._folder = folder
        self._postgres_url = postgres_url
        self._prefix = prefix
        self._numbers = itertools.count(1)

    @property
    def are_postgres(self) -> bool:
        """Whether they are PostgreSQL databases; otherwise they are SQLite files."""
        return self._postgres_url is not None

    def empty(self) -> Database:
        """An empty database."""
        name = f"conduit_{self._prefix}_{next(self._numbers)}"
        if self._postgres_url is None:
            return Database(f"sqlite:///{self._folder.resolve() / name}.sqlite3")
        return self._create(name, sql.SQL(""))

    def copy(self, original: Database) -> Database:
        """A copy of a database, to which no connection may be open."""
        if original.is_postgres:
            name = f"conduit_{self._prefix}_{next(self._numbers)}"
            template = sql.Identifier(original.url.rpartition("/")[2])
            return self._create(name, sql.SQL(" TEMPLATE {}").format(template))
        copy = self.empty()
        original.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(original.path, copy.path)
        return copy

    def _create(self, name: str, more: sql.Composable) -> Database:
        assert self._postgres_url is not None
        with psycopg.connect(self._postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), more))
        return Database(self._postgres_url.rpartition("/")[0] + "/" + name)
