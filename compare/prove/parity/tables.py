"""Databases made new between stories, from outside: no rows, and ids that begin at 1 again."""

import sqlite3
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from compare.run.databases import sqlite_path

# The one row that migrations leave in the project's tables.
RESET_COUNTER = "UPDATE event_counter SET value = 0"


class Tables(Protocol):
    """A migrated database; tables that have rows by now, such as Django's own, keep them."""

    def empty(self) -> None: ...

    def close(self) -> None: ...


def tables_of(url: str) -> Tables:
    path = sqlite_path(url)
    return SQLiteTables(path) if path else PostgresTables(url)


class SQLiteTables:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=10, autocommit=True, check_same_thread=False
        )
        self._connection.execute("PRAGMA synchronous = OFF")
        names = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        self._names = [name for (name,) in names.fetchall() if self._is_empty(name)]

    def _is_empty(self, name: str) -> bool:
        return self._connection.execute(f'SELECT 1 FROM "{name}"').fetchone() is None

    def empty(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for name in self._names:
            self._connection.execute(f'DELETE FROM "{name}"')
            self._connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", [name])
        self._connection.execute(RESET_COUNTER)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class PostgresTables:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        names = self._connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        self._names = [sql.Identifier(name) for (name,) in names.fetchall() if self._is_empty(name)]

    def _is_empty(self, name: str) -> bool:
        query = sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(name))
        return self._connection.execute(query).fetchone() is None

    def empty(self) -> None:
        names = sql.SQL(", ").join(self._names)
        with self._connection.transaction():
            self._connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
            self._connection.execute(RESET_COUNTER)

    def close(self) -> None:
        self._connection.close()
