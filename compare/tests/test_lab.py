"""What the lab computes from the answers, what it says about them, and how it draws them."""

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from compare.cli import main
from compare.measure.lab import drawing, reasons
from compare.measure.lab.cells import EXPERIMENTS, Cell
from compare.measure.lab.reasons import why
from compare.measure.lab.svg import picture
from compare.run.apps import BY_NAME, DJANGO
from compare.run.pieces import find

# What a real run of `./triptych lab --requests 18 --ms 100 --json` answered.
RECORDED = json.loads((Path(__file__).parent / "recorded" / "lab.json").read_text("utf-8"))


def cell(app: str, name: str, answers: Any, *, n: int = 3, ms: int = 10) -> Cell:
    experiment = next(each for each in EXPERIMENTS if each.name == name)
    return Cell(BY_NAME[app], experiment, n, ms, answers, 16 if app == "flask" else None)


def recorded(app: str, name: str) -> Cell:
    return cell(app, name, RECORDED[f"{app} {name}"], n=18, ms=100)


def answer(start: float, end: float, *, thread: str = "t 1", loop: str | None = None) -> Any:
    span = {"name": "wait 1", "thread": thread, "start": start, "end": end}
    return {
        "server": "uvicorn",
        "thread": thread,
        "loop": loop,
        "startedAt": start,
        "endedAt": end,
        "spans": [span],
    }


def facts(cell: Cell) -> tuple[int, int, int, int]:
    """The peak, and the numbers of threads, event loops and tracks."""
    return cell.peak, len(cell.threads), len(cell.loops), len(cell.tracks)


