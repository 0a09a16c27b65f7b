"""The waits: what Django runs in a request's thread, and what on the server's event loop."""

import asyncio
import time

from asgiref.sync import sync_to_async

from .recorder import Recorder
from .schemas import How, Recording

FRAMEWORK = "Django"


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
        # Otherwise all would share the one thread that runs the request's other sync code.
        block_in_thread = sync_to_async(block_once, thread_sensitive=False)
        await asyncio.gather(*(block_in_thread(recorder, number, ms) for number in numbers))
    else:
        await asyncio.gather(*(wait_once(recorder, number, ms) for number in numbers))
    return recorder.stop()


def block_once(recorder: Recorder, number: int, ms: int) -> None:
    with recorder.span(number):
        time.sleep(ms / 1000)


async def wait_once(recorder: Recorder, number: int, ms: int) -> None:
    with recorder.span(number):
        await asyncio.sleep(ms / 1000)
