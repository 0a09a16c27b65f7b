"""What the sockets have to say about a burst: nothing lost, nothing twice, in order, how late."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Arrivals = Sequence[tuple[float, int]]
"""Of one socket: when each event came, in seconds since 1970, and its id."""


@dataclass(frozen=True)
class Spread:
    """Milliseconds."""

    p50: float
    p99: float
    max: float


def spread(milliseconds: Sequence[float]) -> Spread:
    """The value that half of them, or 99 of 100, do not exceed, and the largest."""
    ordered = sorted(milliseconds)

    def at(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1)

    return Spread(at(0.5), at(0.99), at(1.0))


@dataclass(frozen=True)
class Delivery:
    """Of all sockets together."""

    expected: int
    delivered: int
    lost: int
    repeated: int
    sockets_out_of_order: int

    @property
    def is_perfect(self) -> bool:
        return not (self.lost or self.repeated or self.sockets_out_of_order)


def delivery(events: Sequence[int], sockets: Sequence[Arrivals]) -> Delivery:
    """Compare what each socket got with the events that there were."""
    lost = repeated = out_of_order = 0
    for arrivals in sockets:
        got = [number for _, number in arrivals]
        lost += len(set(events) - set(got))
        repeated += len(got) - len(set(got))
        out_of_order += got != sorted(got)
    return Delivery(
        expected=len(events) * len(sockets),
        delivered=sum(len(arrivals) for arrivals in sockets),
        lost=lost,
        repeated=repeated,
        sockets_out_of_order=out_of_order,
    )


def delays(committed: Mapping[int, float], sockets: Sequence[Arrivals]) -> list[float]:
    """Milliseconds from the commit to the arrival, of each of these events on each socket."""
    return [
        (came - committed[number]) * 1000
        for arrivals in sockets
        for came, number in arrivals
        if number in committed
    ]
