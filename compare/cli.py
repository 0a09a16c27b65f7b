"""`./triptych`: the command line; each command is defined in its own module."""

import os
import signal
import sys
import tomllib
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer

from compare.run.apps import ROOT
from compare.run.terminal import discard_output, out, output, print_error, settle_encoding

# By folder. Each is a function or a group of commands, with the same name as its module.
COMMANDS = {
    "run": ("up", "status", "down", "serve", "ask"),
    "read": ("diff", "site", "mirror"),
    "prove": ("test", "parity", "mutants", "core", "differences"),
    "measure": ("bench", "lab", "load"),
}
FOLDERS = {name: folder for folder, names in COMMANDS.items() for name in names}
PANELS = {
    "run": "Run the apps. Start here: ./triptych up",
    "read": "Read them side by side, for example: ./triptych diff get_tags",
    "prove": "Prove that they are equal, for example: ./triptych parity",
    "measure": "Measure them, for example: ./triptych lab",
}

cli = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(asked: bool) -> None:
    if asked:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        out.print(f"triptych {project['version']}")
        raise typer.Exit


@cli.callback(
    help="One API contract, built three times: run the three apps and compare them.\n\n"
    "Exit codes of all commands: 0 is done or equal, 1 is failed or different, 2 is wrong usage,"
    " 130 is interrupted, as by Ctrl-C."
)
def triptych(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """The options of `./triptych` itself."""


def add_commands(asked: str) -> None:
    """Add the command that is asked for; all of them, which takes longer, for the help."""
    for name in [asked] if asked in FOLDERS else FOLDERS:
        module = import_module(f"compare.{FOLDERS[name]}.{name}")
        command = getattr(module, name)
        options: dict[str, Any] = {"rich_help_panel": PANELS[FOLDERS[name]]}
        if isinstance(command, typer.Typer):
            cli.add_typer(command, name=name, **options)
        else:
            cli.command(**options, **getattr(module, "OPTIONS", {}))(command)


def asked_command() -> str:
    """The name of the command; during completion the shell has the words in a variable."""
    words = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS")
    return "".join((words.split() if words else sys.argv)[1:2])


def main() -> None:
    settle_encoding()
    add_commands(asked_command())
    # For completion, a shell needs the name without `./`, also in the name of a variable.
    completes = "_TRIPTYCH_COMPLETE" in os.environ or "-completion" in "".join(sys.argv[1:2])
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # see __main__.py
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = cli(prog_name="triptych" if completes else "./triptych", standalone_mode=False)
        output.flush()
    except BrokenPipeError:
        discard_output()
        code = 1  # as Typer does in this case
    except OSError as error:
        # Text that was printed before may still be in the buffer.
        with suppress(OSError):
            output.flush()
        discard_output()
        if error.filename:
            print_error(f"{error.strerror}: {error.filename} cannot be used")
        else:  # an error of a connection, for example
            print_error(": ".join(filter(None, [type(error).__name__, str(error)])))
        code = 1
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except typer.TyperException as error:
        message = error.format_message()
        if message.startswith("No such command"):
            message += " ./triptych --help lists the commands."
        if message:
            print_error(message)
        code = error.exit_code
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while Python ends, either
    sys.exit(code)
