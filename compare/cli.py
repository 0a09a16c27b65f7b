"""`./triptych`: puts the commands together; each is at home in its own module."""

import os
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from compare.run.apps import ROOT
from compare.run.terminal import complain, discard_output, out, output, settle_encoding

# By folder. Each is a function, or a group of commands, of that name in a module of that name.
COMMANDS = {
    "run": ("up", "status", "down", "serve", "ask"),
    "read": ("diff", "site", "mirror"),
    "prove": ("parity", "mutants", "core", "differences"),
    "measure": ("bench", "lab", "load"),
}
FOLDERS = {name: folder for folder, names in COMMANDS.items() for name in names}


def test(context: typer.Context) -> None:
    """Run the tests: this is tox, and takes its arguments; without any, two parts run at once."""
    # The Pythons of pyenv are not on PATH, only its shims, which run one version of them.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [os.environ["PATH"], *map(str, sorted(pyenv.glob("versions/*/bin")))]
    # Much of the time of a part is spent in waiting, for servers and for what is to take a while.
    arguments = context.args or ["run-parallel", "--parallel", "2"]
    command = [sys.executable, "-m", "tox", *arguments]
    os.execve(sys.executable, command, os.environ | {"PATH": os.pathsep.join(folders)})


cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(asked: bool) -> None:
    if asked:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        out.print(f"triptych {project['version']}")
        raise typer.Exit


@cli.callback()
def triptych(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """One API contract, built three times: run the three apps and compare them.

    Start here: ./triptych up

    Exit codes: 0 done or equal, 1 failed or different, 2 wrong usage, 130 interrupted
    (Ctrl-C is the usual end of `up`, and 0).
    """


def add_commands(asked: str) -> None:
    """Add the command that is asked for; all of them, which takes longer, for the help."""
    for name in [asked] if asked in FOLDERS else FOLDERS:
        panel = FOLDERS[name].title()
        command = getattr(import_module(f"compare.{FOLDERS[name]}.{name}"), name)
        if isinstance(command, typer.Typer):
            cli.add_typer(command, name=name, rich_help_panel=panel)
        else:
            cli.command(rich_help_panel=panel)(command)
    own_options = {"allow_extra_args": True, "ignore_unknown_options": True}
    cli.command(rich_help_panel="Prove", context_settings=own_options)(test)


def main() -> None:
    settle_encoding()
    add_commands(sys.argv[1] if len(sys.argv) > 1 else "")
    try:
        code = cli(prog_name="./triptych", standalone_mode=False)
        output.flush()
    except BrokenPipeError:
        discard_output()
        code = 1  # as Typer has it where it sees the same
    except OSError as error:
        discard_output()
        complain(f"{error.strerror}: {error.filename or 'the output'} cannot be used")
        code = 1
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        if message := error.format_message():
            complain(message)
        code = error.exit_code
    sys.exit(code)
