"""How the commands speak to the person at the terminal."""

import locale
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.markup import escape


def settle_encoding() -> None:
    """Speak the terminal's encoding, and put a question mark where it has no such character."""
    chosen = os.environ.get("PYTHONIOENCODING", "").partition(":")[0] or locale.getencoding()
    # The locale C names ASCII, but says nothing of the terminal.
    encoding = "utf-8" if chosen.upper() in {"ANSI_X3.4-1968", "US-ASCII", "ASCII"} else chosen
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding=encoding, errors="replace")  # type: ignore[union-attr]


class Output:
    """Standard output, which may go away (a full disk, a pipe that nobody reads any more).

    What has to go on without it sets `is_lasting`: then the loss is told once, on standard error.
    """

    is_lasting = False

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    def write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except OSError as error:
            self.lose(error)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError as error:
            self.lose(error)

    def lose(self, error: OSError) -> None:
        if not self.is_lasting:
            raise error
        discard_output()
        complain(f"nothing more can be printed ({error.strerror}): the apps go on without logs")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def discard_output() -> None:
    """Let what is still printed go nowhere, also what Python prints at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


output = Output()
out = Console(file=output, highlight=False)  # type: ignore[arg-type]
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
        path.write_text("", "utf-8")

    def say(self, *lines: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
