"""Child processes that end with the test run."""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

# Run by the child before it executes the command: the kernel signals it when the parent dies.
# (`preexec_fn` does the same after a fork; Python warns about that in a process with threads.)
WITH_DEATH_SIGNAL = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, int(sys.argv[1])); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


# By default, no system uses these ports for outgoing connections.
PORTS = range(20_000, 32_000)
chosen_ports: set[int] = set()


def free_port() -> int:
    """A free TCP port of the loopback address.

    The system would choose a port that it also uses for outgoing connections, and one of these
    could take the port before the server listens there. A lock keeps other test runs from choosing
    the same port in that time.
    """
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if port not in chosen_ports:
                fcntl.lockf(port_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                chosen_ports.add(port)
                return port


@cache
def port_locks() -> BinaryIO:
    """The file whose bytes are locked for the ports of this process, until it ends."""
    return (Path(tempfile.gettempdir()) / f"conduit-ports-{os.getuid()}").open("wb")


def environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    """The inherited environment without variables of the apps, pytest and colors, plus these."""
    dropped = ("CONDUIT_", "PYTEST_", "FORCE_COLOR", "PY_COLORS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
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
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process in its own session, so that only the test run gets Ctrl-C.

    On Linux, it gets this signal if the test run dies unexpectedly.
    """
    options: dict[str, Any] = {}
    if user is not None:
        options["user"] = user
    elif sys.platform == "linux":
        command = [sys.executable, "-I", "-c", WITH_DEATH_SIGNAL, str(int(death_signal)), *command]
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


def end(process: subprocess.Popen[bytes], how: int = signal.SIGTERM, timeout: float = 10) -> None:
    """Ask a process to end, and kill its session if it does not."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
