"""The waits: all in a thread of the server; an `async` view has its own event loop there."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from .recorder import Recorder
from .schemas import How, Recording

FRAMEWORK = "Flask"


def block(*, ms: int) -> Recording:
    recorder = Recorder(FRAMEWORK, "sync")
    block_once(recorder, 1, ms)
    return recorder.stop()


async def wait(*, ms: int) -> Recording:
    recorder = Recorder(FRAMEWORK, "async")
    await wait_once(recorder, 1, ms)
    return recorder.stop()


async def stall(*, ms: int) -> Recording:
    recorder = Recorder(FRAMEWORK, "async")
    block_once(recorder, 1, ms)
    return recorder.stop()


async def gather(*, n: int, ms: int, how: How) -> Recording:
    recorder = Recorder(FRAMEWORK, "async")
    numbers = range(1, n + 1)
    if how == "sequential":
        for number in numbers:
            await wait_once(recorder, number, ms)
    elif how == "threads":
        with ThreadPoolExecutor(max_workers=n) as threads:
            for number in numbers:
                threads.submit(block_once, recorder, number, ms)
    else:
        await asyncio.gather(*(wait_once(recorder, number, ms) for number in numbers))
    return recorder.stop()


def block_once(recorder: Recorder, number: int, ms: int) -> None:
    with recorder.span(number):
        time.sleep(ms / 1000)


async def wait_once(recorder: Recorder, number: int, ms: int) -> None:
    with recorder.span(number):
        await asyncio.sleep(ms / 1000)
