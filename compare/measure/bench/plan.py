"""What a run measures and for how long, and what it has found so far."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from compare.run.apps import App
from compare.run.record import Figure, Missing
from compare.run.terminal import Failed, UsageError

GROUPS = ("reads", "writes", "memory", "start", "weight", "code", "sockets", "concurrency")
# The groups that fit into two minutes.
QUICK_GROUPS = ("reads", "writes", "code")
READ_CLIENTS = 32
WRITE_CLIENTS = (1, 16)


@dataclass(frozen=True)
class Backend:
    """A Conduit backend that the user has started."""

    name: str
    url: str


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    apps: Sequence[App]
    groups: Sequence[str]
    quick: bool
    urls: Sequence[Backend] = ()

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 6

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
    def start_rounds(self) -> int:
        return 1 if self.quick else 3

    @property
    def memory_workers(self) -> Sequence[int]:
        return (1,) if self.quick else (1, 4)

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
    """The figures so far, and callbacks that show the progress."""

    show_step: Callable[[str], None]
    advance: Callable[[], None]
    figures: list[Figure] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """The groups that should have been measured and were not."""

    def miss(self, group: str, failure: Failed | UsageError, subject: str | None = None) -> None:
        """Record that something could not be measured; the run continues."""
        self.missing.append(Missing(group, failure.format_message(), subject))
        self.failures.append(group)

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        """Run a group, and record it as missing if it fails."""
        try:
            yield
        except (Failed, UsageError) as failure:  # a UsageError if another command runs
            self.miss(name, failure)


async def interleaved[Thing, Value](
    things: Sequence[Thing],
    rounds: int,
    measure: Callable[[Thing], Awaitable[Value]],
    *,
    pause: float = 0.0,
) -> list[list[Value] | Failed]:
    """Measure A B C, A B C, …; the values of each thing, one for each round, or its failure."""
    values: list[list[Value]] = [[] for _ in things]
    failures: dict[int, Failed] = {}
    for _ in range(rounds):
        for number, thing in enumerate(things):
            if number not in failures:
                try:
                    values[number].append(await measure(thing))
                except (Failed, UsageError) as failure:
                    failures[number] = Failed(failure.format_message())
                await asyncio.sleep(pause)
    return [failures.get(number, found) for number, found in enumerate(values)]
