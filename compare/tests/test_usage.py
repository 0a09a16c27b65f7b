"""Errors of use: one line that says what to do, exit code 2, never a traceback."""

import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from compare.cli import main
from compare.run import state
from compare.run.apps import DJANGO, FLASK, ROOT
from compare.run.databases import GivenDatabase, sqlite_path, sqlite_url, usable_url
from compare.run.terminal import UsageError

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A `.triptych` of the test's own, in which nothing runs."""
    monkeypatch.setattr(state, "HOME", tmp_path)
    monkeypatch.setattr(state, "STATE", tmp_path / "up.json")
    return tmp_path


def complaint(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """The one line that the command says before it ends with exit code 2."""
    monkeypatch.setattr(sys, "argv", ["triptych", *shlex.split(command)])
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr()
    assert end.value.code == 2
    assert printed.out == ""
    assert printed.err.startswith("triptych: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("ups", "Did you mean 'up'?"),
        ("serve", "Missing argument 'APP'"),
        ("serve djagno", "there is no app 'djagno': give django or flask or fastapi"),
        ("serve flask --port http", "Invalid value for '--port'"),
        ("serve flask --server uvicorn", "give gunicorn or waitress"),
        ("serve flask --server waitress --workers 2", "leave out --workers"),
        ("serve flask --database mysql://x", "give sqlite:///… or postgresql://…"),
        (f"serve flask --database {NOWHERE}", "the database is out of reach"),
        ("up djagno", "there is no app 'djagno': give django or flask or fastapi"),
        (f"up --database {NOWHERE}", "the database is out of reach"),
        ("up --database sqlite:////no/such/folder/x", "there is no folder /no/such/folder"),
        ("up --database sqlite:///x --together", "leave out --postgres and --together"),
        ("up --database sqlite:///x --fresh", "never one that is your own"),
        (
            "diff create_artcle",
            "there is no operation, topic or file 'create_artcle': did you mean create_article",
        ),
        ("diff create_article flsk fastapi", "there is no app 'flsk'"),
        ("diff create_article flask", "flask alone differs from nothing"),
        ("diff --layer query", "there is no layer 'query': did you mean queries?"),
        ("diff --file comment/api.py", "did you mean comments/api.py"),
        ("diff get_tags --file comments/api.py", "exclude each other: give one"),
        ("diff get_tags --json", "--json is for the list of all operations: give it alone"),
        ("diff --topic error", "there is no topic 'error': did you mean errors"),
        (
            "diff zzz",
            "'zzz': ./triptych diff lists the operations, and docs/topics/ has the topics",
        ),
        ("diff comment/api.py", "did you mean comments/api.py"),
        ("diff get_health --layer queries", "get_health has no piece in queries"),
        ("diff errors --layer queries", "there is no operation 'errors'"),
        ("lab sleeping", "there is no experiment 'sleeping': give some of blocking, async"),
        ("lab --requests 51", "Invalid value for '--requests'"),
        ("lab --requests 50 --ms 500", "let the product be at most 20000"),
        ("lab --app rails", "there is no app 'rails'"),
        ("lab --svg /no/such/folder/x.svg", "there is no folder /no/such/folder"),
        ("load live", "Missing option '--app'"),
        ("load live --app flask --sockets many", "Invalid value for '--sockets'"),
        ("load live --app flask --database mysql", "Invalid value for '--database'"),
        ("parity --steps 0", "Invalid value for '--steps'"),
        ("parity --seed x", "Invalid value for '--seed'"),
        ("parity --replay /no/such/story", "/no/such/story cannot be read"),
        ("parity --replay /dev/null", "/dev/null is no story"),
        ("parity --replay /dev", "there is no story in /dev"),
        ("parity --replay /dev/null --seed 1", "leave out --seed and --one-database"),
        ("parity --one-database --postgres", "leave out --postgres"),
        ("mutants djagno", "there is no app 'djagno'"),
        ("mutants flask --sample 0", "Invalid value for '--sample'"),
        ("site bulid", "Invalid value for"),
        ("site build --output compare", "has something else in it"),
        ("site build --output README.md", "cannot be written"),
        ("ask GTE /api/tags", "'GTE' is no method: give one of GET, HEAD"),
        ("ask GET", "Missing argument 'PATH'"),
        ("ask GET api/tags", "'api/tags' is no path"),
        ("ask GET /api/tags", "nothing is running: start the apps with ./triptych up"),
    ],
)
def test_one_line(
    command: str,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What cannot be done is said in one line."""
    assert part in complaint(command, monkeypatch, capsys)


def test_taken_port(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A port on which something listens is named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = complaint(f"serve flask --port {port}", monkeypatch, capsys)
    assert f"port {port} cannot be used" in line


def test_taken_port_of_the_pages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` looks at the port of the pages before it starts anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = complaint(f"up --port {port}", monkeypatch, capsys)
    assert f"port {port} cannot be used" in line


def test_write_to_all_on_one_database(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A write to apps that share their database must name one of them."""
    ports = [replace(DJANGO, port=8001), replace(FLASK, port=8002)]
    with state.only_one(), state.announced(state.Running(ports, together=True)):
        line = complaint("ask POST /api/users", monkeypatch, capsys)
    assert "give it to one, with --only django" in line


def test_app_that_is_not_up(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An app that `up` was not told to start cannot be asked."""
    with state.only_one(), state.announced(state.Running([DJANGO], together=False)):
        line = complaint("ask GET /api/tags --only flask", monkeypatch, capsys)
    assert "flask is not running" in line


def test_up_that_was_killed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a killed `up` leaves behind is not believed, and the next one takes it away."""
    (home / "up.lock").touch()
    (home / "up.json").write_text(state.Running([DJANGO], together=False).to_json(), "utf-8")
    assert "nothing is running" in complaint("ask GET /api/tags", monkeypatch, capsys)
    with state.only_one():
        assert "nothing is running" in complaint("ask GET /api/tags", monkeypatch, capsys)


@pytest.mark.parametrize("name", ["a?b%41", "a b", "file:x"])
def test_sqlite_paths(name: str, tmp_path: Path) -> None:
    """A SQLite URL has the path as it stands in the file system."""
    path = tmp_path / name / "x.sqlite3"
    path.parent.mkdir()
    assert usable_url(sqlite_url(path)) == f"sqlite:///{path}"
    assert sqlite_path(sqlite_url(path)) == path
    assert not GivenDatabase(sqlite_url(path)).is_complete()
    assert path.exists()


def test_files_that_are_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder is refused before anything starts."""
    (tmp_path / "folder").mkdir()
    line = complaint(f"up --database sqlite:///{tmp_path}/folder", monkeypatch, capsys)
    assert "is a folder" in line
    (tmp_path / "text").write_text("no database at all, and long enough to be read" * 9, "utf-8")
    with pytest.raises(UsageError, match="file is not a database"):
        GivenDatabase(f"sqlite:///{tmp_path}/text").is_complete()


def test_paths_are_the_callers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A relative path is looked for where the launcher was called, not in the project."""
    monkeypatch.setenv("TRIPTYCH_CALLER", str(tmp_path))
    assert str(tmp_path / "no") in complaint("lab --svg no/x.svg", monkeypatch, capsys)
    assert str(tmp_path / "no") in complaint("parity --replay no", monkeypatch, capsys)
    assert usable_url("sqlite:///x.sqlite3") == sqlite_url(tmp_path / "x.sqlite3")
    (tmp_path / "pages").write_text("")
    assert str(tmp_path / "pages") in complaint("site build --output pages", monkeypatch, capsys)


def test_the_launcher_passes_the_callers_folder(tmp_path: Path) -> None:
    """The launcher tells the commands where it was called."""
    project = tmp_path / "project"
    (project / ".venv" / "bin").mkdir(parents=True)
    for place in (project, project / ".venv"):
        (place / "constraints.txt").touch()
    python = project / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$TRIPTYCH_CALLER"\n')
    python.chmod(0o755)
    launcher = shutil.copy(ROOT / "triptych", project)
    assert subprocess.check_output([launcher], cwd=tmp_path, text=True) == f"{tmp_path}\n"


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], []])
def test_help(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help groups the commands by what they are for, and says where to start."""
    monkeypatch.setattr(sys, "argv", ["triptych", *arguments])
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr()
    assert printed.err == ""
    for part in ("Run", "Read", "Prove", "Measure", "Start here: ./triptych up", "Exit codes"):
        assert part in printed.out


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` is that of the project."""
    monkeypatch.setattr(sys, "argv", ["triptych", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in {0, None}
    assert capsys.readouterr().out.startswith("triptych 0.")
