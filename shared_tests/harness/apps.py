"""The three apps from the suite's point of view: a folder and its commands."""

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class App:
    """One app: its folder, its migration commands, and the servers that can run it.

    The first server is the default.
    """

    name: str
    migrate: tuple[tuple[str, ...], ...]
    """The commands that migrate, also on a database that another app created."""
    migrate_first: tuple[tuple[str, ...], ...]
    """Commands that create the shared tables with the first migrations only."""
    newer: str
    """A statement that records a migration that this code does not know."""
    check: tuple[str, ...]
    """The command that checks settings and database before a server starts."""
    servers: dict[str, tuple[str, ...]]
    without_sockets: frozenset[str] = frozenset()
    """The servers that do not support sockets."""
    copy: Path | None = None
    """The folder of a copy of the app, which is used instead."""

    @property
    def folder(self) -> Path:
        """The working directory of every command."""
        return self.copy or ROOT / f"{self.name}_app"

    @property
    def default_server(self) -> str:
        """The name of the server that is used by default."""
        return next(iter(self.servers))


_FLASK = ("-m", "flask", "--app", "conduit")

_HOST_AND_PORT = ("--host", "{host}", "--port", "{port}")
_BIND = ("--bind", "{host}:{port}", "--workers", "{workers}")


# Sockets are not compressed, and a shutdown has a time limit.
_SOCKETS = (
    "--http",
    "conduit.protocol:StrictProtocol",
    "--ws-per-message-deflate",
    "false",
    "--timeout-graceful-shutdown",
    "3",
)


def _uvicorn(target: str, *more: str) -> tuple[str, ...]:
    command = ("-m", "uvicorn", target, *_HOST_AND_PORT, "--workers", "{workers}")
    return (*command, *_SOCKETS, *more)


# Like `-m waitress`, but SIGTERM shuts it down cleanly, as SIGINT does.
_WAITRESS = (
    "import signal, waitress.runner; signal.signal(signal.SIGTERM, signal.default_int_handler); "
    "waitress.runner.run()"
)


def _gunicorn(target: str) -> tuple[str, ...]:
    return ("-m", "gunicorn", "--config", "gunicorn.conf.py", target, *_BIND)


APPS = {
    app.name: app
    for app in (
        App(
            "django",
            migrate=tuple(
                ("manage.py", command, "--verbosity", "0") for command in ("adopt", "migrate")
            ),
            migrate_first=tuple(
                ("manage.py", "migrate", "--verbosity", "0", *target)
                for target in (("accounts", "0002"), ("articles",), ("comments",), ("live",))
            ),
            newer="INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('accounts', '9999_newer', CURRENT_TIMESTAMP)",
            check=("-m", "conduit.check"),
            servers={
                "uvicorn": _uvicorn("conduit.asgi:application", "--lifespan", "off"),
                "gunicorn": _gunicorn("conduit.wsgi:application"),
            },
            without_sockets=frozenset({"gunicorn"}),
        ),
        App(
            "flask",
            migrate=((*_FLASK, "db", "upgrade"),),
            migrate_first=((*_FLASK, "db", "upgrade", "0001"),),
            newer="UPDATE alembic_version_flask SET version_num = '9999'",
            check=(*_FLASK, "check"),
            servers={
                "gunicorn": _gunicorn("conduit.wsgi:app"),
                "waitress": ("-c", _WAITRESS, *_HOST_AND_PORT, "conduit.wsgi:app"),
            },
            without_sockets=frozenset({"waitress"}),
        ),
        App(
            "fastapi",
            migrate=(("-m", "alembic", "upgrade", "head"),),
            migrate_first=(("-m", "alembic", "upgrade", "0001"),),
            newer="UPDATE alembic_version_fastapi SET version_num = '9999'",
            check=("-m", "conduit.check"),
            servers={
                "uvicorn": _uvicorn("conduit.asgi:app"),
                "hypercorn": ("-m", "hypercorn", "conduit.asgi:app", *_BIND),
            },
        ),
    )
}


def python(*arguments: str, **values: object) -> list[str]:
    """A command for the current Python, with its placeholders filled in."""
    return [sys.executable, *(argument.format(**values) for argument in arguments)]
