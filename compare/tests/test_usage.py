"""Usage errors: one line that says what to do, exit code 2, never a traceback."""

import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from compare.cli import FOLDERS, main
from compare.prove.test import PARTS
from compare.run import databases, state
from compare.run.apps import DJANGO, FLASK, ROOT, free_port
from compare.run.databases import GivenDatabase, sqlite_path, sqlite_url, usable_url
from compare.run.terminal import UsageError

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A separate `.triptych` folder for the test, without running apps."""
    monkeypatch.setattr(state, "HOME", tmp_path)
    monkeypatch.setattr(state, "STATE", tmp_path / "up.json")
    return tmp_path


def error_line(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """The one line that the command prints before it exits with exit code 2."""
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
        ("serve djagno", "there is no app 'djagno': give django, flask, fastapi"),
        ("serve flask --port http", "Invalid value for '--port'"),
        ("serve flask --server uvicorn", "give gunicorn or waitress"),
        ("serve flask --server waitress --workers 2", "leave out --workers"),
        ("serve flask --database mysql://x", "give sqlite, postgres, sqlite:///… or postgresql"),
        ("serve flask --database postgres", "give the URL of one"),
        (f"serve flask --database {NOWHERE}", "the database is out of reach"),
        ("up --app djagno", "there is no app 'djagno': give django, flask, fastapi"),
        (f"up --database {NOWHERE}", "the database is out of reach"),
        ("up --database sqlite:////no/such/folder/x", "there is no folder /no/such/folder"),
        ("up --database mysql", "there is no database 'mysql'"),
        ("up --database sqlite:///x --fresh", "never one that is your own"),
        (
            "diff create_artcle",
            "there is no operation, topic or file 'create_artcle': did you mean create_article",
        ),
        ("diff create_article --app flsk", "there is no app 'flsk'"),
        ("diff create_article --app flask", "give --app twice, or leave it out"),
        ("diff --layer query", "there is no layer 'query': did you mean queries?"),
        ("diff get_tags --json", "--json is for the list of all operations: give it alone"),
        ("diff error", "'error': did you mean errors"),
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
        ("lab --svg /dev", "/dev is a folder: give the path of a file"),
        ("lab --svg /proc/x.svg", "/proc cannot be written"),
        ("load live --app flask --sockets many", "Invalid value for '--sockets'"),
        ("load live --app flask --database mysql", "Invalid value for '--database'"),
        ("parity --steps 0", "Invalid value for '--steps'"),
        ("parity --seed x", "Invalid value for '--seed'"),
        ("parity --replay /no/such/story", "/no/such/story cannot be read"),
        ("parity --replay /dev/null", "/dev/null is not a valid story"),
        ("parity --replay /dev", "there is no story in /dev"),
        ("parity --replay /dev/null --seed 1", "leave out --steps, --seed and --one-database"),
        ("parity --replay /dev/null --steps 5", "leave out --steps, --seed and --one-database"),
        ("parity --one-database --database sqlite", "leave out --database sqlite"),
        ("nope", "No such command 'nope'. ./triptych --help lists the commands."),
        ("parity --database mysql", "Invalid value for '--database'"),
        ("test -e nope", "there is no part 'nope': give some of django, flask"),
        ("test run -e flask,mirorr", "there is no part 'mirorr': did you mean mirror?"),
        ("test -e=py312-nope -- -k x", "there is no part 'py312-nope'"),
        ("mutants djagno", "there is no app 'djagno'"),
        ("mutants flask --sample 0", "Invalid value for '--sample'"),
        ("site bulid", "Invalid value for"),
        ("site build --output compare", "has something else in it"),
        ("site build --output README.md", "cannot be written"),
        ("ask GTE /api/tags", "'GTE' is not a method: give one of GET, HEAD"),
        ("ask GET", "Missing argument 'PATH'"),
        ("ask GET api/tags", "'api/tags' is not a path"),
        ("ask GET /api/tags", "nothing is running: start the apps with ./triptych up"),
    ],
)
def test_one_line(
    command: str,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A usage error is reported in one line."""
    assert part in error_line(command, monkeypatch, capsys)


