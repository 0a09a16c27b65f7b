"""What a request does: on which thread and event loop, and when."""

import asyncio
import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from weakref import WeakKeyDictionary

from .schemas import Recording, Span

SERVERS = ("gunicorn", "waitress", "hypercorn", "uvicorn")

numbers = itertools.count(1)
loops: WeakKeyDictionary[asyncio.AbstractEventLoop, str] = WeakKeyDictionary()


class Recorder:
    def __init__(self, framework: str, handler: Literal["sync", "async"]) -> None:
        self.framework = framework
        self.handler: Literal["sync", "async"] = handler
        self.thread = thread_label()
        self.loop = loop_label()
        self.started_at = clock()
        self.spans: list[Span] = []

    @contextmanager
    def span(self, number: int) -> Iterator[None]:
        """Record the wait that is the body of the `with`."""
        start = clock()
        yield
        name, thread = f"wait {number}", thread_label()
        self.spans.append(Span(name=name, thread=thread, start=start, end=clock()))

    def stop(self) -> Recording:
        return Recording(
            framework=self.framework,
            server=server_name(),
            handler=self.handler,
            process=os.getpid(),
            thread=self.thread,
            loop=self.loop,
            started_at=self.started_at,
            ended_at=clock(),
            spans=self.spans,
        )


def clock() -> float:
    return round(time.monotonic() * 1000, 3)


def thread_label() -> str:
    """The thread's name and number; the threads of a pool may share one name."""
    return f"{threading.current_thread().name} {threading.get_native_id()}"


def loop_label() -> str | None:
    """The running event loop as a name with a number; None in a thread without a loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loops.setdefault(loop, f"{type(loop).__module__.partition('.')[0]} {next(numbers)}")


def server_name() -> str:
    """The server that runs this process; neither WSGI nor ASGI tells the app its name."""
    return next((name for name in SERVERS if name in sys.modules), "unknown")