@pytest.mark.parametrize(
    ("app", "name", "expected"),
    [
        ("django", "blocking", (18, 18, 0, 18)),
        ("flask", "blocking", (16, 16, 0, 16)),
        ("fastapi", "blocking", (18, 18, 0, 18)),
        ("django", "async", (18, 1, 1, 1)),
        ("flask", "async", (16, 18, 18, 18)),
        ("fastapi", "async", (18, 1, 1, 1)),
        ("django", "stalled", (1, 1, 1, 1)),
        ("flask", "stalled", (16, 18, 18, 18)),
        ("fastapi", "stalled", (1, 1, 1, 1)),
        ("django", "sequential", (1, 1, 1, 1)),
        ("flask", "sequential", (1, 1, 1, 1)),
        ("fastapi", "sequential", (1, 1, 1, 1)),
        ("django", "threads", (6, 7, 1, 7)),
        ("flask", "threads", (18, 19, 1, 19)),
        ("fastapi", "threads", (18, 19, 1, 19)),
        ("django", "tasks", (18, 1, 1, 1)),
        ("flask", "tasks", (18, 1, 1, 1)),
        ("fastapi", "tasks", (18, 1, 1, 1)),
    ],
)
def test_recorded(
    app: str, name: str, expected: tuple[int, int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts of a recorded run are as expected, and every explanation fits."""
    monkeypatch.setattr(reasons, "EXECUTOR_THREADS", 6)  # of the machine that it ran on
    measured = recorded(app, name)
    assert facts(measured) == expected
    assert why(measured).fits


def test_end_and_start_at_once() -> None:
    """A request that ends when the next one begins does not overlap with it."""
    after = cell("fastapi", "async", [answer(5, 15), answer(15, 25), answer(14, 16)])
    assert after.peak == 2
    assert after.total == 20


def test_lanes() -> None:
    """Trains share a lane unless they overlap."""
    trains = [answer(0, 10, loop="a 1"), answer(5, 15, loop="a 1"), answer(10, 20, loop="a 1")]
    [track] = cell("fastapi", "async", trains).tracks
    assert [[(train.start, train.end) for train in lane] for lane in track.lanes] == [
        [(0, 10), (10, 20)],
        [(5, 15)],
    ]


def test_request_around_its_waits() -> None:
    """A request that gathers is a separate train, and does not count as one of its waits."""
    request = answer(100, 130, loop="a 1") | {
        "spans": [
            {"name": "wait 1", "thread": "pool 2", "start": 110, "end": 120},
            {"name": "wait 2", "thread": "pool 3", "start": 112, "end": 125},
        ]
    }
    measured = cell("fastapi", "threads", [request], n=2)
    assert (measured.peak, measured.total) == (2, 15)
    assert [(track.kind, track.label) for track in measured.tracks] == [
        ("loop", "a 1"),
        ("thread", "pool 2"),
        ("thread", "pool 3"),
    ]


def test_full_pool() -> None:
    """40 threads for 41 requests are the size of AnyIO's pool."""
    assert "has at most 40: 40 requests waited at once, the other 1 began" in full_pool(
        "fastapi", 40
    )


def test_full_pool_of_django() -> None:
    """The pool of Django's handler has the size that the app sets."""
    assert find("conduit/asgi_handler.py::THREADS", DJANGO.folder).text.startswith("THREADS = 64\n")
    assert "64 requests waited at once, the other 1 began" in full_pool("django", 64)


def full_pool(app: str, size: int) -> str:
    """The explanation for one request more than there are threads."""
    answers = [answer(0, 10, thread=f"pool {number}") for number in range(size)]
    late = answer(10, 20, thread="pool 7")
    return why(cell(app, "blocking", [*answers, late], n=size + 1)).text


def test_half_empty_pool() -> None:
    """39 threads for 41 requests do not fit: no pool has this size."""
    answers = [answer(0, 10, thread=f"pool {number}") for number in range(39)]
    late = [answer(10, 20, thread="pool 7"), answer(10, 20, thread="pool 8")]
    reason = why(cell("fastapi", "blocking", [*answers, *late], n=41))
    assert not reason.fits
    assert "39 of 41 were under way at once, on 39 threads and 0 event loops" in reason.text


def test_stalled() -> None:
    """One loop and one request at a time are a stalled loop, if the waits explain the time."""
    stalled = [answer(start, start + 10, loop="a 1") for start in (0, 10, 20)]
    assert "3 requests × 10 ms, one after another" in why(cell("django", "stalled", stalled)).text
    slow = [answer(start, start + 10, loop="a 1") for start in (0, 10, 90)]
    assert not why(cell("django", "stalled", slow)).fits


def test_late_requests() -> None:
    """If requests begin after the first has ended, the explanation says so."""
    apart = [answer(start, start + 10, loop="a 1") for start in (0, 2, 30)]
    reason = why(cell("fastapi", "async", apart))
    assert not reason.fits
    assert "The last one began 30 ms after the first" in reason.text


@pytest.mark.parametrize(("width", "beside"), [(80, False), (160, True)])
def test_drawing(width: int, beside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures of the apps fit into the terminal, side by side or one below the other."""
    console = Console(file=io.StringIO(), width=width, record=True)
    monkeypatch.setattr(drawing, "out", console)
    drawing.show_row([recorded(app, "blocking") for app in ("django", "flask", "fastapi")])
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    heads = [line for line in lines if "Django on uvicorn" in line]
    assert len(heads) == 1
    assert ("Flask on gunicorn" in heads[0]) is beside
    assert [line for line in lines if "16 at once, 16 threads, 0 event loops" in line]


def test_trains_in_the_terminal() -> None:
    """Two lanes are one line of text, and a train has the columns of its time."""
    two = [answer(0, 50, loop="a 1"), answer(25, 100, loop="a 1")]
    [line] = drawing.draw_tracks(cell("fastapi", "async", two), width=8, span=100)
    assert line.plain.endswith("▏▀▀██▄▄▄▄")


def texts(svg: str) -> Iterator[str]:
    for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        yield "".join(element.itertext())


def test_picture() -> None:
    """A picture says in text what it shows, and has a stroke for each train."""
    svg = picture([recorded(app, "stalled") for app in ("django", "flask", "fastapi")])
    assert "Django on uvicorn" in list(texts(svg))
    assert [text for text in texts(svg) if text.endswith("16 at once, 18 threads, 18 event loops")]
    root = ET.fromstring(svg)
    description = root.findtext("{http://www.w3.org/2000/svg}desc")
    assert description is not None
    assert description.startswith("stalled in Django: ")
    strokes = {
        path.get("class"): str(path.get("d")).count("M")
        for path in root.iter("{http://www.w3.org/2000/svg}path")
    }
    assert strokes["django0"] + strokes["django1"] == 18
    assert strokes["flask0"] == 18


def test_real_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run starts an app, draws what it answers, and leaves nothing running."""
    svg = tmp_path / "lab.svg"
    command = ["lab", "stalled", "--app", "fastapi", "--requests", "3", "--ms", "40", "--json"]
    monkeypatch.setattr(sys, "argv", ["triptych", *command, "--svg", str(svg)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    data = json.loads(capsys.readouterr().out)
    [measured] = data["cells"]
    assert measured["peak"] == 1
    assert measured["totalMs"] >= 3 * 40
    assert [train["end"] for train in measured["tracks"][0]["lanes"][0]][-1] >= 3 * 40
    with pytest.raises(ProcessLookupError):
        os.kill(measured["answers"][0]["process"], 0)
    assert "stalled" in list(texts(svg.read_text("utf-8")))
