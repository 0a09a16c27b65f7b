"""How answers that differ are shown side by side."""

import httpx2
import pytest
from rich.console import Console

from compare.run.answers import Answer
from compare.run.apps import APPS, DJANGO, FLASK
from compare.run.columns import cells, side_by_side


@pytest.mark.parametrize(
    ("other", "head", "body"),
    [
        (httpx2.Response(200, text="one"), "equal", "equal"),
        (httpx2.Response(200, text="two"), "equal", "different"),
        (httpx2.Response(404, text="one"), "different", "equal"),
    ],
)
def test_headers_and_bodies_apart(other: httpx2.Response, head: str, body: str) -> None:
    """Only the part that differs is shown in columns."""
    answers = [Answer(DJANGO, httpx2.Response(200, text="one")), Answer(FLASK, other)]
    console = Console(width=80)
    with console.capture() as capture:
        console.print(side_by_side(answers))
    printed = capture.get()
    assert f"Status and headers: {head}" in printed
    assert f"Body: {body}" in printed
    assert printed.count("Django") == [head, body].count("different")


def test_minority_stands_out() -> None:
    """Two against one: the one is marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "a"))]
    assert marked == [False, True, False]


def test_no_majority() -> None:
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
    rows = [line for line in capture.get().splitlines()[4:-1] if line.strip()]
    marks = {row.split()[-2]: row[2] for row in rows}
    assert marks == {"200": "≠", "allow:": "+", "vary:": " ", "x-request-id:": "≠"}
