"""`status` and `down`, also for processes that a killed `up` has left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from compare.run.apps import ROOT, free_port
from compare.run.processes import Group
from compare.run.state import Running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def triptych(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compare", *arguments],
        cwd=ROOT,
        env=os.environ | {"TRIPTYCH_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start_up(home: Path, app: str, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "compare", "up", "--app", app, "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"TRIPTYCH_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def left(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that a killed `up` has left, and its state."""
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    (home / "up.json").write_text(Running([], False, groups=[Group.of(process.pid)]).to_json())
    yield process
    process.kill()
    process.wait()


def test_nothing_runs(home: Path) -> None:
    """Where nothing runs, `status` exits with 1, and `down` has nothing to do."""
    assert triptych(home, "status").returncode == 1
    ended = triptych(home, "down")
    assert (ended.returncode, ended.stdout) == (0, "Nothing is running.\n")


def test_up_refuses_what_is_left(home: Path, left: subprocess.Popen[bytes]) -> None:
    """`up` does not start while processes of a killed `up` are running, and says what to do."""
    ended = triptych(home, "up", "--app", "flask", "--port", str(free_port()))
    assert ended.returncode == 2
    assert "run ./triptych down" in ended.stderr
    assert "left processes" in triptych(home, "status").stderr


def test_down_ends_what_is_left(home: Path, left: subprocess.Popen[bytes]) -> None:
    """`down` ends the processes that a killed `up` has left, and deletes its state."""
    assert triptych(home, "down").returncode == 0
    assert left.wait(5) == -signal.SIGTERM
    assert not (home / "up.json").exists()


def test_a_process_of_another_start_is_not_ours(left: subprocess.Popen[bytes]) -> None:
    """A process that has the id of an ended process is not signalled."""
    started = psutil.Process(left.pid).create_time()
    assert Group(left.pid, started).living()
    assert not Group(left.pid, started - 60).living()


def test_down_while_up_starts(home: Path) -> None:
    """`down` ends an `up` that has not started everything yet; two `down` have the same result."""
    with start_up(home, "fastapi", free_port(4)) as up:
        while not (home / "up.json").exists():
            assert up.poll() is None
            time.sleep(0.01)
        assert "the apps are starting" in triptych(home, "status").stderr
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(lambda _: triptych(home, "down"), range(2)))
        assert [each.returncode for each in ended] == [0, 0]
        assert up.communicate(timeout=30)[1] == "Stopped: nothing is left running.\n"
    assert up.returncode == 0


def test_status_and_down_of_up(home: Path) -> None:
    """`status` shows the apps, `ask` sends a request, `down` ends them; `up` reports an end."""
    port = free_port(4)
    with start_up(home, "flask", port) as up:
        assert up.stdout and up.stderr
        next(line for line in up.stdout if "Ctrl-C ends everything" in line)
        shown = json.loads(triptych(home, "status", "--json").stdout)
        assert shown["apps"] == {"flask": f"http://127.0.0.1:{port + 2}"}
        asked = triptych(home, "ask", "GET", "/api/tags", "--json")
        assert asked.returncode == 0
        [response] = json.loads(asked.stdout)["responses"]
        assert (response["app"], response["status"]) == ("flask", 200)
        assert response["body"]["tags"]
        for pages in psutil.Process(up.pid).children():
            if "compare.read.site.server" in pages.cmdline():
                pages.kill()
        assert "pages ended with exit code -9: the apps go on without it" in up.stderr.readline()
        assert triptych(home, "down").returncode == 0
        up.communicate(timeout=30)
    assert up.returncode == 0
    assert triptych(home, "status").returncode == 1
