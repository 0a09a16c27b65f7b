"""Making a story shorter: removing what the difference does not need.

This is delta debugging: halves, quarters, … are removed from the steps, then from their parts. A
reference to a step that is gone is filled with a word, and the services must agree on that too.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from compare.prove.parity.engine.stories import MARK, Step, Story, references, renumber

# Marks and encoded bytes stay whole.
PIECE = re.compile(f"{MARK.pattern.replace('(', '(?:')}|%[0-9A-Fa-f]{{2}}|.", re.DOTALL)
# A target keeps its first slash; the host in front of it is what a client sends to a proxy.
TARGET_START = re.compile("(http://[^/?]*)?/?")

USUAL_HEADERS = ("Authorization", "Content-Type")

Check = Callable[[Any], bool]
"""Whether the story still shows the difference with this value in it."""


def shrink(story: Story, check: Callable[[Story], bool]) -> Story:
    """A story from which nothing can be removed; `story` itself must show the difference."""
    check = cache(check)

    def put(steps: list[Step]) -> Story:
        return replace(story, steps=tuple(steps))

    def check_steps(steps: list[Step]) -> bool:
        return bool(steps) and check(put(steps))

    steps = list(story.steps)
    for simplify in (needed_steps, plain_steps):
        simpler = simplify(steps)
        steps = simpler if check_steps(simpler) else steps
    before: list[Step] = []
    # Until nothing changes: one removal can make another one possible.
    while steps != before:
        before = steps
        steps = shrink_items(remove_items(steps, check_steps), check_steps, shrink_step)
    return renumber(put(steps))


def needed_steps(steps: list[Step]) -> list[Step]:
    """The last step and those that it refers to, directly or not: often these are enough."""
    names = {steps[-1].name}
    needed: list[Step] = []
    for step in reversed(steps):
        if step.name in names:
            needed.insert(0, step)
            names |= references(step)
    return needed


def plain_steps(steps: list[Step]) -> list[Step]:
    """All steps with only the headers that most requests have: often these are enough, too."""
    plain = []
    for step in steps:
        headers = tuple(header for header in step.headers if header[0] in USUAL_HEADERS)
        plain.append(replace(step, headers=headers, chunked=False))
    return plain


def remove_items(items: list[Any], check: Check) -> list[Any]:
    """The items without those that are not needed."""
    size = len(items)
    while size:
        # From the end, because later steps depend on earlier ones.
        end = len(items)
        while end > 0:
            start = max(0, end - size)
            shorter = items[:start] + items[end:]
            if check(shorter):
                items = shorter
            end = start
        size = min(size, len(items)) // 2
    return items


def shrink_items(items: list[Any], check: Check, shrink_item: Callable[..., Any]) -> list[Any]:
    """The same number of items, each made shorter."""

    def with_item(place: int, item: Any) -> list[Any]:
        return [*items[:place], item, *items[place + 1 :]]

    def shrink_at(place: int) -> Any:
        return shrink_item(items[place], lambda item: check(with_item(place, item)))

    for place in reversed(range(len(items))):
        items = with_item(place, shrink_at(place))
    return items


def shrink_step(step: Step, check: Check) -> Step:
    if check(replace(step, chunked=False)):
        step = replace(step, chunked=False)
    headers = shrink_pairs([*step.headers], lambda some: check(replace(step, headers=tuple(some))))
    step = replace(step, headers=tuple(headers))
    target = shrink_target(step.target, lambda target: check(replace(step, target=target)))
    step = replace(step, target=target)
    return replace(step, body=shrink_body(step.body, lambda body: check(replace(step, body=body))))


def shrink_target(target: str, check: Check) -> str:
    start = TARGET_START.match(target)
    assert start
    if start[1] and check(target.removeprefix(start[1])):
        return shrink_target(target.removeprefix(start[1]), check)
    pieces = PIECE.findall(target.removeprefix(start[0]))
    return start[0] + "".join(remove_items(pieces, lambda some: check(start[0] + "".join(some))))


def shrink_body(body: str | None, check: Check) -> str | None:
    """The body is removed, or stays JSON if it can be written in the usual way."""
    if body is None or check(None):
        return None
    try:
        value = json.loads(body)
        usual = write_json(value)
        usual.encode(errors="surrogateescape")
    except (ValueError, RecursionError):
        return shrink_text(body, check)
    if body != usual and not check(usual):
        return shrink_text(body, check)
    return write_json(shrink_value(value, lambda value: check(write_json(value))))


def write_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def shrink_value(value: Any, check: Check) -> Any:
    """A JSON value without what is not needed in it."""
    if isinstance(value, str):
        return shrink_text(value, check)
    if isinstance(value, list):
        return shrink_items(remove_items(value, check), check, shrink_value)
    if isinstance(value, dict):
        return dict(shrink_pairs(list(value.items()), lambda pairs: check(dict(pairs))))
    return value


def shrink_pairs(pairs: list[tuple[str, Any]], check: Check) -> list[tuple[str, Any]]:
    """Fewer pairs of a name and a value, and shorter values."""

    def shrink_pair(pair: tuple[str, Any], check: Check) -> tuple[str, Any]:
        name, value = pair
        return name, shrink_value(value, lambda value: check((name, value)))

    return shrink_items(remove_items(pairs, check), check, shrink_pair)


def shrink_text(text: str, check: Check) -> str:
    pieces = PIECE.findall(text)
    if len(pieces) > 1 and check("a"):
        return "a"
    return "".join(remove_items(pieces, lambda some: bool(some) and check("".join(some))))