def test_taken_port(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A port on which something listens is named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = error_line(f"serve flask --port {port}", monkeypatch, capsys)
    assert f"port {port} cannot be used" in line


def test_taken_port_of_the_pages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` checks the port of the pages before it starts anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = error_line(f"up --port {port}", monkeypatch, capsys)
    assert f"port {port} cannot be used" in line


def test_write_to_all_on_one_database(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A write to apps that share their database must name one of them."""
    ports = [replace(DJANGO, port=8001), replace(FLASK, port=8002)]
    with state.only_one("up"), state.announced(state.Running(ports, one_database=True)):
        line = error_line("ask POST /api/users", monkeypatch, capsys)
    assert "send it to one app, with --app django" in line


def test_app_that_is_not_up(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An app that `up` has not started cannot get a request."""
    with state.only_one("up"), state.announced(state.Running([DJANGO], one_database=False)):
        line = error_line("ask GET /api/tags --app flask", monkeypatch, capsys)
    assert "flask is not running" in line


def test_up_that_was_killed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The state of a killed `up` is ignored, and the next `up` deletes it."""
    (home / "up.lock").touch()
    (home / "up.json").write_text(state.Running([DJANGO], one_database=False).to_json(), "utf-8")
    assert "nothing is running" in error_line("ask GET /api/tags", monkeypatch, capsys)
    with state.only_one("up"):
        state.remove_killed_state()
        assert "nothing is running" in error_line("ask GET /api/tags", monkeypatch, capsys)


@pytest.mark.parametrize(
    "command", ["up", "lab", "parity", "load live --app flask", "bench --only memory"]
)
def test_folder_that_cannot_be_written(
    command: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If `.triptych/` cannot be created, one line says what to do."""
    (home / "file").touch()
    monkeypatch.setattr(state, "HOME", home / "file" / ".triptych")
    line = error_line(command, monkeypatch, capsys)
    assert "cannot be written (Not a directory): make it writable, or set TRIPTYCH_HOME" in line


@pytest.mark.parametrize("command", ["status", "down", "up", "ask GET /api/tags"])
@pytest.mark.parametrize("text", ["", "{}", "[]", '{"ports": 3}'])
def test_damaged_state(
    command: str,
    text: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A state of `up` that cannot be read is reported in one line."""
    (home / "up.json").write_text(text)
    assert "up.json is damaged" in error_line(command, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("command", "name"),
    [("up", "up"), ("lab", "lab"), ("parity", "parity"), ("load live --app flask", "load")],
)
def test_two_at_once(
    command: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run of a command that needs the same folder is refused."""
    with state.only_one(name):
        line = error_line(command, monkeypatch, capsys)
    assert f"another ./triptych {name} is running: end it first" in line


@pytest.mark.parametrize("command", ["up --app flask", "serve flask"])
def test_locked_database(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A locked database is not treated as empty."""
    monkeypatch.setattr(databases, "LOCK_TIMEOUT", 0.1)
    path = tmp_path / "own.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE users (id)")
        connection.execute("BEGIN EXCLUSIVE")
        arguments = f"--database sqlite:///{path} --port {free_port(4)}"
        line = error_line(f"{command} {arguments}", monkeypatch, capsys)
        with pytest.raises(UsageError, match="database is locked"):
            GivenDatabase(sqlite_url(path)).is_complete()
    assert "cannot be used (database is locked): end what uses it, or give another" in line
    assert not GivenDatabase(sqlite_url(path)).is_complete()


@pytest.mark.parametrize("name", ["a?b%41", "a b", "file:x"])
def test_sqlite_paths(name: str, tmp_path: Path) -> None:
    """The path in a SQLite URL is used unchanged."""
    path = tmp_path / name / "x.sqlite3"
    path.parent.mkdir()
    assert usable_url(sqlite_url(path)) == f"sqlite:///{path}"
    assert sqlite_path(sqlite_url(path)) == path
    assert not GivenDatabase(sqlite_url(path)).is_complete()
    assert path.exists()


def test_files_that_are_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder is refused before anything starts, and a text file is not a database."""
    (tmp_path / "folder").mkdir()
    line = error_line(f"up --database sqlite:///{tmp_path}/folder", monkeypatch, capsys)
    assert "is a folder" in line
    (tmp_path / "text").write_text("no database at all, and long enough to be read" * 9, "utf-8")
    with pytest.raises(UsageError, match="file is not a database"):
        GivenDatabase(f"sqlite:///{tmp_path}/text").is_complete()


def test_paths_are_the_callers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A relative path is relative to the caller's folder, not to the project."""
    monkeypatch.setenv("TRIPTYCH_CALLER", str(tmp_path))
    assert str(tmp_path / "no") in error_line("lab --svg no/x.svg", monkeypatch, capsys)
    assert str(tmp_path / "no") in error_line("parity --replay no", monkeypatch, capsys)
    assert usable_url("sqlite:///x.sqlite3") == sqlite_url(tmp_path / "x.sqlite3")
    (tmp_path / "pages").write_text("")
    assert str(tmp_path / "pages") in error_line("site build --output pages", monkeypatch, capsys)


def test_the_launcher_passes_the_callers_folder(tmp_path: Path) -> None:
    """The launcher passes the folder of the caller to the commands."""
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


@pytest.mark.parametrize("command", [*FOLDERS, "load live"])
def test_help_of_each_command(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option has a sentence that ends with a period, and no name of a helper function."""
    monkeypatch.setattr(sys, "argv", ["triptych", *command.split(), "--help"])
    monkeypatch.setenv("COLUMNS", "250")
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    printed = capsys.readouterr().out
    assert "_named" not in printed
    options = [line for line in printed.splitlines() if line.startswith(("│ --", "│ *"))]
    assert options
    for line in options:
        text = line.strip("│ ").split("[default")[0].split("[required")[0].split("[env")[0]
        assert text.rstrip().endswith((".", "postgresql://…")), line


def test_help_of_the_tests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part of the tests has one line, which fits into a terminal."""
    monkeypatch.setattr(sys, "argv", ["triptych", "test", "--help"])
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main()
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert {"flask-postgres", "cross", "constraints"} <= PARTS.keys()
    for name, sentence in PARTS.items():
        assert f"{name} {sentence}" in lines


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the version of the project."""
    monkeypatch.setattr(sys, "argv", ["triptych", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in {0, None}
    assert capsys.readouterr().out.startswith("triptych 0.")
