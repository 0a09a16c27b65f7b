"""`up`: starts the apps with the demo site in their databases."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from compare.run.apps import (
    APPS,
    HOST,
    ROOT,
    App,
    AppsOption,
    choose_apps,
    ensure_free,
    python,
)
from compare.run.databases import (
    Database,
    GivenDatabase,
    Kind,
    OneDatabaseOption,
    PostgresDatabase,
    SQLiteFile,
    settings_for,
    usable_url,
)
from compare.run.postgres import Postgres, running_postgres
from compare.run.processes import Child, Processes, first_end, run_to_end
from compare.run.start import answers, migrate, seed, serve
from compare.run.state import HOME, Running, announce, announced, only_one, remove_killed_state
from compare.run.terminal import ProcessLog, UsageError, out, output, print_error

SITE_PORT = 8000
# Everything must have ended 5 seconds after the signal: first the apps, then their database.
APPS_GRACE = 2.5
POSTGRES_GRACE = 1.0


def up(
    app: AppsOption = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="sqlite|postgres|URL",
            show_default="sqlite",
            help="Use SQLite files, the PostgreSQL that is installed as a package, or your own"
            " database for all apps: sqlite:///… or postgresql://…",
        ),
    ] = None,
    one_database: OneDatabaseOption = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Reset the demo site before the start.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65532,
            help="Use this port for the pages, and the next three for the apps.",
        ),
    ] = SITE_PORT,
) -> None:
    """Start the apps with a demo site, and the pages that compare them, until Ctrl-C."""
    kind = database or (Kind.POSTGRES if one_database else Kind.SQLITE)
    own = None if kind in list(Kind) else usable_url(kind)
    if own and fresh:
        raise UsageError("--fresh empties a database, but never one that is your own")
    plan = UpOptions(
        apps=[replace(each, port=port + 1 + APPS.index(each)) for each in choose_apps(app)],
        port=port,
        postgres=kind == Kind.POSTGRES,
        fresh=fresh,
        one_database=one_database or own is not None,
        own_database=own,
    )
    with output.printed_in_thread():
        # `down` ends it with SIGTERM.
        run_to_end(run(plan), ordinary=[signal.SIGTERM])


@dataclass(frozen=True)
class UpOptions:
    apps: Sequence[App]
    port: int
    postgres: bool
    fresh: bool
    one_database: bool
    own_database: str | None
    """The URL of a database that `up` has not created."""


@dataclass(frozen=True)
class AppGroup:
    """A database and the apps that work on it."""

    database: Database
    apps: Sequence[App]


async def run(plan: UpOptions) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one("up"))
        remove_killed_state()
        running = Running(plan.apps, plan.one_database, phase="starting")
        stack.enter_context(announced(running))
        for port in (plan.port, *(app.port for app in plan.apps)):
            ensure_free(port)
        postgres = None
        if plan.postgres:
            log = ProcessLog("postgres", "blue")
            start = running_postgres(HOME / "postgres", log, grace=POSTGRES_GRACE)
            postgres = await stack.enter_async_context(start)
        processes = await stack.enter_async_context(Processes(grace=APPS_GRACE))

        sites = choose_sites(plan, postgres)
        async with asyncio.TaskGroup() as starting:
            serving = starting.create_task(serve_pages(plan.port, processes))
            sites_up = [starting.create_task(bring_up(site, plan, processes)) for site in sites]
        pages = serving.result()
        children = [child for site in sites_up for child in site.result()]
        children += [postgres.child] if postgres else []
        everything = [*children, pages] if pages else children
        running = replace(running, groups=[child.group for child in everything])
        announce(replace(running, phase="running"))
        stack.callback(announce_end, running)
        show_addresses(plan, address_of_pages(plan.port) if pages else None)
        if pages:
            say_end = asyncio.create_task(report_end(pages))
            stack.callback(say_end.cancel)
        await first_end(children)


def announce_end(running: Running) -> None:
    with suppress(OSError):  # `.triptych/` may be gone by now
        announce(replace(running, phase="stopping"))


def choose_sites(plan: UpOptions, postgres: Postgres | None) -> list[AppGroup]:
    if plan.own_database:
        return [AppGroup(GivenDatabase(plan.own_database), plan.apps)]
    sites = [("together", plan.apps)] if plan.one_database else [(a.name, [a]) for a in plan.apps]
    return [
        AppGroup(
            PostgresDatabase(postgres.url, f"conduit_{name}")
            if postgres
            else SQLiteFile(HOME / f"{name}.sqlite3"),
            apps,
        )
        for name, apps in sites
    ]


async def bring_up(site: AppGroup, plan: UpOptions, processes: Processes) -> list[Child]:
    fill = plan.fresh or not site.database.is_complete()
    if fill:
        url = site.database.start_draft()
        first, *others = site.apps
        draft = settings_for(url)
        await migrate(first, draft, processes, log_of(first))
        await seed(first, draft, processes, log_of(first))
        for app in others:
            await migrate(app, draft, processes, log_of(app))
        site.database.finish_draft()
    settings = settings_for(site.database.url)
    if not fill:
        for app in site.apps:
            await migrate(app, settings, processes, log_of(app))
    return await asyncio.gather(
        *(serve(app, app.port, settings, processes, log_of(app)) for app in site.apps)
    )


def address_of_pages(port: int) -> str:
    return f"http://{HOST}:{port}/"


async def report_end(child: Child) -> None:
    """Report the end of a process that the apps do not need."""
    code = await child.process.wait()
    print_error(f"{child.log.name} ended with exit code {code}: the apps go on without it")


async def serve_pages(port: int, processes: Processes) -> Child | None:
    """Start the server of the pages; the apps do not need it, so a failure is only reported."""
    command = python(f"-m compare.read.site.server {port}")
    child = await processes.start(ProcessLog("pages", "yellow"), command, cwd=ROOT)
    if await answers(child, address_of_pages(port)):
        return child
    print_error(f"pages did not start: see its lines {child.log.where}; the apps go on without it")
    return None


def log_of(app: App) -> ProcessLog:
    return ProcessLog(app.name, app.color)


def show_addresses(plan: UpOptions, pages: str | None) -> None:
    out.print()
    if pages:
        out.print(f"  [bold]{'Pages':15}[/] [link={pages}]{pages}[/]\n", soft_wrap=True)
    for app in plan.apps:
        title = app.title
        for page in app.pages:
            out.print(
                f"  [bold {app.color}]{title:8}[/] {page.name:6} "
                f"[link={app.address}{page.path}]{app.address}{page.path}[/]",
                soft_wrap=True,
            )
            title = ""
    out.print()
    out.print('  Ask all of them: [bold]./triptych ask GET "/api/articles?limit=5"[/]')
    out.print("  Ctrl-C ends everything. The logs follow.\n")
