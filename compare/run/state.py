"""What `up` leaves in `.triptych/` for as long as it runs, so that `ask` finds the apps.

It holds a lock too, which the system releases however `up` ends: a state without the lock is
what a killed one could not take away.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from compare.run.apps import BY_NAME, ROOT, App
from compare.run.terminal import UsageError

HOME = Path(os.environ.get("TRIPTYCH_HOME") or ROOT / ".triptych")
STATE = HOME / "up.json"
# A moment's lock is that of an `ask` that looks whether anything runs.
LOCK_ATTEMPTS = 5


@dataclass(frozen=True)
class Running:
    apps: Sequence[App]
    together: bool
    """Whether the apps work on one database, so that a write to each would be done thrice."""


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second `up` away, and forget what a killed one has left."""
    HOME.mkdir(exist_ok=True)
    with STATE.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        for _ in range(LOCK_ATTEMPTS):
            if is_lockable(lock, fcntl.LOCK_EX):
                break
            time.sleep(0.05)
        else:
            raise UsageError("another ./triptych up is running: end it first")
        STATE.unlink(missing_ok=True)
        yield


def is_lockable(lock: TextIO, kind: int) -> bool:
    """Take the lock, if nobody has it; it is released when the file is closed."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def announced(running: Running) -> Iterator[None]:
    ports = {app.name: app.port for app in running.apps}
    # Under another name first: what is half written must not be read.
    draft = STATE.with_name(f"{STATE.name}-draft")
    draft.write_text(json.dumps({"ports": ports, "together": running.together}), "utf-8")
    draft.replace(STATE)
    try:
        yield
    finally:
        STATE.unlink(missing_ok=True)


def what_runs() -> Running:
    nothing = UsageError("nothing is running: start the apps with ./triptych up")
    try:
        state = json.loads(STATE.read_text("utf-8"))
        with STATE.with_suffix(".lock").open(encoding="utf-8") as lock:
            if is_lockable(lock, fcntl.LOCK_SH):
                raise nothing
    except FileNotFoundError:
        raise nothing from None
    apps = [replace(BY_NAME[name], port=port) for name, port in state["ports"].items()]
    return Running(apps, state["together"])
