"""What a run measures and for how long, and what it has found so far."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from compare.measure.bench.record import Figure, Missing
from compare.run.apps import App

GROUPS = ("reads", "writes", "memory", "start", "weight", "code", "sockets", "concurrency")
# What fits into two minutes.
QUICK_GROUPS = ("reads", "writes", "memory", "start", "code")
READ_CLIENTS = 32
WRITE_CLIENTS = (1, 16)


@dataclass(frozen=True)
class Backend:
    """A Conduit backend that somebody else has started."""

    name: str
    url: str


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    apps: Sequence[App]
    groups: Sequence[str]
    quick: bool
    urls: Sequence[Backend] = ()

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    @property
    def write_rounds(self) -> int:
        return 1 if self.quick else 3

    @property
    def read_seconds(self) -> int:
        return 1 if self.quick else 2

    @property
    def write_seconds(self) -> int:
        return 1 if self.quick else 2

    @property
    def write_clients(self) -> Sequence[int]:
        return WRITE_CLIENTS[-1:] if self.quick else WRITE_CLIENTS

    @property
    def databases(self) -> Sequence[str]:
        return ("postgresql",) if self.quick else ("postgresql", "sqlite")

    @property
    def sockets(self) -> int:
        return 500


@dataclass
class Findings:
    """The figures so far, and a word about what is being done."""

    say: Callable[[str], None]
    advance: Callable[[], None]
    figures: list[Figure] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


async def interleaved[Thing, Value](
    things: Sequence[Thing],
    rounds: int,
    measure: Callable[[Thing], Awaitable[Value]],
    *,
    pause: float = 0.0,
) -> list[list[Value]]:
    """Measure A B C, A B C, …; returns the values of each thing, one for each round."""
    values: list[list[Value]] = [[] for _ in things]
    for _ in range(rounds):
        for thing, found in zip(things, values, strict=True):
            found.append(await measure(thing))
            await asyncio.sleep(pause)
    return values
