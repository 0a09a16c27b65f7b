"""What `up` leaves in `.triptych/` for as long as it runs, so that `ask` finds the apps."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from compare.apps import BY_NAME, ROOT, App
from compare.terminal import UsageError

HOME = Path(os.environ.get("TRIPTYCH_HOME") or ROOT / ".triptych")
STATE = HOME / "up.json"


@dataclass(frozen=True)
class Running:
    apps: Sequence[App]
    together: bool
    """Whether the apps work on one database, so that a write to each would be done thrice."""


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second `up` away; the system lets go of the lock however this process ends."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "up.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError("another ./triptych up is running: end it first") from None
        yield


@contextmanager
def announced(running: Running) -> Iterator[None]:
    ports = {app.name: app.port for app in running.apps}
    STATE.write_text(json.dumps({"ports": ports, "together": running.together}), "utf-8")
    try:
        yield
    finally:
        STATE.unlink(missing_ok=True)


def what_runs() -> Running:
    try:
        state = json.loads(STATE.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError("nothing is running: start the apps with ./triptych up") from None
    apps = [replace(BY_NAME[name], port=port) for name, port in state["ports"].items()]
    return Running(apps, state["together"])
