"""The three apps on new databases, for as long as stories are played."""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from compare.prove.parity.engine.connection import Connection
from compare.prove.parity.engine.player import Player, Stopped
from compare.prove.parity.engine.stories import Setting
from compare.prove.parity.masks import Masks
from compare.prove.parity.tables import Tables
from compare.run.apps import APPS, App, free_port
from compare.run.databases import PostgresDatabase, SQLiteFile, settings_for
from compare.run.postgres import running_postgres
from compare.run.processes import Processes
from compare.run.start import migrate, serve
from compare.run.state import HOME
from compare.run.terminal import LogFile

LOGS = HOME / "parity"
# The user's own values of these variables would change the answers.
SETTINGS = {
    "CONDUIT_ENV": "development",
    "CONDUIT_LOG_LEVEL": "WARNING",
    "CONDUIT_PASSWORD_HASHING": "fast",
    # A busy machine must not look like a difference between the apps.
    "CONDUIT_DATABASE_TIMEOUT": "20",
    **dict.fromkeys(("CONDUIT_SECRET_KEY", "CONDUIT_TOKEN_LIFETIME"), ""),
    **dict.fromkeys(("CONDUIT_ALLOWED_HOSTS", "CONDUIT_CORS_ORIGINS"), ""),
}


@dataclass(frozen=True)
class AppsUnderTest:
    ports: Mapping[App, int]
    urls: Mapping[App, str]
    """The URLs of their databases."""

    async def play[T](self, work: Callable[[Player], T]) -> T:
        """Do the work in a thread, while the logs of the apps are read here.

        A signal stops the player, and the thread has ended before this raises.
        """
        stop = threading.Event()
        task = asyncio.create_task(asyncio.to_thread(self._play, work, stop))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            stop.set()
            with suppress(Stopped):
                await task
            raise

    def _play[T](self, work: Callable[[Player], T], stop: threading.Event) -> T:
        with ExitStack() as stack:
            connections = [
                stack.enter_context(closing(Connection(app, port)))
                for app, port in self.ports.items()
            ]
            databases = [
                stack.enter_context(closing(Tables(url))) for url in set(self.urls.values())
            ]

            def empty() -> None:
                for tables in databases:
                    tables.empty()

            return work(Player(connections, empty, Masks, stop))


@asynccontextmanager
async def running_apps(setting: Setting, *, postgres: bool) -> AsyncIterator[AppsUnderTest]:
    """Start the apps on new databases, which are removed at the end."""
    one_database = setting == "one database"
    async with AsyncExitStack() as stack:
        LOGS.mkdir(parents=True, exist_ok=True)
        logs = {app: LogFile(app.name, LOGS / f"{app.name}.log") for app in APPS}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parity-", dir=HOME)))
        names = {app: "all" if one_database else app.name for app in APPS}
        drafts = {}
        if postgres or one_database:
            # If root starts PostgreSQL, it runs as another user, which needs access to this folder.
            folder.chmod(0o755)
            log = LogFile("postgres", LOGS / "postgres.log")
            start = running_postgres(folder / "postgres", log, "-c", "fsync=off")
            server = (await stack.enter_async_context(start)).url
            for name in set(names.values()):
                drafts[name] = PostgresDatabase(server, name).start_draft()
        else:
            for name in names.values():
                drafts[name] = SQLiteFile(folder / f"{name}.sqlite3").start_draft()
        urls = {app: drafts[names[app]] for app in APPS}
        processes = await stack.enter_async_context(Processes())
        first = free_port(len(APPS))
        ports = {app: first + number for number, app in enumerate(APPS)}
        settings = {app: settings_for(urls[app]) | SETTINGS for app in APPS}
        # On one database the first app creates the tables, and the others adopt them.
        turns = [[app] for app in APPS] if one_database else [APPS]
        for apps in turns:
            await asyncio.gather(
                *(migrate(app, settings[app], processes, logs[app]) for app in apps)
            )
        await asyncio.gather(
            *(serve(app, ports[app], settings[app], processes, logs[app]) for app in APPS)
        )
        yield AppsUnderTest(ports, urls)
