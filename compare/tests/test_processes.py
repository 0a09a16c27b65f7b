"""What the runner does with child processes that are late, fail or leave other processes."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from compare.run.processes import Group, Processes, Streams, TimedOut, is_running, run_to_end
from compare.run.terminal import Failed, KeptLog, LogFile

# Starts a process in a new session, prints its id, and keeps running.
PARENT = """
import subprocess, sys, time
print(subprocess.Popen(["sleep", "600"], start_new_session=True).pid, flush=True)
print("the reason", file=sys.stderr, flush=True)
time.sleep(float(sys.argv[1]))
sys.exit(3)
"""


def left(pid: int) -> bool:
    """Whether the process is still there; a killed one takes a moment to end."""
    end = time.monotonic() + 5
    while psutil.pid_exists(pid) and is_running(psutil.Process(pid)):
        if time.monotonic() > end:
            return True
        time.sleep(0.02)
    return False


def parent(seconds: float) -> list[str]:
    return [sys.executable, "-c", PARENT, str(seconds)]


def test_deadline(tmp_path: Path) -> None:
    """A command that is late is ended, and also the process that it started in another session."""
    record = KeptLog("parent")

    async def late() -> None:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            await processes.run(record, parent(600), cwd=tmp_path, env=dict(os.environ), timeout=3)

    with pytest.raises(Failed, match="did not end within 3 seconds: see its lines above"):
        run_to_end(late())
    assert not left(int(record.lines[0]))


def test_call_that_is_late(tmp_path: Path) -> None:
    """A caller can distinguish a command that is late from other failures."""

    async def late() -> None:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            await processes.call(KeptLog("sleep"), ["sleep", "600"], cwd=tmp_path, timeout=0.2)

    with pytest.raises(TimedOut, match="^sleep did not end within 0.2 seconds$"):
        run_to_end(late())


def test_last_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a command fails and its log is a file, the last lines of the file are shown."""
    log = LogFile("parent", tmp_path / "log")

    async def fail() -> None:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            await processes.run(log, parent(0), cwd=tmp_path, env=dict(os.environ))

    with pytest.raises(Failed, match=f"ended with exit code 3: see its lines in {tmp_path}/log"):
        run_to_end(fail())
    os.kill(int((tmp_path / "log").read_text().split()[0]), signal.SIGKILL)
    assert "  parent │ the reason\n" in capsys.readouterr().err


@pytest.mark.parametrize(("streams", "logged"), [("log", ["out", "err"]), ("pipes", ["err"])])
def test_streams(tmp_path: Path, streams: Streams, logged: list[str]) -> None:
    """The log has all that is printed, or only standard error if the streams are pipes."""
    record = KeptLog("printer")
    command = ["sh", "-c", "echo out; echo err >&2"]

    async def run() -> None:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            assert await processes.call(record, command, cwd=tmp_path, streams=streams) == 0

    run_to_end(run())
    assert record.lines == logged


def test_what_fails_first_is_raised() -> None:
    """If one of several tasks fails, its error is raised, and not an exception group."""

    async def fail() -> None:
        raise Failed("this one")

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(asyncio.sleep(600))

    with pytest.raises(Failed, match="this one"):
        run_to_end(work())


def test_process_that_has_ended() -> None:
    """The group of a process id that does not exist is empty."""
    assert Group.of(2**22 + 1).living() == []
