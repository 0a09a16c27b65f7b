"""The one table of the apps, which every command uses."""

import secrets
import shlex
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from compare.run.terminal import UsageError

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
# Outside of the default ranges for ephemeral ports of all systems.
PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Server:
    """A way to serve an app: its command line, with {host}, {port} and {workers} to fill in."""

    name: str
    command: str

    @property
    def takes_workers(self) -> bool:
        return "{workers}" in self.command


@dataclass(frozen=True)
class AppPage:
    name: str
    path: str


@dataclass(frozen=True)
class App:
    name: str
    title: str
    port: int
    color: str
    migrate: tuple[str, ...]
    """The commands that migrate, in this order, also on a database that another app made."""
    seed: str
    check: str
    servers: tuple[Server, ...]
    """The servers that its community deploys, the usual one first."""
    pages: tuple[AppPage, ...] = (AppPage("API", "/api/articles"), AppPage("docs", "/api/docs"))

    @property
    def folder(self) -> Path:
        return ROOT / f"{self.name}_app"

    @property
    def address(self) -> str:
        """The address on which `up` starts it."""
        return f"http://{HOST}:{self.port}"

    def migrate_commands(self) -> list[list[str]]:
        return [python(arguments) for arguments in self.migrate]

    def seed_command(self) -> list[str]:
        return python(self.seed)

    def check_command(self) -> list[str]:
        return python(self.check)

    def serve_command(self, server: Server, *, port: int, workers: int = 1) -> list[str]:
        return python(server.command.format(host=HOST, port=port, workers=workers))


def python(arguments: str) -> list[str]:
    """The arguments given to the Python that is running, so that no PATH is searched."""
    return [sys.executable, *shlex.split(arguments)]


DJANGO = App(
    name="django",
    title="Django",
    port=8001,
    color="green",
    migrate=("manage.py adopt --verbosity 0", "manage.py migrate --verbosity 0"),
    seed="manage.py seed",
    check="-m conduit.check",
    servers=(
        Server(
            "uvicorn",
            "-m uvicorn conduit.asgi:application --host {host} --port {port} --workers {workers}"
            " --lifespan off --http conduit.protocol:StrictProtocol"
            " --ws-per-message-deflate false --timeout-graceful-shutdown 3",
        ),
        Server(
            "gunicorn",
            "-m gunicorn --config gunicorn.conf.py conduit.wsgi:application"
            " --bind {host}:{port} --workers {workers}",
        ),
    ),
    pages=(
        AppPage("API", "/api/articles"),
        AppPage("docs", "/api/docs"),
        AppPage("admin", "/admin/"),
    ),
)
FLASK = App(
    name="flask",
    title="Flask",
    port=8002,
    color="cyan",
    migrate=("-m flask --app conduit db upgrade",),
    seed="-m flask --app conduit seed",
    check="-m flask --app conduit check",
    servers=(
        Server(
            "gunicorn",
            "-m gunicorn --config gunicorn.conf.py conduit.wsgi:app"
            " --bind {host}:{port} --workers {workers}",
        ),
        Server(
            "waitress",
            # Like `-m waitress`, but SIGTERM ends it gracefully, like SIGINT.
            "-c 'import signal, waitress.runner;"
            " signal.signal(signal.SIGTERM, signal.default_int_handler); waitress.runner.run()'"
            " --host {host} --port {port} conduit.wsgi:app",
        ),
    ),
)
FASTAPI = App(
    name="fastapi",
    title="FastAPI",
    port=8003,
    color="magenta",
    migrate=("-m alembic upgrade head",),
    seed="-m conduit.seed",
    check="-m conduit.check",
    servers=(
        Server(
            "uvicorn",
            "-m uvicorn conduit.asgi:app --host {host} --port {port} --workers {workers}"
            " --http conduit.protocol:StrictProtocol"
            " --ws-per-message-deflate false --timeout-graceful-shutdown 3",
        ),
        Server(
            "hypercorn",
            "-m hypercorn conduit.asgi:app --bind {host}:{port} --workers {workers}",
        ),
    ),
)

APPS: Sequence[App] = (DJANGO, FLASK, FASTAPI)
BY_NAME = {app.name: app for app in APPS}


def app_named(name: str) -> App:
    if name not in BY_NAME:
        raise UsageError(f"there is no app {name!r}: give {', '.join(BY_NAME)}")
    return BY_NAME[name]


def complete_app(incomplete: str) -> list[str]:
    return [name for name in BY_NAME if name.startswith(incomplete)]


# Typer shows the name of a parser as the possible values.
app_named.__name__ = "|".join(BY_NAME)

AppArgument = Annotated[
    App,
    typer.Argument(metavar="APP", parser=app_named, autocompletion=complete_app, help="The app."),
]
AppsOption = Annotated[
    list[App] | None,
    typer.Option(
        "--app",
        parser=app_named,
        autocompletion=complete_app,
        show_default="all apps",
        help="Only this app. Repeat the option for several apps.",
    ),
]


def choose_apps(apps: Sequence[App] | None) -> list[App]:
    """The apps that are given, each once; all, if none is given."""
    return list(dict.fromkeys(apps or APPS))


def ensure_free(port: int) -> None:
    with socket.socket() as probe:
        # As the servers do: connections that were just closed do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used ({error.strerror}): end what listens there,"
                " or give another with --port"
            ) from None


def free_port(number: int = 1) -> int:
    """A free port, or the first of this number of consecutive free ports.

    The system would choose an ephemeral port: before a server listens on it, an outgoing
    connection may have taken it.
    """
    while True:
        first = secrets.choice(PORTS)
        with suppress(UsageError):
            for port in range(first, first + number):
                ensure_free(port)
            return first
