"""The figures that are computed from the arrivals of events on many sockets."""

import json
import resource
import sys
from datetime import datetime

import pytest

from compare.cli import main
from compare.measure.load.figures import delays, delivery, spread
from compare.measure.load.live import allow_files, timestamp
from compare.run.terminal import UsageError


def test_spread() -> None:
    """99 of 100 do not exceed the p99, and half do not exceed the p50."""
    figures = spread([float(number) for number in range(200, 0, -1)])
    assert (figures.p50, figures.p99, figures.max) == (100, 198, 200)


def test_spread_of_one() -> None:
    """One value is the p50, the p99 and the maximum."""
    figures = spread([7.25])
    assert (figures.p50, figures.p99, figures.max) == (7.2, 7.2, 7.2)


def test_perfect_delivery() -> None:
    """Each socket got each event once, in order."""
    found = delivery([4, 5], [[(1.0, 4), (2.0, 5)], [(1.5, 4), (1.5, 5)]])
    assert (found.expected, found.delivered) == (4, 4)
    assert found.is_perfect


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([4, 5], (1, 0, 0)),
        ([4, 5, 5, 6], (0, 1, 0)),
        ([4, 6, 5], (0, 0, 1)),
        ([4, 6, 4], (1, 1, 1)),
    ],
)
def test_delivery(numbers: list[int], expected: tuple[int, int, int]) -> None:
    """Events that are lost, repeated or out of order are counted."""
    fine = [(1.0, 4), (1.0, 5), (1.0, 6)]
    found = delivery([4, 5, 6], [fine, [(1.0, number) for number in numbers]])
    assert (found.lost, found.repeated, found.sockets_out_of_order) == expected
    assert not found.is_perfect


def test_delays() -> None:
    """A delay is from the commit of that event, on every socket; others are left out."""
    arrivals = [[(10.5, 1), (11.0, 2)], [(10.25, 1)]]
    assert delays({1: 10.0}, arrivals) == [500, 250]


def test_times_of_both_databases() -> None:
    """The text in SQLite means the same moment as the time in PostgreSQL."""
    moment = datetime.fromisoformat("2026-02-18T04:22:56.637+01:00")
    assert timestamp("2026-02-18 03:22:56.637000") == timestamp(moment)


def test_too_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """More sockets than the system allows open files are refused, with what to do."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    with pytest.raises(UsageError, match="1200 open files are needed and the system allows 1024"):
        allow_files(1200)


def test_raised_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is raised if the system allows it."""
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    allow_files(1200)
    assert limits == [(1200, 4096)]


def test_real_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A run delivers every event to every socket, also events that were not written by the app."""
    command = "load live --app fastapi --sockets 3 --events 12 --database sqlite --json"
    monkeypatch.setattr(sys, "argv", ["triptych", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    [figures] = json.loads(capsys.readouterr().out)
    assert (figures["expected"], figures["delivered"]) == (36, 36)
    assert (figures["lost"], figures["repeated"], figures["socketsOutOfOrder"]) == (0, 0, 0)
    assert figures["fromRecordToArrivalMs"]["p50"] > 0
    assert figures["fromCommitToArrivalMs"]["max"] > 0
    assert figures["probes"]["failures"] == {}
