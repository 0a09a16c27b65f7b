"""Child processes that do not outlive the test run."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# Run by the child before it becomes the command: asks the kernel for a signal when the parent dies.
# (`preexec_fn` would do the same in a fork, which Python warns of in a process with threads.)
WITH_FAREWELL = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, int(sys.argv[1])); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


# Those that no system opens connections from, unless it is told to.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on at the moment.

    The system itself would draw one of those from which it also opens connections: until the
    server listens there, one of them may have taken it.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with these settings, and none that it happens to have itself."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CONDUIT_", "PYTEST_"))}
    given = {name: value for name, value in settings.items() if value is not None}
    return {**inherited, "PYTHONUNBUFFERED": "1", **given}


def spawn(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: int,
    stderr: int,
    user: str | None = None,
    farewell: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C is the test run's to handle.

    Where the system can, it gets the farewell signal when the test run dies without a word.
    """
    options: dict[str, Any] = {}
    if user is not None:
        options["user"] = user
    elif sys.platform == "linux":
        command = [sys.executable, "-I", "-c", WITH_FAREWELL, str(int(farewell)), *command]
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        **options,
    )


def end(process: subprocess.Popen[bytes], how: int = signal.SIGTERM, patience: float = 10) -> None:
    """Ask a process to end, by its pid; after that kill what its session holds."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
