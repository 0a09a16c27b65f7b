"""The state of a running `up` in `.triptych/`, so that `ask` finds the apps.

`up` also holds a lock, which the system releases in any case: a state without the lock was
left by an `up` that was killed.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal, Self, TextIO

import psutil

from compare.run.apps import BY_NAME, ROOT, App
from compare.run.processes import Group
from compare.run.terminal import UsageError

HOME = Path(os.environ.get("TRIPTYCH_HOME") or ROOT / ".triptych")
STATE = HOME / "up.json"
# An `ask` that checks whether `up` runs holds the lock for a moment.
LOCK_ATTEMPTS = 5


type Phase = Literal["starting", "running", "stopping"]


@dataclass(frozen=True)
class Running:
    apps: Sequence[App]
    one_database: bool
    """Whether the apps share one database, so that a write to each app is done several times."""
    up: Group = field(default_factory=lambda: Group.of(os.getpid()))
    """The process of `up`."""
    groups: Sequence[Group] = ()
    """What it has started."""
    phase: Phase = "running"

    def to_json(self) -> str:
        ports = {app.name: app.port for app in self.apps}
        state = {"ports": ports, "one_database": self.one_database, "phase": self.phase}
        state |= {"up": astuple(self.up), "groups": [astuple(group) for group in self.groups]}
        return json.dumps(state)

    @classmethod
    def from_json(cls, text: str) -> Self:
        state = json.loads(text)
        apps = [replace(BY_NAME[name], port=int(port)) for name, port in state["ports"].items()]
        up, *groups = (
            Group(int(pid), float(started)) for pid, started in [state["up"], *state["groups"]]
        )
        return cls(apps, state["one_database"], up, groups, state["phase"])


def make_home(name: str = "") -> Path:
    """`.triptych/`, or a folder in it, created if missing; raises if it cannot be written."""
    folder = HOME / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written ({error.strerror}): make it writable,"
            " or set TRIPTYCH_HOME to another folder"
        ) from None
    return folder


@contextmanager
def only_one(command: str) -> Iterator[None]:
    """Prevent a second run of the command."""
    with (make_home() / f"{command}.lock").open("w", encoding="utf-8") as lock:
        for _ in range(LOCK_ATTEMPTS):
            if try_lock(lock, fcntl.LOCK_EX):
                break
            time.sleep(0.05)
        else:
            raise UsageError(f"another ./triptych {command} is running: end it first")
        yield


def remove_killed_state() -> None:
    """Remove the state of an `up` that was killed, if it has left no processes."""
    if left_behind(read_state()):
        raise UsageError("an earlier up was killed, and left processes: run ./triptych down")
    STATE.unlink(missing_ok=True)


def try_lock(lock: TextIO, kind: int) -> bool:
    """Take the lock if it is free; it is released when the file is closed."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def announce(running: Running) -> None:
    # Under another name first: what is half written must not be read.
    draft = STATE.with_name(f"{STATE.name}-draft")
    draft.write_text(running.to_json(), "utf-8")
    draft.replace(STATE)


@contextmanager
def announced(running: Running) -> Iterator[None]:
    announce(running)
    try:
        yield
    finally:
        STATE.unlink(missing_ok=True)


def read_state() -> Running | None:
    """What an `up` has written, whether it still runs or not."""
    try:
        return Running.from_json(STATE.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{STATE} is damaged: end what runs, and delete it") from None


def is_up() -> bool:
    """Whether an `up` runs: only a running one holds the lock."""
    try:
        with STATE.with_suffix(".lock").open(encoding="utf-8") as lock:
            return not try_lock(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def left_behind(running: Running | None) -> list[psutil.Process]:
    """The processes of an `up` that still run."""
    groups = running.groups if running else ()
    return [process for group in groups for process in group.living()]


def what_runs() -> Running:
    running = read_state()
    if running is None or not is_up():
        raise UsageError("nothing is running: start the apps with ./triptych up")
    if running.phase != "running":
        raise UsageError(f"the apps are {running.phase}")
    return running
