"""Input and output of the commands in the terminal."""

import codecs
import json
import locale
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.markup import escape

# The number of texts that may wait while the terminal is blocked (Ctrl-S, a pager).
MAX_WAITING = 1_000
FINISH_TIMEOUT = 1.0
LAST_LINES = 20
"""The number of lines of a log that are shown if its process fails."""


def caller_path(path: str) -> Path:
    """The path in the folder of the caller: the launcher works in the folder of the project."""
    return Path(os.environ.get("TRIPTYCH_CALLER", ".")).absolute() / path


def output_path(path: str) -> Path:
    """The path of a file to write, in the caller's folder; raises if it cannot be written."""
    file = caller_path(path)
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}: make it first")
    if file.is_dir():
        raise UsageError(f"{file} is a folder: give the path of a file")
    try:
        TemporaryFile(dir=file.parent).close()
    except OSError as error:
        raise UsageError(
            f"{file.parent} cannot be written ({error.strerror}): give a file in another folder"
        ) from None
    return file


def settle_encoding() -> None:
    """Print in the terminal's encoding, with a question mark for characters that it lacks."""
    # A closed standard stream is opened on /dev/null: a file that is opened later must not get
    # its number, or output would be written into that file.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    # Only for this process: the output of the children is read here, as UTF-8.
    chosen = os.environ.pop("PYTHONIOENCODING", "").partition(":")[0]
    if not chosen:
        chosen = locale.getencoding()
        # The locale C names ASCII, but the terminal may use another encoding.
        if codecs.lookup(chosen).name == "ascii":
            chosen = "utf-8"
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding=chosen, errors="replace")  # type: ignore[union-attr]


@contextmanager
def named_errors() -> Iterator[None]:
    """Set a file name in the errors of standard output, as errors of files have one."""
    try:
        yield
    except OSError as error:
        error.filename = "the output"
        raise


class Output:
    """Standard output, which may fail (a full disk, a closed pipe) or block (a pager).

    By default it raises an error, or waits. A command that must not depend on it uses
    `printed_in_thread`.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[str | None] | None = None
        self._dropped = 0

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @contextmanager
    def printed_in_thread(self) -> Iterator[None]:
        """Print from a thread: what cannot be printed is dropped, and one line says so."""
        self._waiting = queue.SimpleQueue()
        printer = Thread(target=self._print_from, args=[self._waiting], daemon=True)
        printer.start()
        try:
            yield
        finally:
            waiting, self._waiting = self._waiting, None
            waiting.put(None)
            printer.join(FINISH_TIMEOUT)

    def write(self, text: str) -> None:
        if self._waiting is None:
            with named_errors():
                self.stream.write(text)
        elif self._waiting.qsize() < MAX_WAITING:
            self._waiting.put(text)
        else:
            self._dropped += 1

    def flush(self) -> None:
        if self._waiting is None:
            with named_errors():
                self.stream.flush()

    def _print_from(self, waiting: "queue.SimpleQueue[str | None]") -> None:
        encoding, errors = self.stream.encoding, self.stream.errors or "replace"
        try:
            while (text := waiting.get()) is not None:
                if self._dropped:
                    dropped, self._dropped = self._dropped, 0
                    text = f"{text}({dropped} pieces of the logs were not printed in time)\n"
                # Not by the stream's buffer, for whose lock Python would wait at its end.
                rest = text.encode(encoding, errors)
                while rest:
                    rest = rest[os.write(1, rest) :]
        except OSError as error:
            print_error(
                f"nothing more can be printed ({error.strerror}): the apps go on without logs"
            )
            while waiting.get() is not None:
                pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def discard_output(number: int = 1) -> None:
    """Discard all further output, also what Python prints at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def print_json(data: object) -> None:
    out.file.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


output = Output()
out = Console(file=output, highlight=False)  # type: ignore[arg-type]
err = Console(stderr=True, highlight=False)


@contextmanager
def paged(wanted: bool = True) -> Iterator[None]:
    """Print through the user's pager, as Git does; directly if there is no terminal or pager."""
    pager = os.environ.get("PAGER", "less")
    try:
        program = (shlex.split(pager) or [""])[0]
    except ValueError:  # a quote without its end
        program = ""
    if not wanted or not sys.stdout.isatty() or not shutil.which(program):
        yield
        return
    with out.capture() as capture:
        yield
    environment = {"LESS": "FRX", "LESSCHARSET": "utf-8"} | os.environ
    with subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=environment) as child:
        # Ctrl-C is for the pager, which ends by itself.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        child.communicate(capture.get().encode(errors="replace"))
        signal.signal(signal.SIGINT, handler)


JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class UsageError(typer.TyperException):
    """An error that the user can correct: shown as one line, exit code 2."""

    exit_code = 2


class Failed(typer.TyperException):
    """Any other error of a command: shown as one line, exit code 1."""


def print_error(message: str) -> None:
    line = " ".join(message.split())
    try:
        err.print(f"[bold red]triptych:[/] {escape(line)}", soft_wrap=True)
    except (OSError, SystemExit):  # Rich exits on a closed pipe; the exit code shows the error
        discard_output(2)


class ProcessLog:
    """The log of a process on the terminal: the name of the process stands before each line."""

    where = "above"
    """Where a reader finds the lines when something has gone wrong."""

    def __init__(self, name: str, color: str) -> None:
        self.name = name
        # Rendered once: the apps can log thousands of lines a second.
        with out.capture() as capture:
            out.print(f"[{color}]{name:>8} │[/] ", end="")
        self._prefix = capture.get()

    def write(self, *lines: str) -> None:
        out.file.write("".join(f"{self._prefix}{line}\n" for line in lines))
        out.file.flush()

    def unseen_lines(self) -> Sequence[str]:
        """The last lines, if they were not printed yet."""
        return ()


class LogFile(ProcessLog):
    """The log of a process that is written to a file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.where = f"in {path}"
        self._path = path
        self._is_lost = False
        path.write_text("", "utf-8")

    def write(self, *lines: str) -> None:
        # The pipe is read to its end in any case: a process blocks if nobody reads it.
        if self._is_lost:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
        except OSError as error:
            self._is_lost = True
            print_error(f"{self._path} cannot be written ({error.strerror}): the log ends here")

    def unseen_lines(self) -> Sequence[str]:
        with suppress(OSError):
            return self._path.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
        return ()


class KeptLog(ProcessLog):
    """The log of a process that is kept, to be read by the program or shown after a failure."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []

    def write(self, *lines: str) -> None:
        self.lines += lines

    def unseen_lines(self) -> Sequence[str]:
        return self.lines[-LAST_LINES:]
