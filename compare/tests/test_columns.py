"""How answers that differ are shown beside each other."""

import httpx2
from rich.console import Console

from compare.run.answers import Answer
from compare.run.apps import APPS
from compare.run.columns import cells, side_by_side


def test_minority_stands_out() -> None:
    """Two against one: the one is marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "a"))]
    assert marked == [False, True, False]


def test_nobody_is_right() -> None:
    """Without a majority, all are marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "c"))]
    assert marked == [True, True, True]


def test_marks() -> None:
    """A line that differs has another mark than one that not all of the answers have."""
    headers: list[dict[str, str]] = [
        {"vary": "Origin", "x-request-id": "one"},
        {"vary": "Origin", "x-request-id": "two"},
        {"vary": "Origin", "x-request-id": "one", "allow": "GET"},
    ]
    answers = [
        Answer(app, httpx2.Response(status, headers=each))
        for app, status, each in zip(APPS, (200, 404, 200), headers, strict=True)
    ]
    console = Console(width=120)
    with console.capture() as capture:
        console.print(side_by_side(answers))
    marks = {line.split()[-2]: line[2] for line in capture.get().splitlines()[3:] if line.strip()}
    assert marks == {"200": "≠", "allow:": "+", "vary:": " ", "x-request-id:": "≠"}
