"""`serve`: runs one app as in production, in the foreground."""

import os
from collections.abc import Mapping
from typing import Annotated

import typer

from compare.run.apps import App, AppArgument, Server, ensure_free
from compare.run.databases import Kind, settings_for, usable_url
from compare.run.processes import Processes, run_to_end
from compare.run.terminal import ProcessLog, UsageError


def serve(
    app: AppArgument,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            show_default="as in up",
            help="Listen on this port.",
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            metavar="sqlite|URL",
            envvar="CONDUIT_DATABASE_URL",
            help="Use the SQLite file in the folder of the app, or your own database:"
            " sqlite:///… or postgresql://…",
        ),
    ] = Kind.SQLITE,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Serve with this number of processes.")
    ] = 1,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="the usual server",
            help="Use another server: gunicorn for Django, waitress for Flask, hypercorn for"
            " FastAPI.",
        ),
    ] = None,
) -> None:
    """Migrate the database of one app, and run the app as in production."""
    chosen = choose_server(app, server)
    if workers > 1 and not chosen.takes_workers:
        raise UsageError(f"{chosen.name} is one process: leave out --workers")
    if database == Kind.POSTGRES:
        raise UsageError("serve starts no PostgreSQL: give the URL of one, postgresql://…")
    port = port or app.port
    ensure_free(port)
    settings = settings_for(None if database == Kind.SQLITE else usable_url(database))
    run_to_end(prepare(app, settings))
    # The server replaces this process: every signal reaches it, and its exit code is ours.
    os.chdir(app.folder)
    command = app.serve_command(chosen, port=port, workers=workers)
    os.execve(command[0], command, settings)


async def prepare(app: App, settings: Mapping[str, str]) -> None:
    """Migrate and check; each command prints its own errors."""
    async with Processes() as processes:
        log = ProcessLog(app.name, app.color)
        for command in (*app.migrate_commands(), app.check_command()):
            if code := await processes.call(
                log, command, cwd=app.folder, env=settings, streams="terminal"
            ):
                raise typer.Exit(code)


def choose_server(app: App, name: str | None) -> Server:
    if name is None:
        return app.servers[0]
    for server in app.servers:
        if server.name == name:
            return server
    choice = " or ".join(server.name for server in app.servers)
    raise UsageError(f"{app.title} is not served by {name!r}: give {choice}")
