"""Child processes that share one log and end together, also if this process is killed."""

import asyncio
import os
import pwd
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Literal, Self

import psutil
import typer

from compare.run.terminal import Failed, ProcessLog, err

RUN_TIMEOUT = 300.0
"""Timeout in seconds for a command that is expected to end."""
POLL_INTERVAL = 0.05
LOG_TIMEOUT = 1.0
"""Seconds to wait for the last lines of a process that has ended."""
MAX_CHUNK = 1 << 16
MAX_LINE = 1 << 30
"""Bytes of a line that is read from a pipe: a line can hold the figures of a whole run."""
CLOCK_TOLERANCE = 5.0
"""The start time of a process is computed from the boot time, which changes with the clock."""

type Streams = Literal["log", "pipes", "terminal"]
"""What the streams of a child are: its log, pipes with the errors as its log, or the terminal."""

# Run by the child before it becomes the command: asks Linux for a signal when its parent dies,
# which may have happened by then. (`preexec_fn` would do the same in a fork, which Python warns
# of in a process with threads.) It changes its user first, since this resets that signal.
END_WITH_PARENT = """
import ctypes, os, sys
end_signal, parent, user = map(int, sys.argv[1:4])
os.setreuid(user, user)
ctypes.CDLL(None).prctl(1, end_signal)
if os.getppid() != parent:
    sys.exit(1)
os.execvp(sys.argv[4], sys.argv[4:])
"""


class TimedOut(Failed):
    """A command that did not end in its time."""


@dataclass(frozen=True)
class Group:
    """A process that leads a process group, by its id and its start time."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0)

    def leader(self) -> psutil.Process | None:
        """The process; None if it has ended, since its id may belong to another process now."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) <= CLOCK_TOLERANCE:
                return process
        return None

    def living(self) -> list[psutil.Process]:
        """The processes of the group; none if the id now belongs to another process."""
        if psutil.pid_exists(self.pid) and not self.leader():
            return []
        return [each for each in psutil.process_iter() if self.has(each)]

    def has(self, process: psutil.Process) -> bool:
        with suppress(ProcessLookupError):
            return os.getpgid(process.pid) == self.pid and is_running(process)
        return False


