"""The databases of `up`: SQLite files, databases of the embedded PostgreSQL, or a given one.

A database is filled under the name of a draft and gets its own name only when it is complete,
so an interrupted first run leaves nothing that looks finished.
"""

import os
import sqlite3
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import urlsplit

import psycopg
import typer
from psycopg import sql

from compare.run.terminal import UsageError, caller_path

SQLITE = "sqlite:///"
POSTGRES = "postgresql://"
LOCK_TIMEOUT = 2.0


class Kind(StrEnum):
    """What stores the data: files, or the PostgreSQL that is installed as a package."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


KindOption = Annotated[
    Kind,
    typer.Option(
        "--database", help="Use SQLite files, or the PostgreSQL that is installed as a package."
    ),
]
OneDatabaseOption = Annotated[
    bool,
    typer.Option(
        "--one-database",
        help="Use one database for all apps, on PostgreSQL unless --database is given.",
    ),
]


def sqlite_url(path: Path) -> str:
    """`sqlite:///` and the unchanged path: nothing is encoded, not even `?` and `%`."""
    return f"{SQLITE}{path}"


def sqlite_path(url: str) -> Path | None:
    """The file of the URL, not decoded either; None for PostgreSQL, whose URL is a libpq URI."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


class Database(Protocol):
    url: str

    def is_complete(self) -> bool: ...

    def start_draft(self) -> str:
        """Make an empty database to be filled, and give its URL."""

    def finish_draft(self) -> None:
        """Give the draft the final name, and remove the database that had this name before."""


class SQLiteFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = path.with_name(f"{path.name}-draft")
        self.url = sqlite_url(path)

    def is_complete(self) -> bool:
        return self.path.exists()

    def start_draft(self) -> str:
        remove_sqlite(self.draft)
        return sqlite_url(self.draft)

    def finish_draft(self) -> None:
        # The write-ahead log is a separate file, which a rename would leave behind.
        with closing(sqlite3.connect(self.draft)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        remove_sqlite(self.path)
        self.draft.rename(self.path)


class PostgresDatabase:
    def __init__(self, server_url: str, name: str) -> None:
        self.server_url = server_url
        self.name = name
        self.draft = f"{name}_draft"
        self.url = self._url(name)

    def _url(self, name: str) -> str:
        return urlsplit(self.server_url)._replace(path=f"/{name}").geturl()

    def is_complete(self) -> bool:
        with psycopg.connect(self.server_url) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(query, [self.name]).fetchone() is not None

    def start_draft(self) -> str:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.draft)
        self._execute("CREATE DATABASE {}", self.draft)
        return self._url(self.draft)

    def finish_draft(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
        self._execute("ALTER DATABASE {} RENAME TO {}", self.draft, self.name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class GivenDatabase:
    """A database of the user: filled if it has no users yet, never dropped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_complete(self) -> bool:
        try:
            if path := sqlite_path(self.url):
                with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT)) as connection:
                    return connection.execute("SELECT 1 FROM users").fetchone() is not None
            with psycopg.connect(self.url) as postgres:
                return postgres.execute("SELECT 1 FROM users").fetchone() is not None
        except psycopg.errors.UndefinedTable:
            return False
        except (sqlite3.Error, psycopg.Error) as error:
            # SQLite has one code for all errors in a statement: here it means a missing table.
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                return False
            reason = str(error).splitlines()[0]
            raise UsageError(
                f"the database cannot be used ({reason}): end what uses it, or give another"
            ) from None

    def start_draft(self) -> str:
        return self.url

    def finish_draft(self) -> None:
        pass


def usable_url(url: str) -> str:
    """The URL with an absolute path, after a check that its database can be used."""
    if path := sqlite_path(url):
        # The apps run in different folders: a relative path would mean three files.
        path = caller_path(str(path))
        if path.is_dir():
            raise UsageError(f"{path} is a folder: give the path of a file for the database")
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent} for the database: make it first")
        if path.exists():
            GivenDatabase(sqlite_url(path)).is_complete()
        return sqlite_url(path)
    if not url.startswith(POSTGRES):
        raise UsageError(
            f"there is no database {url!r}: give sqlite, postgres, sqlite:///… or postgresql://…"
        )
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"the database is out of reach ({reason}): start it, or give another --database"
        ) from None
    return url


def settings_for(url: str | None) -> dict[str, str]:
    """The environment of an app on this database."""
    return os.environ | ({"CONDUIT_DATABASE_URL": url} if url else {})


def remove_sqlite(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
