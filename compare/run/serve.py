"""`serve`: one app as it would be run in production, in the foreground."""

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from compare.run.apps import App, AppArgument, Server, ensure_free
from compare.run.databases import settings_for, usable_url
from compare.run.terminal import UsageError


def serve(
    app: AppArgument,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Its port in `up`, if not given.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="CONDUIT_DATABASE_URL",
            help="sqlite:///… or postgresql://…; the app's own file, if not given.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="How many processes serve.")] = 1,
    server: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another server than the app's usual one.")
    ] = None,
) -> None:
    """Migrate one app, then run it by its production command."""
    chosen = choose_server(app, server)
    if workers > 1 and not chosen.takes_workers:
        raise UsageError(f"{chosen.name} is one process: leave out --workers")
    port = port or app.port
    ensure_free(port)
    settings = settings_for(usable_url(database) if database else None)
    os.chdir(app.folder)
    # An exception, so that a step that is under way ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for command in (*app.migrate_commands(), app.check_command()):
        if code := subprocess.run(command, env=settings, check=False).returncode:
            raise typer.Exit(code)
    # The server takes our place: every signal reaches it, and its exit code is ours.
    command = app.serve_command(chosen, port=port, workers=workers)
    os.execve(command[0], command, settings)


def choose_server(app: App, name: str | None) -> Server:
    if name is None:
        return app.servers[0]
    for server in app.servers:
        if server.name == name:
            return server
    choice = " or ".join(server.name for server in app.servers)
    raise UsageError(f"{app.title} is not served by {name!r}: give {choice}")
