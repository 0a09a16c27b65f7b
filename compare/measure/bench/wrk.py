"""The load generator: wrk, as a separate process."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.run.apps import ROOT
from compare.run.processes import Processes, TimedOut, failure
from compare.run.terminal import Failed, KeptLog

SCRIPT = Path(__file__).with_name("requests.lua")
TIMEOUT = 60.0
GRACE = 2.0
MISSING = (
    "wrk, which sends the requests, is not on the PATH: install it"
    " (apt install wrk, dnf install wrk, brew install wrk)"
)


@dataclass(frozen=True)
class Burst:
    """The figures of one run of wrk; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int = 0
    """Requests that were answered with a status from 400 on."""
    failed: int = 0
    """Requests that had no answer."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def find_wrk() -> str | None:
    """The program, if it is installed."""
    return shutil.which("wrk")


async def wrk_version(wrk: str) -> str:
    """The version of wrk, which it prints together with its usage."""
    record = KeptLog("wrk")
    async with Processes(grace=GRACE) as processes:
        await processes.call(record, [wrk, "-v"], cwd=ROOT, timeout=TIMEOUT)
    words = " ".join(record.lines).split()
    return words[1] if words[:1] == ["wrk"] and len(words) > 1 else "unknown"


async def send(
    wrk: str,
    url: str,
    *,
    clients: int,
    seconds: float,
    plan: Sequence[str] = ("get",),
    complete: bool = True,
) -> Burst:
    """Send requests for this number of seconds over this number of connections.

    With `complete`, raises `Failed` if a request fails.
    """
    command = [wrk, "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout=30s"]
    command += ["-s", str(SCRIPT), url, "--", *plan]
    what = " ".join([url, *plan[:1]])
    record = KeptLog("wrk")
    async with Processes(grace=GRACE) as processes:
        try:
            await processes.call(record, command, cwd=ROOT, timeout=seconds + TIMEOUT)
        except TimedOut:
            raise failure(record, f"wrk did not end: {what}") from None
    try:
        data = json.loads(record.lines[-1])
        failed, status, requests = data["failed"], data["status"], data["requests"]
    except (IndexError, ValueError, KeyError, TypeError):
        raise failure(record, f"wrk did not measure {what}") from None
    if not requests or (complete and (failed or status)):
        raise Failed(
            f"wrk got wrong answers from {what}: of {requests} requests {status} had another"
            f" status than 2xx or 3xx, and {failed} had no answer"
        )
    seconds = data["microseconds"] / 1e6
    return Burst(requests, seconds, data["p50"] / 1e3, data["p99"] / 1e3, status, failed)