def is_running(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def descendants(child: "Child") -> list[psutil.Process]:
    with suppress(psutil.Error):
        if child.process.returncode is None:
            return psutil.Process(child.process.pid).children(recursive=True)
    return []


def signal_living(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Signal the processes that still run; psutil compares their start times."""
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


@dataclass(frozen=True)
class Child:
    log: ProcessLog
    process: Process
    group: Group
    reader: asyncio.Task[None]


class Processes:
    """What was started inside the `async with` block has ended when the block is left.

    `grace` is the number of seconds between the signal to stop and the kill.
    """

    def __init__(self, *, stop_signal: signal.Signals = signal.SIGTERM, grace: float = 5.0) -> None:
        self._stop_signal = stop_signal
        self._grace = grace
        self._children: list[Child] = []
        self._has_ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._has_ended = True
        await self.stop(*self._children)

    async def stop(self, *children: Child) -> None:
        """End these children, and what they have started."""
        # Also what a child has started in other groups, such as the servers of a test run.
        others = [each for child in children for each in descendants(child)]
        # The whole group: a server's workers may outlive it.
        signal_living(living(children), self._stop_signal)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                while living(children) or any(map(is_running, others)):
                    await asyncio.sleep(POLL_INTERVAL)
        signal_living([*living(children), *others], signal.SIGKILL)
        await asyncio.gather(*(child.process.wait() for child in children))
        # A process that is not ours may hold the log open.
        if readers := [child.reader for child in children]:
            _, open_readers = await asyncio.wait(readers, timeout=LOG_TIMEOUT)
            for reader in open_readers:
                reader.cancel()
            await asyncio.gather(*open_readers, return_exceptions=True)
        self._children = [child for child in self._children if child not in children]

    async def start(
        self,
        log: ProcessLog,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        streams: Streams = "log",
    ) -> Child:
        if sys.platform == "linux":
            number = pwd.getpwnam(user).pw_uid if user else os.getuid()
            values = map(str, (int(self._stop_signal), os.getpid(), number))
            command = [sys.executable, "-I", "-S", "-c", END_WITH_PARENT, *values, *command]
            user = None
        # A pipe of our own: what asyncio makes must be closed by all before the process counts as
        # ended, and a server's worker may outlive it.
        reading, writing = os.pipe()
        stdin, stdout, stderr = {
            "log": (DEVNULL, writing, writing),
            "pipes": (PIPE, PIPE, writing),
            "terminal": (None, None, None),
        }[streams]
        reader = asyncio.create_task(show_lines(log, reading))
        try:
            # In a new session, Ctrl-C does not reach it: we end the children in order.
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env=env,
                user=user,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                limit=MAX_LINE,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        child = Child(log, process, Group.of(process.pid), reader)
        self._children.append(child)
        if self._has_ended:
            # Another task was starting it when this block was left.
            await self.stop(child)
            raise Failed(f"{log.name} was not started: all are being ended")
        return child

    async def call(
        self,
        log: ProcessLog,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        streams: Streams = "log",
    ) -> int:
        """Run a command to its end, and return its exit code; `TimedOut` if it is late."""
        child = await self.start(log, command, cwd=cwd, env=env, streams=streams)
        try:
            async with asyncio.timeout(timeout):
                return await child.process.wait()
        except TimeoutError:
            raise TimedOut(f"{log.name} did not end within {timeout:g} seconds") from None
        finally:
            await self.stop(child)

    async def run(
        self,
        log: ProcessLog,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float = RUN_TIMEOUT,
    ) -> None:
        """Run a command to its end; raises `Failed` unless it succeeds."""
        try:
            code = await self.call(log, command, cwd=cwd, env=env, timeout=timeout)
            problem = f"ended with exit code {code}" if code else ""
        except TimedOut:
            problem = f"did not end within {timeout:g} seconds"
        if problem:
            raise failure(log, f"{log.name}: `{' '.join(command)}` {problem}")


def living(children: Iterable[Child]) -> list[psutil.Process]:
    return [process for child in children for process in child.group.living()]


def failure(log: ProcessLog, problem: str) -> Failed:
    """The error to raise for a process, whose last lines are shown if they are not yet."""
    for line in log.unseen_lines():
        err.print(f"{log.name:>8} │ {line}", markup=False, soft_wrap=True)
    return Failed(f"{problem}: see its lines {log.where}")


async def first_end(children: Iterable[Child]) -> None:
    """Wait until one of the children ends, which none of them should."""

    async def end(child: Child) -> None:
        code = await child.process.wait()
        # Its last lines first; but workers that outlive it may hold the log open.
        await asyncio.wait([child.reader], timeout=LOG_TIMEOUT)
        raise Failed(f"{child.log.name} ended by itself with exit code {code}")

    await asyncio.gather(*map(end, children))


def cancel_on_signals(received: list[signal.Signals]) -> None:
    """Cancel the calling task on Ctrl-C, SIGTERM and SIGHUP."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: signal.Signals) -> None:
        # Only once: a second Ctrl-C must not interrupt the shutdown.
        for each in signals:
            loop.add_signal_handler(each, lambda: None)
        received.append(number)
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop, number)


def run_to_end[T](work: Coroutine[Any, Any, T], *, ordinary: Collection[signal.Signals] = ()) -> T:
    """Run the work; a signal ends it in order, with exit code 130, or 0 if it is in `ordinary`."""
    received: list[signal.Signals] = []

    async def do() -> T:
        cancel_on_signals(received)
        return await work

    try:
        return asyncio.run(do())
    except asyncio.CancelledError:
        err.print("Stopped: nothing is left running.")
        raise typer.Exit(0 if received[0] in ordinary else 130) from None
    except ExceptionGroup as group:  # of parallel tasks: raise the first error
        raise group.exceptions[0] from None


async def show_lines(log: ProcessLog, number: int) -> None:
    """Write the lines of a pipe to the log, and close the pipe at the end."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), FileIO(number)
    )
    # Not readline(), which fails on a line longer than its buffer.
    rest = b""
    try:
        while chunk := await stream.read(MAX_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            log.write(*(line.decode(errors="replace") for line in lines))
        if rest:
            log.write(rest.decode(errors="replace"))
    finally:
        transport.close()
