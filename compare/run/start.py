"""Starts an app: migrates its database, and waits until its server responds."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import httpx2

from compare.run.apps import HOST, App
from compare.run.processes import Child, Processes, failure
from compare.run.terminal import ProcessLog

START_TIMEOUT = 60.0


async def migrate(
    app: App, settings: Mapping[str, str], processes: Processes, log: ProcessLog
) -> None:
    """Bring the app's database up to date; `settings` is the whole environment."""
    for command in app.migrate_commands():
        await processes.run(log, command, cwd=app.folder, env=settings)


async def seed(
    app: App, settings: Mapping[str, str], processes: Processes, log: ProcessLog
) -> None:
    """Put the demo site into the app's database."""
    log.write("filling the database with the demo site (once)")
    # The demo's passwords are published: a fast hash is enough.
    cheaply = {"CONDUIT_PASSWORD_HASHING": "fast"}
    await processes.run(log, app.seed_command(), cwd=app.folder, env={**settings, **cheaply})


async def serve(
    app: App, port: int, settings: Mapping[str, str], processes: Processes, log: ProcessLog
) -> Child:
    """Start the app's usual server and wait until it answers."""
    command = app.serve_command(app.servers[0], port=port)
    child = await processes.start(log, command, cwd=app.folder, env=settings)
    if not await answers(child, f"http://{HOST}:{port}/api/health"):
        raise failure(log, f"{app.name} did not start")
    return child


async def answers(
    child: Child, url: str, *, timeout: float = START_TIMEOUT, any_status: bool = False
) -> bool:
    """Wait for a successful response; False if the server has ended, or there is none in time."""
    said = "nothing"
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout), httpx2.AsyncClient(trust_env=False) as client:
            while child.process.returncode is None:
                try:
                    response = await client.get(url)
                    if any_status or response.is_success:
                        return True
                    said = str(response.status_code)
                except httpx2.TransportError:
                    pass  # not listening yet
                await asyncio.sleep(0.05)
            return False
    child.log.write(f"{url} answered {said} for {timeout:.0f} seconds")
    return False
