"""The load generator: wrk, as a process of its own."""

import asyncio
import json
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.run.terminal import Failed

SCRIPT = Path(__file__).with_name("requests.lua")
PATIENCE = 60.0
MISSING = (
    "wrk is not on the PATH, which sends the requests: install it"
    " (apt install wrk, dnf install wrk, brew install wrk)"
)


@dataclass(frozen=True)
class Burst:
    """What one run of wrk has seen; milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def find_wrk() -> str | None:
    """The program, if it is installed."""
    return shutil.which("wrk")


async def wrk_version(wrk: str) -> str:
    """Its version, which it prints together with its usage."""
    process = await asyncio.create_subprocess_exec(wrk, "-v", stdout=PIPE, stderr=DEVNULL)
    words = (await process.communicate())[0].decode().split()
    return words[1] if words[:1] == ["wrk"] and len(words) > 1 else "unknown"


async def send(
    wrk: str, url: str, *, clients: int, seconds: float, plan: Sequence[str] = ("get",)
) -> Burst:
    """Send requests for so long over so many connections; `Failed` if one of them fails."""
    process = await asyncio.create_subprocess_exec(
        *(wrk, "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout=30s"),
        *("-s", str(SCRIPT), url, "--", *plan),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    what = " ".join([url, *plan[:1]])
    try:
        async with asyncio.timeout(seconds + PATIENCE):
            printed, complaint = await process.communicate()
    except TimeoutError:
        raise Failed(f"wrk did not end: {what}") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        data = json.loads(printed.decode().strip().splitlines()[-1])
        failed, status, requests = data["failed"], data["status"], data["requests"]
    except (IndexError, ValueError, KeyError, TypeError):
        said = (complaint or printed).decode(errors="replace").strip()[-300:]
        raise Failed(f"wrk did not measure {what}: {said or 'it printed nothing'}") from None
    if failed or status or not requests:
        raise Failed(
            f"wrk got wrong answers from {what}: of {requests} requests {status} had another"
            f" status than 2xx or 3xx, and {failed} had no answer"
        )
    return Burst(requests, data["microseconds"] / 1e6, data["p50"] / 1e3, data["p99"] / 1e3)
