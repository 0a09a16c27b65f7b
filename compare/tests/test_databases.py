"""The databases of `up`: a draft gets its name only when it is complete."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from compare.run import postgres
from compare.run.databases import GivenDatabase, SQLiteFile, sqlite_path, sqlite_url


def fill(url: str, name: str) -> None:
    """Write a user, and leave the write-ahead log in a separate file."""
    path = sqlite_path(url)
    assert path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE users (name)")
        connection.execute("INSERT INTO users VALUES (?)", [name])
        connection.commit()


def users(path: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name FROM users").fetchall()


def test_draft(tmp_path: Path) -> None:
    """An interrupted draft is not complete; a complete one replaces the old database."""
    database = SQLiteFile(tmp_path / "x.sqlite3")
    fill(database.start_draft(), "interrupted")
    assert not database.is_complete()
    for name in ("first", "second"):
        fill(database.start_draft(), name)
        database.finish_draft()
        assert database.is_complete()
        assert users(database.path) == [(name,)]
    assert [path.name for path in tmp_path.iterdir()] == ["x.sqlite3"]


def test_own_database(tmp_path: Path) -> None:
    """The database of a user is filled if it has no users, and is never replaced."""
    url = sqlite_url(tmp_path / "own.sqlite3")
    database = GivenDatabase(url)
    assert not database.is_complete()
    assert database.start_draft() == url
    fill(url, "somebody")
    database.finish_draft()
    assert database.is_complete()
    assert users(tmp_path / "own.sqlite3") == [("somebody",)]


@pytest.mark.skipif(not shutil.which("useradd"), reason="this system adds users in another way")
def test_program_that_adds_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's PATH may lack the program that adds the user for PostgreSQL."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 0)
    postgres.extend_path()
    assert shutil.which("useradd")
