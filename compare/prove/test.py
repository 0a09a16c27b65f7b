"""`test`: runs tox; the help lists the parts of `tox.ini`, and Ctrl-C ends the servers first."""

import os
import re
import signal
import sys
from configparser import ConfigParser
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

import typer

from compare.run.apps import BY_NAME, ROOT
from compare.run.processes import Processes, run_to_end
from compare.run.terminal import Failed, ProcessLog, UsageError

# A part that is interrupted ends its servers first.
GRACE = 8.0
PYTHON_FACTOR = re.compile(r"py3\d+-")
ENVIRONMENT = re.compile(r"-e=?(.*)")


def read_parts() -> dict[str, str]:
    """The values of `-e`, each with its description from `tox.ini`."""
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", "utf-8")
    factors = dict(
        line.split(": ", 1) for line in tox["testenv"]["description"].strip().splitlines()
    )
    kinds = {name: sentence for name, sentence in factors.items() if name not in BY_NAME}
    parts = {app: f"All parts of {BY_NAME[app].title}." for app in BY_NAME}
    parts |= {f"{app}-{kind}": kinds[kind] for app in BY_NAME for kind in kinds}
    for section in tox.sections():
        if section.startswith("testenv:"):
            parts[section.removeprefix("testenv:")] = tox[section]["description"]
    return parts


PARTS = read_parts()


def test(context: typer.Context) -> None:
    """Run the tests with tox, two parts at a time. All arguments are those of tox."""
    for name in named_parts(context.args):
        if PYTHON_FACTOR.sub("", name) not in PARTS:
            near = get_close_matches(name, PARTS, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"there is no part {name!r}: {hint}give some of {', '.join(PARTS)}")
    # Much of the time of a part is spent in waiting for servers.
    code = run_tox(*(context.args or ["run-parallel", "--parallel", "2"]))
    if code == 2:
        raise typer.Exit(2)
    if code:
        raise Failed(
            "some tests failed: one cause can fail many of them, so begin with the first,"
            " which ./triptych test -e PART -- -x shows alone"
        )


OPTIONS = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    # Typer joins lines, except after \b.
    "epilog": "Run a part with -e, or several with commas between them. For example:"
    " ./triptych test -e flask,mirror\n\n\b\n"
    + "\n".join(f"{name:18}{sentence}" for name, sentence in PARTS.items()),
}


def named_parts(arguments: list[str]) -> list[str]:
    """The parts that `-e` names, before the arguments for the tests."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = [after for before, after in pairwise(own) if before == "-e"]
    given += [found[1] for each in own if (found := ENVIRONMENT.fullmatch(each)) and found[1]]
    return [name for each in given for name in each.split(",") if name and name != "ALL"]


def run_tox(*arguments: str) -> int:
    """Run tox on the terminal; its exit code."""
    return run_to_end(call_tox(arguments))


async def call_tox(arguments: tuple[str, ...]) -> int:
    # PATH has only the shims of pyenv, which run one Python version, so all versions are added.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [os.environ["PATH"], *map(str, sorted(pyenv.glob("versions/*/bin")))]
    env = os.environ | {"PATH": os.pathsep.join(folders)}
    command = [sys.executable, "-m", "tox", *arguments]
    async with Processes(stop_signal=signal.SIGINT, grace=GRACE) as processes:
        child = await processes.start(
            ProcessLog("tox", "blue"), command, cwd=ROOT, env=env, streams="terminal"
        )
        try:
            return await child.process.wait()
        except BaseException:
            # tox is killed, because it would report the processes that end here as failed tests.
            child.process.kill()
            raise
