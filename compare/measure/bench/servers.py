"""The servers that are measured: the apps and the ceilings, each as one process on its database."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from compare.run.apps import APPS, HOST, ROOT, App, Server, free_port, python
from compare.run.databases import Database, PostgresDatabase, SQLiteFile, settings_for, sqlite_path
from compare.run.postgres import Postgres, running_postgres
from compare.run.processes import Child, Processes, failure
from compare.run.record import Subject
from compare.run.start import answers, migrate, seed
from compare.run.state import HOME, make_home, only_one
from compare.run.terminal import LogFile

POOL_SIZE = 10
FOLDER = HOME / "bench"
# The ceilings run on the same server with its defaults, without the apps' protocol and worker.
CEILING_COMMANDS = {
    "uvicorn": "-m uvicorn {module}:asgi --host {host} --port {port}"
    " --no-access-log --log-level warning",
    "gunicorn": "-m gunicorn {module}:wsgi --bind {host}:{port}"
    " --worker-class gthread --threads 16 --log-level warning",
}
SECRET = "bench-secret-that-is-published-and-signs-nothing-else"
TEMPLATE = "bench"


@dataclass(frozen=True)
class RunningServer:
    """A running subject."""

    subject: Subject
    url: str
    child: Child | None = None
    """None for a server that the user has started."""

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.process.pid


@dataclass(frozen=True)
class BenchSite:
    """Where servers are started: the PostgreSQL, filled SQLite files, and the processes."""

    postgres: Postgres
    processes: Processes
    folder: Path
    log: LogFile

    async def stop(self, server: RunningServer) -> None:
        """End the server and its workers."""
        if server.child:
            await self.processes.stop(server.child)

    def postgres_url(self, name: str = TEMPLATE) -> str:
        return PostgresDatabase(self.postgres.url, name).url


def app_subject(app: App, server: Server | None = None) -> Subject:
    return Subject(app.name, app.title, "app", app.name, (server or app.servers[0]).name)


def ceiling_subject(app: App, kind: str) -> Subject:
    assert kind in {"bare", "floor"}
    return Subject(
        f"{app.name}-{kind}",
        f"{app.title} {kind}",
        "bare" if kind == "bare" else "floor",
        app.name,
        app.servers[0].name,
    )


def settings_of(database_url: str) -> dict[str, str]:
    """The settings of production; everything that is not named here is the default."""
    return settings_for(database_url) | {
        "CONDUIT_ENV": "production",
        "CONDUIT_SECRET_KEY": SECRET,
        "CONDUIT_ALLOWED_HOSTS": HOST,
        "CONDUIT_CORS_ORIGINS": "*",
        "CONDUIT_DATABASE_POOL_SIZE": str(POOL_SIZE),
    }


def seed_settings(database_url: str) -> dict[str, str]:
    """Settings with fast hashing for filling in the demo site, which production refuses."""
    return settings_for(database_url) | {
        "CONDUIT_ENV": "development",
        "CONDUIT_PASSWORD_HASHING": "fast",
    }


@asynccontextmanager
async def running_site() -> AsyncIterator[BenchSite]:
    """A PostgreSQL with the demo site in the database `bench`, until the block is left."""
    async with running_databases() as site:
        await fill(site, PostgresDatabase(site.postgres.url, TEMPLATE), APPS[0])
        yield site


@asynccontextmanager
async def running_databases() -> AsyncIterator[BenchSite]:
    """A PostgreSQL whose log can be read, and a folder, until the block is left."""
    make_home("bench")
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one("bench"))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="triptych-bench-"))
        log = LogFile("postgres", FOLDER / "postgres.log")
        # So that statements can be counted in its log, each with the name of its database.
        settings = ("log_min_messages=log", "log_line_prefix=%d ", "log_checkpoints=off")
        options = [word for setting in settings for word in ("-c", setting)]
        start = running_postgres(FOLDER / "postgres", log, *options)
        postgres = await stack.enter_async_context(start)
        processes = await stack.enter_async_context(Processes())
        yield BenchSite(postgres, processes, Path(folder), LogFile("bench", FOLDER / "bench.log"))


async def fill(site: BenchSite, database: Database, app: App) -> None:
    """Put the demo site into the database."""
    settings = seed_settings(await asyncio.to_thread(database.start_draft))
    await migrate(app, settings, site.processes, site.log)
    await seed(app, settings, site.processes, site.log)
    await asyncio.to_thread(database.finish_draft)


async def copy_database(site: BenchSite, app: App) -> str:
    """Make a copy of the demo site only for this app; returns its URL."""
    database = PostgresDatabase(site.postgres.url, f"{TEMPLATE}_{app.name}")

    def copy() -> None:
        with psycopg.connect(site.postgres.url, autocommit=True) as connection:
            name = sql.Identifier(database.name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(TEMPLATE))
            )

    await asyncio.to_thread(copy)
    await migrate(app, seed_settings(database.url), site.processes, site.log)
    return database.url


async def make_sqlite(site: BenchSite, app: App) -> str:
    """Make a SQLite file with the demo site only for this app; returns its URL."""
    database = SQLiteFile(site.folder / f"{app.name}.sqlite3")
    await fill(site, database, app)
    return database.url


async def start_app(
    site: BenchSite,
    app: App,
    database_url: str,
    *,
    server: Server | None = None,
    workers: int = 1,
    timeout: int = 30,
    wait: bool = True,
) -> RunningServer:
    """Start the app with its production command and the settings of production.

    Without `server` it is the usual one; `timeout` is CONDUIT_DATABASE_TIMEOUT, in seconds.
    """
    port = free_port()
    command = app.serve_command(server or app.servers[0], port=port, workers=workers)
    settings = settings_of(database_url) | {"CONDUIT_DATABASE_TIMEOUT": str(timeout)}
    log = f"{app.name}-sqlite" if sqlite_path(database_url) else app.name
    subject = app_subject(app, server)
    return await start(site, subject, command, app.folder, port, settings, log=log, wait=wait)


async def start_ceiling(site: BenchSite, app: App, kind: str) -> RunningServer:
    """Start a ceiling on the server of the app."""
    port = free_port()
    module = f"compare.measure.bench.ceilings.with_{app.name}"
    template = CEILING_COMMANDS[app.servers[0].name]
    command = python(template.format(module=module, host=HOST, port=port))
    settings = settings_of(site.postgres_url()) | {"BENCH_CEILING": kind}
    subject = ceiling_subject(app, kind)
    log = subject.id
    return await start(site, subject, command, ROOT, port, settings, log=log, health="/health")


async def start(
    site: BenchSite,
    subject: Subject,
    command: Sequence[str],
    folder: Path,
    port: int,
    settings: Mapping[str, str],
    *,
    log: str,
    health: str = "/api/health",
    wait: bool = True,
) -> RunningServer:
    """Start the command; its log goes into a file without passing through this process."""
    path = FOLDER / f"{log}.log"
    log_file = LogFile(subject.id, path)
    shell = ["/bin/sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", str(path)]
    child = await site.processes.start(log_file, [*shell, *command], cwd=folder, env=settings)
    server = RunningServer(subject, f"http://{HOST}:{port}", child)
    if wait and not await answers(child, f"{server.url}{health}"):
        raise failure(log_file, f"{subject.title} did not start")
    return server
