"""The launcher and its processes in hostile environments."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import psutil
import pytest

from compare.run.apps import ROOT, free_port

TRIPTYCH = ROOT / "triptych"
# Each of these once broke something.
OTHER_TOOLS = {
    "PIP_USER": "1",
    "PYTHON_GIL": "0",
    "PYTHONHASHSEED": "nothing",
    "PYTHONSAFEPATH": "1",
    "PYTHONOPTIMIZE": "2",
    "DJANGO_SETTINGS_MODULE": "nothing.settings",
    "ALEMBIC_CONFIG": "/nonexistent.ini",
    "UVICORN_ROOT_PATH": "/elsewhere",
    "GUNICORN_CMD_ARGS": "--bind 127.0.0.1:1",
    "WEB_CONCURRENCY": "7",
    "SCRIPT_NAME": "/elsewhere",
    "FLASK_APP": "nothing",
}
PROXIES = {
    "http_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "SSL_CERT_FILE": "/nonexistent",
}
# Each of these makes psycopg connect to another server.
POSTGRES = {"PGHOSTADDR": "127.0.0.1", "PGSERVICE": "nothing"}


def run(
    *command: str | Path, variables: Mapping[str, str], cwd: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | variables
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, timeout=60)


def test_link_from_elsewhere(tmp_path: Path) -> None:
    """The launcher finds its folder through links, also relative ones, with any `CDPATH`."""
    (tmp_path / "far").symlink_to(TRIPTYCH)
    (tmp_path / "near").symlink_to("far")
    (tmp_path / "here").mkdir()
    usual = run(TRIPTYCH, "diff", variables={})
    linked = run("../near", "diff", cwd=tmp_path / "here", variables={"CDPATH": f"{tmp_path}:/"})
    relative = run(
        f"{ROOT.name}/triptych", "diff", cwd=ROOT.parent, variables={"CDPATH": str(tmp_path)}
    )
    assert (linked.returncode, linked.stderr, linked.stdout) == (0, b"", usual.stdout)
    assert (relative.returncode, relative.stderr, relative.stdout) == (0, b"", usual.stdout)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_other_encodings(encoding: str) -> None:
    """A character that the encoding of the terminal lacks is shown as a question mark."""
    ended = run(TRIPTYCH, "diff", "get_tags", variables={"PYTHONIOENCODING": encoding})
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert b"get_tags" in ended.stdout


def test_output_that_nobody_reads() -> None:
    """A closed pipe ends a command without a message, as is usual."""
    command = f"'{TRIPTYCH}' diff create_article | head -1"
    ended = run("bash", "-c", f"set -o pipefail; {command}", variables={})
    assert ended.returncode in {0, 1}
    assert ended.stderr == b""
    assert ended.stdout.startswith(b"create_article")


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("./triptych di", [b"differences", b"diff"]),
        ("./triptych up --app fl", [b"flask"]),
        ("./triptych ask OP", [b"OPTIONS"]),
        ("./triptych load live --database s", [b"sqlite"]),
    ],
)
def test_completion(words: str, completions: list[bytes]) -> None:
    """Shell completion offers the commands, the apps and the other possible values."""
    asked = {
        "_TRIPTYCH_COMPLETE": "complete_bash",
        "COMP_WORDS": words.replace(" ", "\n"),
        "COMP_CWORD": str(words.count(" ")),
    }
    ended = run(TRIPTYCH, variables=asked)
    assert (sorted(ended.stdout.split()), ended.stderr) == (sorted(completions), b"")


def test_full_disk() -> None:
    """If nothing can be written, one line says so."""
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [TRIPTYCH, "diff"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"triptych: ")
    assert ended.stderr.count(b"\n") == 1


def test_closed_streams() -> None:
    """If a stream is closed from the start, nothing is printed to it; the command still works."""
    printed = run("sh", "-c", f"'{TRIPTYCH}' diff get_tags >&-", variables={})
    assert (printed.returncode, printed.stdout, printed.stderr) == (1, b"", b"")
    for nowhere in ("2>&-", "2>/dev/full"):
        refused = run("sh", "-c", f"'{TRIPTYCH}' diff nothing {nowhere}", variables={})
        assert (refused.returncode, refused.stdout, refused.stderr) == (2, b"", b"")


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """Not a folder of pytest: each run of pytest resets the permissions of these folders."""
    with TemporaryDirectory(prefix="triptych-") as folder:
        yield Path(folder)


@contextmanager
def up(
    home: Path, variables: Mapping[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`up`, after it has printed the addresses of the apps."""
    port = free_port(4)
    with (home / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [TRIPTYCH, "up", "--port", str(port), *arguments],
            env=os.environ | variables | {"TRIPTYCH_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if b"Ctrl-C" in line:
                break
        else:
            pytest.fail(f"it did not start: {lines} {(home / 'errors').read_bytes()!r}")
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            process.stdout.close()


def test_up_with_variables_of_other_tools(tmp_path: Path) -> None:
    """The apps respond with the variables of other tools, and continue after the log is closed."""
    with up(tmp_path, OTHER_TOOLS | PROXIES) as (process, port):
        assert process.stdout is not None
        process.stdout.close()
        asked = run(
            TRIPTYCH,
            *("ask", "GET", "/api/articles?limit=1", "--as", "guido"),
            variables=PROXIES | {"TRIPTYCH_HOME": str(tmp_path)},
        )
        with httpx2.Client(trust_env=False) as client:
            documents = [
                client.get(f"http://127.0.0.1:{port + number}/api/openapi.json").json()
                for number in (1, 2, 3)
            ]
            # More lines than a pipe holds.
            statuses = {
                client.get(f"http://127.0.0.1:{port + number}/api/nothing{'x' * 200}").status_code
                for _ in range(700)
                for number in (1, 2, 3)
            }
    assert (asked.returncode, asked.stderr) == (0, b"")
    assert b"200 OK from django" in asked.stdout
    assert all(document["paths"]["/api/tags"]["get"]["summary"] for document in documents)
    assert statuses == {404}
    assert process.returncode == 0
    assert (tmp_path / "errors").read_text("utf-8").count("nothing more can be printed") == 1


def ask_much(port: int) -> set[int]:
    """The statuses of requests whose log lines are more than a pipe holds."""
    with httpx2.Client(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/api/nothing{'x' * 200}"
        return {client.get(url).status_code for _ in range(1000)}


def test_up_with_blocked_output(tmp_path: Path) -> None:
    """The apps respond, and a signal ends them, while a pager has stopped reading."""
    with up(tmp_path, {}, "--app", "flask") as (process, port):
        assert ask_much(port + 2) == {404}
    assert process.returncode == 0


def test_up_without_any_output(tmp_path: Path) -> None:
    """The apps continue if neither logs nor errors can be written."""
    port = free_port(4)
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(
            [TRIPTYCH, "up", "--app", "flask", "--port", str(port)],
            env=os.environ | {"TRIPTYCH_HOME": str(tmp_path)},
            stdout=full,
            stderr=full,
        )
    try:
        state = tmp_path / "up.json"
        wait_for(lambda: state.exists() and '"running"' in state.read_text())
        assert ask_much(port + 2) == {404}
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child if its parent ends")
def test_up_that_is_killed(own_folder: Path) -> None:
    """If `up` is killed, all its processes end, and the next `up` starts as usual."""
    # A path that would mean something else in a URL, and variables that name other servers.
    folder = own_folder / "a%41 b+c"
    folder.mkdir()
    own_folder.chmod(0o755)
    odd = POSTGRES | {"TMPDIR": str(folder)}
    with up(own_folder, odd, "--database", "postgres") as (process, port):
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) > 5
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert alive == []
        home = {"TRIPTYCH_HOME": str(own_folder)}
        shown = run(TRIPTYCH, "status", variables=home)
        asked = run(TRIPTYCH, "ask", "GET", "/api/tags", variables=home)
    assert (shown.returncode, asked.returncode) == (1, 2)
    assert b"nothing is running" in shown.stderr
    assert b"nothing is running" in asked.stderr
    assert run(TRIPTYCH, "down", variables=home).stdout == b"Nothing is running.\n"
    assert not (own_folder / "up.json").exists()
    with up(own_folder, odd, "--app", "flask", "--database", "postgres") as (process, _):
        pass
    assert process.returncode == 0, (own_folder / "errors").read_bytes()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
