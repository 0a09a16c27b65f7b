"""Servers: an app in its own process, started with its production command."""

import fcntl
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from . import usual
from .apps import App, python
from .client import Client
from .databases import Database, Databases
from .processes import end, environment, free_port, spawn

HOST = "127.0.0.1"
# For tokens that the tests create; long enough for production.
SECRET = "a secret that only the tests know, with more than 32 bytes"

# None removes a setting.
Settings = Mapping[str, str | None]

SETTINGS: Settings = {
    "CONDUIT_ENV": "development",
    "CONDUIT_SECRET_KEY": SECRET,
    "CONDUIT_PASSWORD_HASHING": "fast",
    # A busy machine may need longer than the default; tests of the limit set their own.
    "CONDUIT_DATABASE_TIMEOUT": "20",
}


# Every server that this process has started, for failure reports.
running: list["Server"] = []


class Server:
    """A running server."""

    def __init__(
        self,
        app: str,
        process: subprocess.Popen[bytes],
        url: str,
        database: Database,
        log: Path,
        cors: usual.Cors,
    ) -> None:
        self.app = app
        self.process = process
        self.url = url
        self.database = database
        self.log = log
        # The result of the check before the start, if it was run.
        self.checked: Ended | None = None
        self.client = Client(url, cors=cors)

    def wait_until_ready(self, timeout: float = 30) -> None:
        """Wait until health returns 200."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                if self.client.http.get(f"{self.url}/api/health").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.log_text()}")
            time.sleep(0.05)

    def log_text(self, since: int = 0) -> str:
        """The server's log, starting at this byte."""
        with self.log.open("rb") as file:
            file.seek(since)
            return file.read().decode("utf-8", "backslashreplace")

    def log_lines_with(self, text: str, timeout: float = 2) -> list[str]:
        """The log lines that contain this text; waits a moment for them."""
        deadline = time.monotonic() + timeout
        while True:
            lines = [line for line in self.log_text().splitlines() if text in line]
            if lines or time.monotonic() > deadline:
                return lines
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server."""
        self.client.http.close()
        end(self.process)


@dataclass(frozen=True)
class Ended:
    """The result of a command."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class Launcher:
    """Starts servers of one app, each with its own database."""

    def __init__(
        self, app: App, server: str, databases: Databases, folder: Path, shared: Path
    ) -> None:
        self.app = app
        self.server = server
        self.databases = databases
        self._folder = folder
        self._numbers = itertools.count(1)
        # Contains the URL of the database that all workers copy.
        self._template = shared / f"{app.name}-{'postgres' if databases.are_postgres else 'sqlite'}"

    def migrated(self) -> Database:
        """A migrated database without other data."""
        with self._template.open("a+", encoding="utf-8") as file:
            # The first worker migrates; the others wait, and then copy too.
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            template = Database(file.read() or self.databases.empty().url)
            if file.tell() == 0:
                ended = self.migrate(template)
                if ended.code != 0:
                    raise RuntimeError(f"migrate failed:\n{ended.stderr}")
                file.write(template.url)
            return self.databases.copy(template)

    def migrate(self, database: Database) -> Ended:
        """Run the app's migration commands on a database, and stop at the first that fails."""
        for command in self.app.migrate:
            ended = self.run(command, {"CONDUIT_DATABASE_URL": database.url})
            if ended.code != 0 or ended.stdout or ended.stderr:
                break
        return ended

    def check(self, settings: Settings) -> Ended:
        """Run the app's check before the start."""
        return self.run(self.app.check, settings)

    def run(self, arguments: tuple[str, ...], settings: Settings, timeout: float = 60) -> Ended:
        """Run a command of the app until it ends."""
        started = time.monotonic()
        process = spawn(
            python(*arguments),
            cwd=self.app.folder,
            env=environment({**SETTINGS, **settings}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            try:
                stdout, stderr = process.communicate(timeout=timeout)
            finally:
                end(process)
        seconds = time.monotonic() - started
        return Ended(process.returncode, stdout.decode(), stderr.decode(), seconds)

    def command(self, port: int, workers: int = 1) -> tuple[str, ...]:
        """The arguments that start the server, without the check before it."""
        values = {"host": HOST, "port": port, "workers": workers}
        return tuple(word.format(**values) for word in self.app.servers[self.server])

    def start(
        self,
        settings: Settings | None = None,
        *,
        database: Database | None = None,
        workers: int = 1,
        cors: usual.Cors = usual.ANY_ORIGIN,
        checked: bool = False,
    ) -> Server:
        """Start a server, by default on a new migrated database.

        The production command runs the check and then the server. The server checks the same
        things when it starts, so the separate check is skipped unless `checked` is set.
        """
        database = database or self.migrated()
        settings = {"CONDUIT_DATABASE_URL": database.url, **(settings or {})}
        ended = self.check(settings) if checked else None
        if ended and ended.code != 0:
            raise RuntimeError(f"the check failed:\n{ended.stderr}")
        port = free_port()
        name = f"{self.app.name}-{next(self._numbers)}"
        log = self._folder / f"{name}.log"
        with log.open("wb") as stderr, (self._folder / f"{name}.out").open("wb") as stdout:
            process = spawn(
                python(*self.command(port, workers)),
                cwd=self.app.folder,
                env=environment({**SETTINGS, **settings}),
                stdout=stdout.fileno(),
                stderr=stderr.fileno(),
            )
        server = Server(self.app.name, process, f"http://{HOST}:{port}", database, log, cors)
        server.checked = ended
        running.append(server)
        server.wait_until_ready()
        return server


def stop_all() -> None:
    """Kill every server that is still running; clean shutdowns have their own tests."""
    for server in running:
        if server.process.poll() is None:
            os.killpg(server.process.pid, signal.SIGKILL)
    for server in running:
        server.stop()
    running.clear()
