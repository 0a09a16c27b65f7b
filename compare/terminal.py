"""How the commands speak to the person at the terminal."""

from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class UsageError(typer.TyperException):
    """Something that the person can put right: shown as one line, exit code 2."""

    exit_code = 2


class Failed(typer.TyperException):
    """Something that went wrong on the way: shown as one line, exit code 1."""


def complain(message: str) -> None:
    line = " ".join(message.split())
    err.print(f"[bold red]triptych:[/] {escape(line)}", soft_wrap=True)


class Voice:
    """One speaker in the common stream: each of its lines carries its name in its colour."""

    where = "above"
    """Where its lines are, when something has gone wrong."""

    def __init__(self, name: str, colour: str) -> None:
        self.name = name
        # Rendered once: the apps can log thousands of lines a second.
        with out.capture() as capture:
            out.print(f"[{colour}]{name:>8} │[/] ", end="")
        self._prefix = capture.get()

    def say(self, *lines: str) -> None:
        out.file.write("".join(f"{self._prefix}{line}\n" for line in lines))
        out.file.flush()


class LogFile(Voice):
    """One speaker whose lines go into a file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.where = f"in {path}"
        self._path = path
        path.write_text("")

    def say(self, *lines: str) -> None:
        with self._path.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))
