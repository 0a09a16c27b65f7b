"""The lab: how sync and async handlers behave."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from .harness import Client, rule

pytestmark = pytest.mark.on_sqlite

KEYS = [
    "framework",
    "server",
    "handler",
    "process",
    "thread",
    "loop",
    "startedAt",
    "endedAt",
    "spans",
]
ROUTES = ["blocking?ms=200", "async?ms=200", "stalled?ms=200", "gather?ms=200&n=1&how=tasks"]


def record(client: Client, target: str) -> Any:
    answer = client.get(f"/api/lab/{target}")
    assert answer.status == 200
    return answer.json


def overlap(spans: list[dict[str, float]]) -> bool:
    """Whether all spans were in progress at the same moment."""
    return max(span["start"] for span in spans) < min(span["end"] for span in spans)


@rule("LAB-1")
def test_blocking(client: Client) -> None:
    """An ordinary handler blocks its thread, which has no event loop."""
    recording = record(client, "blocking?ms=20")
    assert recording["handler"] == "sync"
    assert recording["loop"] is None
    [span] = recording["spans"]
    assert span["thread"] == recording["thread"]


@rule("LAB-2")
def test_async(client: Client) -> None:
    """A coroutine awaits a timer on the thread of its event loop."""
    recording = record(client, "async?ms=20")
    assert recording["handler"] == "async"
    assert isinstance(recording["loop"], str)
    [span] = recording["spans"]
    assert span["thread"] == recording["thread"]


@rule("LAB-3")
def test_stalled(client: Client) -> None:
    """A coroutine blocks the thread of its event loop."""
    recording = record(client, "stalled?ms=20")
    assert recording["handler"] == "async"
    assert isinstance(recording["loop"], str)
    [span] = recording["spans"]
    assert span["thread"] == recording["thread"]


@rule("LAB-2")
def test_waits_of_two_requests_overlap(client: Client) -> None:
    """Requests that await do not delay each other."""
    together = threading.Barrier(2)

    def ask(_: int) -> Any:
        together.wait()
        return record(client, "async?ms=1500")

    with ThreadPoolExecutor(2) as threads:
        recordings = list(threads.map(ask, range(2)))
    assert overlap([span for recording in recordings for span in recording["spans"]])


@rule("LAB-4")
def test_gather_sequential(client: Client) -> None:
    """Sequential waits run one after another."""
    recording = record(client, "gather?ms=20&n=4&how=sequential")
    spans = recording["spans"]
    assert [span["name"] for span in spans] == ["wait 1", "wait 2", "wait 3", "wait 4"]
    assert all(before["end"] <= after["start"] for before, after in pairwise(spans))
    assert {span["thread"] for span in spans} == {recording["thread"]}


@rule("LAB-4")
def test_gather_threads(client: Client) -> None:
    """Waits on threads run at the same time, each on its own thread."""
    recording = record(client, "gather?ms=1000&n=4&how=threads")
    spans = recording["spans"]
    assert sorted(span["name"] for span in spans) == ["wait 1", "wait 2", "wait 3", "wait 4"]
    assert overlap(spans)
    assert len({span["thread"] for span in spans} - {recording["thread"]}) == 4


@rule("LAB-4")
def test_gather_tasks(client: Client) -> None:
    """Waits as tasks run at the same time, all on the thread of one event loop."""
    recording = record(client, "gather?ms=400&n=50&how=tasks")
    spans = recording["spans"]
    assert len(spans) == 50
    assert overlap(spans)
    assert {span["thread"] for span in spans} == {recording["thread"]}


@rule("LAB-5")
@pytest.mark.parametrize("target", ROUTES)
def test_recording(client: Client, target: str) -> None:
    """A response says which process and thread answered, and when each wait started and ended."""
    recording = record(client, target)
    assert list(recording) == KEYS
    assert recording["framework"] and recording["server"] and recording["thread"]
    assert recording["process"] > 0
    [span] = recording["spans"]
    assert list(span) == ["name", "thread", "start", "end"]
    assert span["name"] == "wait 1"
    # A timer of an event loop starts when the loop's iteration starts, so it may end early.
    blocks = target.startswith(("blocking", "stalled"))
    assert span["end"] - span["start"] >= (200 if blocks else 100)
    assert recording["startedAt"] <= span["start"] <= span["end"] <= recording["endedAt"]


@rule("LAB-6")
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("", {"ms": ["can't be blank"], "n": ["can't be blank"], "how": ["can't be blank"]}),
        ("ms=&n=1&how=tasks", {"ms": ["must be an integer"]}),
        ("ms=1.0&n=one&how=tasks", {"ms": ["must be an integer"], "n": ["must be an integer"]}),
        ("ms=0&n=1&how=tasks", {"ms": ["must be between 1 and 5000"]}),
        ("ms=5001&n=1&how=tasks", {"ms": ["must be between 1 and 5000"]}),
        ("ms=1&n=0&how=tasks", {"n": ["must be between 1 and 50"]}),
        ("ms=1&n=51&how=tasks", {"n": ["must be between 1 and 50"]}),
        ("ms=5000&n=5&how=tasks", {"n": ["times ms must be at most 20000"]}),
        ("ms=0&n=50&how=tasks", {"ms": ["must be between 1 and 5000"]}),
    ],
)
def test_waits_that_are_refused(client: Client, query: str, errors: dict[str, list[str]]) -> None:
    """The length and the number of waits have limits."""
    answer = client.get(f"/api/lab/gather?{query}")
    assert answer.status == 422
    assert answer.json == {"errors": errors}


@rule("LAB-6")
@pytest.mark.parametrize("path", ["blocking", "async", "stalled"])
def test_length_of_one_wait(client: Client, path: str) -> None:
    """The length of a single wait has the same limits."""
    answer = client.get(f"/api/lab/{path}?ms=5001")
    assert answer.status == 422
    assert answer.body == b'{"errors":{"ms":["must be between 1 and 5000"]}}'


@rule("LAB-7")
@pytest.mark.parametrize("how", ["", "TASKS", "processes"])
def test_unknown_way_to_gather(client: Client, how: str) -> None:
    """`how` has three values, and every other value is refused."""
    answer = client.get(f"/api/lab/gather?ms=1&n=1&how={how}")
    assert answer.status == 422
    message = "must be 'sequential', 'threads' or 'tasks'"
    assert answer.json == {"errors": {"how": [message]}}
