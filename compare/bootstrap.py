"""Make `.venv`: run by the launcher with the Python it found, before anything is installed."""

import fcntl
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
STAMP = VENV / "constraints.txt"
GROUPS = ("django", "flask", "fastapi", "compare", "tox")


def main() -> None:
    with CONSTRAINTS.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./triptych is making .venv: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready():
            make()


def is_ready() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_bytes() == CONSTRAINTS.read_bytes()


def make() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"making .venv with Python {version} (once, about half a minute)")
    start = time.monotonic()
    pins = ("--constraint", CONSTRAINTS)
    groups = [word for group in GROUPS for word in ("--group", group)]
    run(sys.executable, "-m", "venv", "--clear", VENV)
    # uv installs the many packages several times faster than pip, and comes by pip itself.
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins, "uv")
    install = (PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON)
    # Compiled now, by all cores: else each app would do it while it starts.
    run(*install, "--compile-bytecode", *pins, *groups)
    shutil.copyfile(CONSTRAINTS, STAMP)
    say(f".venv is ready after {time.monotonic() - start:.0f} s")


def run(*command: str | Path) -> None:
    # Progress goes to stderr, so that stdout carries what the command itself prints.
    subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=True)


def say(text: str) -> None:
    print(f"triptych: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        say(f"making .venv failed: {' '.join(map(str, error.cmd))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
