"""Concurrent requests."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from .client import Client
from .exchanges import Answer
from .people import Person, register


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Start all calls at the same moment, and return the responses in the order of the calls."""
    start = threading.Barrier(len(calls))

    def wait_and_call(call: Callable[[], Answer]) -> Answer:
        start.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def register_many(client: Client, size: int) -> list[Person]:
    """This many users who have just signed up."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: register(client, "one"), range(size)))
