"""Child processes that share one log and end together, also where this one is killed."""

import asyncio
import os
import pwd
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from compare.run.terminal import Failed, Voice

# Run by the child before it becomes the command: asks Linux for a signal when its parent dies,
# which may have happened by then. (`preexec_fn` would do the same in a fork, which Python warns
# of in a process with threads.) It takes its user first, since that takes the wish back.
END_WITH_PARENT = """
import ctypes, os, sys
end_signal, parent, user = map(int, sys.argv[1:4])
os.setreuid(user, user)
ctypes.CDLL(None).prctl(1, end_signal)
if os.getppid() != parent:
    sys.exit(1)
os.execv(sys.argv[4], sys.argv[4:])
"""


@dataclass(frozen=True)
class Child:
    voice: Voice
    process: Process
    log: asyncio.Task[None]


class Processes:
    """What was started inside the `async with` block has ended when the block is left."""

    def __init__(self, *, stop_signal: signal.Signals, grace: float) -> None:
        self._stop_signal = stop_signal
        self._grace = grace
        self._children: list[Child] = []
        self._has_ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._has_ended = True
        self._signal(self._stop_signal)
        ends = [asyncio.create_task(child.process.wait()) for child in self._children]
        if ends:
            await asyncio.wait(ends, timeout=self._grace)
        self._signal(signal.SIGKILL)
        logs = [child.log for child in self._children]
        await asyncio.gather(*ends, *logs, return_exceptions=True)

    def _signal(self, number: signal.Signals) -> None:
        # To the whole group: a server's workers may outlive it.
        for child in self._children:
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, number)

    async def start(
        self,
        voice: Voice,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> Child:
        if sys.platform == "linux":
            number = pwd.getpwnam(user).pw_uid if user else os.getuid()
            values = map(str, (int(self._stop_signal), os.getpid(), number))
            command = [sys.executable, "-I", "-S", "-c", END_WITH_PARENT, *values, *command]
            user = None
        # A session of its own keeps the terminal's Ctrl-C away: the order of the end is ours.
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=env,
            user=user,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        if self._has_ended:
            # It was being started by a task beside the one that has left the block.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise Failed(f"{voice.name} was not started: all are being ended")
        assert process.stdout is not None
        log = asyncio.create_task(show_lines(voice, process.stdout))
        child = Child(voice, process, log)
        self._children.append(child)
        return child

    async def run(
        self, voice: Voice, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> None:
        """Run a command to its end, which must be a good one."""
        child = await self.start(voice, command, cwd=cwd, env=env)
        code = await child.process.wait()
        await child.log
        if code:
            raise Failed(
                f"{voice.name}: `{' '.join(command)}` ended with exit code {code}:"
                f" see its lines {voice.where}"
            )


async def first_end(children: Iterable[Child]) -> None:
    """Wait until one of the children ends, which none of them should."""

    async def end(child: Child) -> None:
        code = await child.process.wait()
        # Its last lines first; but workers that outlive it may hold the log open.
        await asyncio.wait([child.log], timeout=0.5)
        raise Failed(f"{child.voice.name} ended by itself with exit code {code}")

    await asyncio.gather(*map(end, children))


def cancel_on_signals() -> None:
    """Let Ctrl-C, and whatever else asks for the end, cancel the task that calls this."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop() -> None:
        # Once: a second Ctrl-C must not cut the orderly end short.
        for number in signals:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop)


async def show_lines(voice: Voice, stream: asyncio.StreamReader) -> None:
    # Not readline(): that one gives up on a line longer than its buffer.
    rest = b""
    while chunk := await stream.read(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        voice.say(*(line.decode(errors="replace") for line in lines))
    if rest:
        voice.say(rest.decode(errors="replace"))
