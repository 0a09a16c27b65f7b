"""The samples of output in README.md: `python -m compare.read.samples` updates them.

A sample is a console block after a line such as `<!-- sample: 110 columns, 20 lines -->`.
Its first line is the command, and the rest is what the command prints, cut to that many lines.
With `--check` nothing is written, and the exit code is 1 where a sample is out of date.
Samples without that line come from running apps or take minutes, so they are updated by hand.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable

from compare.run.apps import ROOT
from compare.run.terminal import Failed, print_error

README = ROOT / "README.md"
SAMPLE = re.compile(
    r"(<!-- sample: (\d+) columns, (\d+) lines -->\n```console\n\$ \./triptych ([^\n]+)\n)"
    r"(.*?)(^```\n)",
    re.DOTALL | re.MULTILINE,
)

type Run = Callable[[str, int], str]
"""From the arguments of `./triptych` and the columns of the terminal to the output."""


def run(arguments: str, columns: int) -> str:
    command = [sys.executable, "-m", "compare", *shlex.split(arguments)]
    # Without colors, which an environment can ask for where there is no terminal.
    environment = {name: os.environ[name] for name in os.environ if "COLOR" not in name}
    environment |= {"COLUMNS": str(columns), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode > 1 or done.stderr:  # with 1 `diff` reports a difference
        raise Failed(f"./triptych {arguments} failed: {done.stderr.strip()}")
    return done.stdout


def update(text: str, run: Run = run) -> str:
    """The text with each sample as its command prints it now."""

    def fresh(sample: re.Match[str]) -> str:
        start, columns, most, arguments, _, end = sample.groups()
        lines = [line.rstrip() for line in run(arguments, int(columns)).strip("\n").splitlines()]
        if len(lines) > int(most):
            lines = [*lines[: int(most)], "…"]
        return start + "".join(f"{line}\n" for line in lines) + end

    return SAMPLE.sub(fresh, text)


def main() -> int:
    old = README.read_text("utf-8")
    try:
        new = update(old)
    except Failed as failure:
        print_error(failure.message)
        return 1
    if old != new and "--check" in sys.argv[1:]:
        print_error("README.md: its samples are out of date: run python -m compare.read.samples")
        return 1
    README.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
