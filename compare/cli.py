"""`./triptych`: puts the commands together; each is at home in its own module."""

import os
import sys
from pathlib import Path

import typer

from compare.ask import ask
from compare.differences import differences
from compare.mirror import mirror
from compare.serve import serve
from compare.terminal import complain
from compare.up import up


def test(context: typer.Context) -> None:
    """Run the tests: this is tox, and takes its arguments."""
    # The Pythons of pyenv are not on PATH, only its shims, which run one version of them.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [os.environ["PATH"], *map(str, sorted(pyenv.glob("versions/*/bin")))]
    command = [sys.executable, "-m", "tox", *context.args]
    os.execve(sys.executable, command, os.environ | {"PATH": os.pathsep.join(folders)})


cli = typer.Typer(
    help="One API contract, built three times: run the three apps and compare them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (up, serve, ask, mirror, differences):
    cli.command()(command)
cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(test)


def main() -> None:
    try:
        code = cli(prog_name="./triptych", standalone_mode=False)
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        complain(error.format_message())
        code = error.exit_code
    sys.exit(code)
