"""Runs the experiments: each app with its production command, as one process."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from compare.measure.lab.cells import Cell, Experiment
from compare.run.apps import FLASK, HOST, App, free_port, python
from compare.run.databases import settings_for, sqlite_url
from compare.run.processes import Processes
from compare.run.start import migrate, serve
from compare.run.state import make_home, only_one
from compare.run.terminal import Failed, KeptLog, LogFile

TIMEOUT = 60.0
GUNICORN_THREADS = "import runpy; print(runpy.run_path('gunicorn.conf.py')['threads'])"


@dataclass(frozen=True)
class LabBench:
    """A running app, and a client with as many connections to it as needed."""

    app: App
    client: httpx2.AsyncClient
    server_threads: int | None

    async def run(self, experiment: Experiment, *, n: int, ms: int) -> Cell:
        """Raises `Failed` if a response of the app is not successful."""
        count = n if experiment.is_burst else 1
        # Not counted: it opens the connections, and loads what is loaded on first use.
        await self._get_at_once(experiment.path(n=1, ms=1), count)
        answers = await self._get_at_once(experiment.path(n=n, ms=ms), count)
        return Cell(self.app, experiment, n, ms, answers, self.server_threads)

    async def _get_at_once(self, path: str, count: int) -> list[Any]:
        bodies = await asyncio.gather(*(self._get(path) for _ in range(count)))
        return [json.loads(body) for body in bodies]

    async def _get(self, path: str) -> bytes:
        try:
            response = await self.client.get(path)
        except httpx2.HTTPError as error:
            raise Failed(f"{self.app.name} did not answer {path}: {error!r}") from None
        if not response.is_success:
            raise Failed(
                f"{self.app.name} answered {path} with {response.status_code}: {response.text}"
            )
        return response.content


@asynccontextmanager
async def running(apps: Sequence[App]) -> AsyncIterator[list[LabBench]]:
    """The apps, each on a fresh SQLite database and a free port, until the block is left."""
    with only_one("lab"), tempfile.TemporaryDirectory(prefix="triptych-lab-") as folder:
        async with AsyncExitStack() as stack:
            processes = await stack.enter_async_context(Processes())
            benches = await asyncio.gather(*(start(app, Path(folder), processes) for app in apps))
            for bench in benches:
                await stack.enter_async_context(bench.client)
            yield benches


async def start(app: App, folder: Path, processes: Processes) -> LabBench:
    settings = settings_for(sqlite_url(folder / f"{app.name}.sqlite3"))
    settings |= {
        "CONDUIT_ENV": "development",
        "CONDUIT_LAB": "1",
        "CONDUIT_LOG_LEVEL": "ERROR",
        # Flask's server has one more thread for each socket: the pool would be too large to fill.
        "CONDUIT_LIVE_SOCKETS": "1",
    }
    port = free_port()
    # The server's log of its start and end matters only if it fails.
    log = LogFile(app.name, make_home() / f"lab-{app.name}.log")
    await migrate(app, settings, processes, log)
    await serve(app, port, settings, processes, log)
    threads = await threads_of_server(app, settings, processes)
    client = httpx2.AsyncClient(
        base_url=f"http://{HOST}:{port}",
        timeout=TIMEOUT,
        # Idle connections are closed here before any of the servers closes them.
        limits=httpx2.Limits(max_connections=None, keepalive_expiry=1),
        trust_env=False,
    )
    return LabBench(app, client, threads)


async def threads_of_server(app: App, settings: dict[str, str], processes: Processes) -> int | None:
    if app is not FLASK:
        return None  # uvicorn answers from its event loop, which has one thread
    record = KeptLog("gunicorn.conf.py")
    command = python(f'-c "{GUNICORN_THREADS}"')
    await processes.run(record, command, cwd=app.folder, env=settings)
    return int(record.lines[-1])
