"""What happened in one cell of the grid, computed from the answers of one app.

Times are milliseconds from the first start in the cell.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from compare.run.apps import App

Kind = Literal["loop", "thread"]


@dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    target: str
    """The path and query, with {ms} and {n} to fill in."""
    is_burst: bool
    """Whether it is n requests at once; otherwise it is one request with n waits."""

    def path(self, *, n: int, ms: int) -> str:
        return self.target.format(n=n, ms=ms)


EXPERIMENTS: Sequence[Experiment] = (
    Experiment(
        "blocking", "a handler that blocks its thread", "/api/lab/blocking?ms={ms}", is_burst=True
    ),
    Experiment("async", "a coroutine that awaits a timer", "/api/lab/async?ms={ms}", is_burst=True),
    Experiment(
        "stalled", "a coroutine that blocks, by mistake", "/api/lab/stalled?ms={ms}", is_burst=True
    ),
    Experiment(
        "sequential",
        "a coroutine that awaits one wait after another",
        "/api/lab/gather?n={n}&ms={ms}&how=sequential",
        is_burst=False,
    ),
    Experiment(
        "threads",
        "a coroutine that hands blocking waits to threads",
        "/api/lab/gather?n={n}&ms={ms}&how=threads",
        is_burst=False,
    ),
    Experiment(
        "tasks",
        "a coroutine that awaits all its waits together",
        "/api/lab/gather?n={n}&ms={ms}&how=tasks",
        is_burst=False,
    ),
)


@dataclass(frozen=True)
class Train:
    """The time of a request or of one wait, drawn as a bar on a track."""

    start: float
    end: float
    is_request_around: bool = False


@dataclass(frozen=True)
class Track:
    """A thread or an event loop, with its trains on as many lanes as run at once."""

    kind: Kind
    label: str
    lanes: Sequence[Sequence[Train]]


@dataclass(frozen=True)
class Cell:
    app: App
    experiment: Experiment
    n: int
    ms: int
    answers: Sequence[Mapping[str, Any]]
    server_threads: int | None = None
    """The size of the server's thread pool; None if it does not use one."""

    @cached_property
    def _zero(self) -> float:
        return min(float(answer["startedAt"]) for answer in self.answers)

    @cached_property
    def trains(self) -> list[tuple[Kind, str, Train]]:
        """Each train with its track: the event loop that ran it, otherwise the thread."""
        trains: list[tuple[Kind, str, Train]] = []
        for answer in self.answers:
            around = self._train(
                answer["startedAt"],
                answer["endedAt"],
                is_request_around=not self.experiment.is_burst,
            )
            trains.append((*track_of(answer, answer["thread"]), around))
            if not self.experiment.is_burst:
                for span in answer["spans"]:
                    wait = self._train(span["start"], span["end"])
                    trains.append((*track_of(answer, span["thread"]), wait))
        return trains

    def _train(self, start: float, end: float, *, is_request_around: bool = False) -> Train:
        return Train(round(start - self._zero, 3), round(end - self._zero, 3), is_request_around)

    @cached_property
    def tracks(self) -> list[Track]:
        """In the order in which they were first used, event loops before threads."""
        by_track: dict[tuple[Kind, str], list[Train]] = {}
        for kind, label, train in sorted(self.trains, key=lambda each: each[2].start):
            by_track.setdefault((kind, label), []).append(train)
        tracks = [Track(kind, label, lanes(trains)) for (kind, label), trains in by_track.items()]
        return sorted(tracks, key=lambda track: track.kind)

    @cached_property
    def counted(self) -> list[Train]:
        """The requests of a burst, or the waits of one request."""
        return [train for _, _, train in self.trains if not train.is_request_around]

    @cached_property
    def total(self) -> float:
        """From the first start to the last end."""
        start = min(train.start for train in self.counted)
        return round(max(train.end for train in self.counted) - start, 3)

    @cached_property
    def peak(self) -> int:
        """The highest number of trains at the same time."""
        # At the same time, ends sort before starts.
        steps = sorted(
            [(train.start, 1) for train in self.counted]
            + [(train.end, -1) for train in self.counted]
        )
        now = most = 0
        for _, step in steps:
            now += step
            most = max(most, now)
        return most

    @cached_property
    def last_start(self) -> float:
        """The time from the first start to the last start."""
        starts = [train.start for train in self.counted]
        return round(max(starts) - min(starts), 3)

    @cached_property
    def threads(self) -> list[str]:
        """The threads that the answers name, including the threads of event loops."""
        return unique(
            name
            for answer in self.answers
            for name in (answer["thread"], *(span["thread"] for span in answer["spans"]))
        )

    @cached_property
    def waiting_threads(self) -> list[str]:
        """The threads on which something waited."""
        return unique(span["thread"] for answer in self.answers for span in answer["spans"])

    @cached_property
    def loops(self) -> list[str]:
        return unique(answer["loop"] for answer in self.answers if answer["loop"] is not None)

    @property
    def server(self) -> str:
        return str(self.answers[0]["server"])


def track_of(answer: Mapping[str, Any], thread: str) -> tuple[Kind, str]:
    if answer["loop"] is not None and thread == answer["thread"]:
        return "loop", answer["loop"]
    return "thread", thread


def lanes(trains: Iterable[Train]) -> list[list[Train]]:
    """Each train, in the order of starts, goes onto the first lane that is free."""
    result: list[list[Train]] = []
    for train in trains:
        for lane in result:
            if lane[-1].end <= train.start:
                lane.append(train)
                break
        else:
            result.append([train])
    return result


def unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def pool_name(label: str) -> str:
    """The name of a thread's pool: the thread's label without its numbers."""
    name, _, _ = label.rpartition(" ")
    return re.sub(r"[-_]\d+", "", name)
