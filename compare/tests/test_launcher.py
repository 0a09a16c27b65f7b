"""The launcher and what it starts, in surroundings that mean no good."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from compare.apps import ROOT, free_port

TRIPTYCH = ROOT / "triptych"
# Each of these once broke something.
OTHER_TOOLS = {
    "PIP_USER": "1",
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


def run(
    *command: str | Path, variables: Mapping[str, str], cwd: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | variables
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, timeout=60)


def test_link_from_elsewhere(tmp_path: Path) -> None:
    """It finds its folder through links, relative ones too, and whatever `CDPATH` says."""
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
    """What the terminal has no character for is shown as a question mark."""
    ended = run(TRIPTYCH, "diff", "get_tags", variables={"PYTHONIOENCODING": encoding})
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"get_tags" in ended.stdout


def test_output_that_nobody_reads() -> None:
    """A pipe that is closed ends a command without a word, as everywhere."""
    command = f"'{TRIPTYCH}' diff create_article | head -1"
    ended = run("bash", "-c", f"set -o pipefail; {command}", variables={})
    assert ended.returncode in {0, 1}
    assert ended.stderr == b""
    assert ended.stdout.startswith(b"create_article")


def test_full_disk() -> None:
    """Where nothing can be written, one line says so."""
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [TRIPTYCH, "diff"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"triptych: ")
    assert ended.stderr.count(b"\n") == 1


@contextmanager
def up(home: Path, variables: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`up` with all three apps, once it has said where they are; then its output is closed."""
    port = free_port(4)
    with (home / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [TRIPTYCH, "up", "--port", str(port)],
            env=os.environ | variables | {"TRIPTYCH_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if b"Ctrl-C" in line:
                break
        process.stdout.close()
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def test_up_in_a_hostile_environment(tmp_path: Path) -> None:
    """The apps answer whatever other tools and proxies are set, and go on without a log."""
    with up(tmp_path, OTHER_TOOLS | PROXIES) as (process, port):
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
