"""What the sockets show about a burst: lost and repeated events, their order, their delay."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Arrivals = Sequence[tuple[float, int]]
"""The events of one socket: the arrival in seconds since 1970, and the id."""


@dataclass(frozen=True)
class Spread:
    """Milliseconds."""

    p50: float
    p99: float
    max: float


def spread(milliseconds: Sequence[float]) -> Spread:
    """The values that half and 99 of 100 of the numbers do not exceed, and the largest number."""
    ordered = sorted(milliseconds)

    def at(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1)

    return Spread(at(0.5), at(0.99), at(1.0))


@dataclass(frozen=True)
class Delivery:
    """The numbers of events of all sockets together."""

    expected: int
    delivered: int
    lost: int
    repeated: int
    sockets_out_of_order: int

    @property
    def is_perfect(self) -> bool:
        return not (self.lost or self.repeated or self.sockets_out_of_order)


def delivery(events: Sequence[int], sockets: Sequence[Arrivals]) -> Delivery:
    """Compare what each socket got with the events that were recorded."""
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
