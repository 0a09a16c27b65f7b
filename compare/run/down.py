"""`down`: ends the processes that `up` has started."""

import signal
import time

import psutil

from compare.run import state
from compare.run.processes import is_running, signal_living
from compare.run.state import is_up, left_behind, read_state
from compare.run.terminal import Failed, out

# `up` ends its children within 5 seconds.
UP_TIMEOUT = 8.0
TERMINATE_TIMEOUT = 3.0


def down() -> None:
    """Stop the apps, including those that are starting or that a killed `up` left behind."""
    running = read_state()
    if is_up():
        if running and (up := running.up.leader()):
            signal_living([up], signal.SIGTERM)
        wait_for_end()
    elif not left_behind(running):
        out.print("Nothing is running.")
    else:
        end(left_behind(running))
        out.print("Stopped: nothing is left running.")
    if running:
        state.STATE.unlink(missing_ok=True)


def wait_for_end() -> None:
    deadline = time.monotonic() + UP_TIMEOUT
    while is_up():
        if time.monotonic() > deadline:
            raise Failed(f"up has not ended within {UP_TIMEOUT:.0f} seconds")
        time.sleep(0.05)
    out.print("Stopped: nothing is left running.")


def end(processes: list[psutil.Process]) -> None:
    """Ask the processes to end, and kill those that do not."""
    signal_living(processes, signal.SIGTERM)
    deadline = time.monotonic() + TERMINATE_TIMEOUT
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_living(processes, signal.SIGKILL)
