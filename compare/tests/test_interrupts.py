"""Ctrl-C ends a command immediately, with exit code 130, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from compare.run import state
from compare.run.apps import FLASK, ROOT
from compare.run.processes import is_running

# Behaves like tox if a part is interrupted; the user must not see this output.
TOX = """
import signal, subprocess, sys
if "-e" not in sys.argv:
    sys.exit(7)
part = subprocess.Popen(["sleep", "600"])
signal.signal(signal.SIGINT, lambda *_: sys.exit(print("FAIL code -2", flush=True)))
print(part.pid, flush=True)
part.wait()
"""


@contextmanager
def triptych(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "compare", *arguments],
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ask_while_an_app_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ask` does not wait for the response."""
    monkeypatch.setattr(state, "HOME", tmp_path)
    monkeypatch.setattr(state, "STATE", tmp_path / "up.json")
    with socket.create_server(("127.0.0.1", 0)) as slow:
        apps = [replace(FLASK, port=slow.getsockname()[1])]
        with (
            state.only_one("up"),
            state.announced(state.Running(apps, one_database=False)),
            triptych("ask", "GET", "/api/tags", TRIPTYCH_HOME=str(tmp_path)) as asking,
            slow.accept()[0] as connection,
        ):
            assert connection.recv(3) == b"GET"
            asking.send_signal(signal.SIGINT)
            assert asking.communicate(timeout=30) == ("", "")
            assert asking.returncode == 130


@pytest.mark.parametrize("delay", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("arguments", ["--help", "diff"])
def test_interrupt_while_loading(arguments: str, delay: float) -> None:
    """While the command is being loaded, there is no traceback either."""
    for _ in range(5):
        with triptych(arguments) as loading:
            time.sleep(delay)
            loading.send_signal(signal.SIGINT)
            _, errors = loading.communicate(timeout=30)
        if not errors or "/compare/" in errors:
            break
        delay += 0.1  # Python itself was still starting
    assert errors == ""


def test_parity(tmp_path: Path) -> None:
    """`parity` ends its processes, and says so on standard error, which has no results."""
    with triptych("parity", TRIPTYCH_HOME=str(tmp_path)) as searching:
        assert searching.stdout
        assert searching.stdout.readline().startswith("The stories of seed")
        searching.send_signal(signal.SIGINT)
        printed = searching.communicate(timeout=30)
    assert printed == ("", "Stopped: nothing is left running.\n")
    assert searching.returncode == 130


@pytest.fixture
def tox(tmp_path: Path) -> str:
    """The path of a tox that only waits."""
    (tmp_path / "tox.py").write_text(TOX)
    return str(tmp_path)


def test_tests(tox: str) -> None:
    """The tests and their processes end, and are not reported as failed."""
    with triptych("test", "-e", "flask", PYTHONPATH=tox) as testing:
        assert testing.stdout
        part = psutil.Process(int(testing.stdout.readline()))
        testing.send_signal(signal.SIGINT)
        printed = testing.communicate(timeout=30)
    assert printed == ("", "Stopped: nothing is left running.\n")
    assert testing.returncode == 130
    assert not is_running(part)


def test_tests_that_fail(tox: str) -> None:
    """If tests fail, the exit code is 1, and a command that finds the first failure is shown."""
    with triptych("test", PYTHONPATH=tox) as testing:
        _, message = testing.communicate(timeout=30)
    assert testing.returncode == 1
    assert "./triptych test -e PART -- -x" in message
