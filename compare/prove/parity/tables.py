"""Databases that are reset between stories: no rows, and ids that begin at 1 again."""

import sqlite3
from collections.abc import Iterator

import psycopg

from compare.run.databases import sqlite_path

SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
POSTGRES_NAMES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# The only row that the migrations leave in the project's tables.
RESET_COUNTER = "UPDATE event_counter SET value = 0"


class Tables:
    """A migrated database. Tables in which migrations insert rows, as in Django's, keep these."""

    def __init__(self, url: str) -> None:
        self._connection: sqlite3.Connection | psycopg.Connection
        if path := sqlite_path(url):
            self._connection = sqlite3.connect(
                path, timeout=10, autocommit=True, check_same_thread=False
            )
            self._connection.execute("PRAGMA synchronous = OFF")
            names = list(self._empty_tables(SQLITE_NAMES))
            self._statements = ["BEGIN IMMEDIATE", *(f'DELETE FROM "{name}"' for name in names)]
            listed = ", ".join(f"'{name}'" for name in names)
            self._statements.append(f"DELETE FROM sqlite_sequence WHERE name IN ({listed})")
        else:
            self._connection = psycopg.connect(url, autocommit=True)
            listed = ", ".join(f'"{name}"' for name in self._empty_tables(POSTGRES_NAMES))
            self._statements = ["BEGIN", f"TRUNCATE {listed} RESTART IDENTITY"]
        self._statements += [RESET_COUNTER, "COMMIT"]

    def _empty_tables(self, query: str) -> Iterator[str]:
        for (name,) in self._connection.execute(query).fetchall():
            if self._connection.execute(f'SELECT 1 FROM "{name}"').fetchone() is None:
                yield name

    def empty(self) -> None:
        for statement in self._statements:
            self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()
