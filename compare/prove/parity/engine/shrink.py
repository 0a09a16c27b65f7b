"""Making a story shorter: removing what the difference does not need.

This is delta debugging: halves, quarters, … are removed from the steps, then from their parts. A
reference to a step that is gone is filled with a word, and the services must agree on that too.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

from compare.prove.parity.engine.stories import ABSOLUTE, MARK, Step, Story, references, renumber

# Marks and encoded bytes stay whole.
PIECE = re.compile(f"{MARK.pattern.replace('(', '(?:')}|%[0-9A-Fa-f]{{2}}|.", re.DOTALL)
MAX_PARTS = 16
"""Parts of a text that are tried in one round, so that a long text takes few tries."""

Check = Callable[[Any], bool]
"""Whether the story still shows the difference with this value in it."""
Parts = tuple[dict[str, Any], tuple[str, ...]]
"""The parts of a step that can be removed, and the segments of its path."""


def shrink(story: Story, check: Callable[[Story], bool]) -> Story:
    """A story from which nothing can be removed; `story` itself must show the difference."""
    check = cache(check)
    needed = replace(story, steps=needed_steps(story))
    story = needed if check(needed) else story
    before = None
    # Until nothing changes: one removal can make another one possible.
    while story != before:
        before = story
        story = remove_steps(story, check)
        for place in reversed(range(len(story.steps))):
            story = shrink_step(story, place, check)
    return renumber(story)


def needed_steps(story: Story) -> tuple[Step, ...]:
    """The last step and those that it refers to, directly or not: often these are enough."""
    names = {story.steps[-1].name}
    needed = []
    for step in reversed(story.steps):
        if step.name in names:
            needed.append(step)
            names |= references(step)
    return tuple(reversed(needed))


def remove_steps(story: Story, check: Callable[[Story], bool]) -> Story:
    def check_steps(steps: list[Step]) -> bool:
        return bool(steps) and check(replace(story, steps=tuple(steps)))

    return replace(story, steps=tuple(remove_items(list(story.steps), check_steps)))


def shrink_step(story: Story, place: int, check: Callable[[Story], bool]) -> Story:
    def with_step(step: Step) -> Story:
        return replace(story, steps=with_item(story.steps, place, step))

    step = story.steps[place]
    usual = replace(step, body=usual_body(step.body))
    if check(with_step(usual)):
        step = usual
    parts = shrink_value(take_apart(step), lambda parts: check(with_step(join(step, parts))))
    return with_step(join(step, parts))


def remove_items(items: list[Any], check: Check, smallest: int = 1) -> list[Any]:
    """Without the items that are not needed; at least this number is removed at once."""
    size = len(items)
    while size >= smallest:
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


def shrink_value(value: Any, check: Check) -> Any:
    """A JSON value without what is not needed in it; a tuple keeps all of its items."""
    if isinstance(value, str):
        return shrink_text(value, check)
    if isinstance(value, list):
        value = remove_items(value, check)
    elif isinstance(value, dict):
        value = dict(remove_items(list(value.items()), lambda items: check(dict(items))))
    elif not isinstance(value, tuple):
        return value
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        put = partial(with_item, value, key)
        value = put(shrink_value(value[key], after(put, check)))
    return value


def after(put: Callable[[Any], Any], check: Check) -> Check:
    return lambda item: check(put(item))


def shrink_text(text: str, check: Check) -> str:
    """A text that is not empty."""
    pieces = PIECE.findall(text)
    if len(pieces) > 1 and check("a"):
        return "a"
    smallest = max(1, len(pieces) // MAX_PARTS)
    return "".join(remove_items(pieces, lambda some: bool(some) and check("".join(some)), smallest))


def with_item(value: Any, key: Any, item: Any) -> Any:
    """A copy of the `dict`, `list` or `tuple` with another item."""
    if isinstance(value, dict):
        return {**value, key: item}
    return type(value)([*value[:key], item, *value[key + 1 :]])


# --- the parts of a step


def take_apart(step: Step) -> Parts:
    host = host_of(step)
    path, question_mark, query = step.target.removeprefix(host).partition("?")
    parts: dict[str, Any] = {"headers": number(step.headers)}
    if step.chunked:
        parts["chunked"] = True
    if host:
        parts["host"] = True
    if question_mark:
        parts["query"] = number(map(split_pair, query.split("&")))
    if step.body is not None:
        is_json = step.body == usual_body(step.body)
        parts |= {"json": json.loads(step.body)} if is_json else {"text": step.body}
    return parts, tuple(path.split("/"))


def join(step: Step, parts: Parts) -> Step:
    """The step with no other parts than these."""
    optional, segments = parts
    body = write_json(optional["json"]) if "json" in optional else optional.get("text")
    target = (host_of(step) if "host" in optional else "") + "/".join(segments)
    if "query" in optional:
        target += "?" + "&".join(name + value for name, value in pairs(optional["query"]))
    return replace(
        step,
        target=target,
        headers=tuple(pairs(optional.get("headers", {}))),
        body=body,
        chunked="chunked" in optional,
    )


def number(named: Iterable[tuple[str, str]]) -> dict[tuple[int, str], str]:
    """The values by place and name: names are not made shorter, and can be there twice."""
    return {(place, name): value for place, (name, value) in enumerate(named)}


def pairs(numbered: dict[tuple[int, str], str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for (_, name), value in numbered.items())


def split_pair(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    return name + equals, value


def host_of(step: Step) -> str:
    found = ABSOLUTE.match(step.target)
    return found[0] if found else ""


def write_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def usual_body(body: str | None) -> str | None:
    """The same JSON as it is usually written; None if there is none, or it cannot be sent."""
    try:
        usual = write_json(json.loads(body or ""))
        usual.encode(errors="surrogateescape")
    except (ValueError, RecursionError):
        return None
    return usual
