"""Making a story short: taking away whatever the difference does not need."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from compare.prove.parity.stories import ABSOLUTE, MARK, Step, Story, references, renumber

PIECE = re.compile(f"{MARK.pattern.replace('(', '(?:')}|%[0-9A-Fa-f]{{2}}|.", re.DOTALL)

Shows = Callable[[Story], bool]
"""Tells a story to see whether it still shows the difference."""


def shrink(story: Story, shows: Shows) -> Story:
    """A story from which nothing can be taken away; `story` itself must show the difference.

    Delta debugging: first whole steps, in halves, quarters, …, then parts of the steps that
    are left. What depends on a missing step refers to nothing, and the apps have to agree on
    that too.
    """
    shows = asked_once(shows)
    needed = Story(needed_steps(story), story.setting)
    story = needed if shows(needed) else story
    before = None
    # Until nothing changes: what stood in the way of one thing may be gone with another.
    while story != before:
        before = story
        story = shrink_steps(story, shows)
        for place in reversed(range(len(story.steps))):
            story = shrink_step(story, place, shows)
    return renumber(story)


def asked_once(shows: Shows) -> Shows:
    known: dict[Story, bool] = {}

    def ask(story: Story) -> bool:
        if story not in known:
            known[story] = shows(story)
        return known[story]

    return ask


def needed_steps(story: Story) -> tuple[Step, ...]:
    """The last step and those that it refers to, directly or not: often that is all."""
    names = {story.steps[-1].name}
    needed = []
    for step in reversed(story.steps):
        if step.name in names:
            needed.append(step)
            names |= references(step)
    return tuple(reversed(needed))


def shrink_steps(story: Story, shows: Shows) -> Story:
    steps = story.steps
    size = len(steps) // 2
    while size:
        # From the end: what comes late depends on what came before, never the other way.
        end = len(steps)
        while end > 0:
            start = max(0, end - size)
            shorter = steps[:start] + steps[end:]
            if shorter and shows(replace(story, steps=shorter)):
                steps = shorter
            end = start
        size = min(size, len(steps)) // 2
    return replace(story, steps=steps)


def shrink_step(story: Story, place: int, shows: Shows) -> Story:
    before, after = story.steps[:place], story.steps[place + 1 :]
    candidates = simpler_steps(story.steps[place])
    while (step := next(candidates, None)) is not None:
        simpler = replace(story, steps=(*before, step, *after))
        if shows(simpler):
            story, candidates = simpler, simpler_steps(step)
    return story


def simpler_steps(step: Step) -> Iterator[Step]:
    if step.chunked:
        yield replace(step, chunked=False)
    for place in range(len(step.headers)):
        yield replace(step, headers=step.headers[:place] + step.headers[place + 1 :])
    for place, (name, value) in enumerate(step.headers):
        for shorter in shorter_texts(value):
            headers = (*step.headers[:place], (name, shorter), *step.headers[place + 1 :])
            yield replace(step, headers=headers)
    for target in simpler_targets(step.target):
        yield replace(step, target=target)
    if step.body is not None:
        yield replace(step, body=None)
        for body in simpler_bodies(step.body):
            yield replace(step, body=body)


def simpler_targets(target: str) -> Iterator[str]:
    """Less of it, but still a target: what HTTP does not allow, no app has to answer."""
    if host := ABSOLUTE.match(target):
        yield target.removeprefix(host[0])
        yield from (host[0] + rest for rest in simpler_targets(target.removeprefix(host[0])))
        return
    path, mark, query = target.partition("?")
    if mark:
        yield path
        pairs = query.split("&")
        for place in range(len(pairs)) if len(pairs) > 1 else ():
            yield f"{path}?{'&'.join(pairs[:place] + pairs[place + 1 :])}"
        for place, pair in enumerate(pairs):
            name, equals, value = pair.partition("=")
            for shorter in shorter_texts(value):
                pair = f"{name}{equals}{shorter}"
                yield f"{path}?{'&'.join([*pairs[:place], pair, *pairs[place + 1 :]])}"
    segments = path.split("/")
    for place, segment in enumerate(segments):
        for shorter in shorter_texts(segment):
            yield "/".join([*segments[:place], shorter, *segments[place + 1 :]]) + mark + query


def simpler_bodies(body: str) -> Iterator[str]:
    """Less of it; as JSON where it is JSON, written in the usual way."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        yield from shorter_texts(body)
        return
    usual = json.dumps(value, ensure_ascii=False)
    if is_sendable(usual) and usual != body:
        yield usual
    for simpler in (with_short_texts(value), *simpler_values(value)):
        text = json.dumps(simpler, ensure_ascii=False)
        if is_sendable(text) and len(text) < len(body):
            yield text


def is_sendable(text: str) -> bool:
    try:
        text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def with_short_texts(value: Any) -> Any:
    """The value with all of its texts short at once."""
    if isinstance(value, dict):
        return {key: with_short_texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(with_short_texts, value))
    return "a" if isinstance(value, str) and len(value) > 1 else value


def simpler_values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in value:
            yield {name: each for name, each in value.items() if name != key}
        for key, item in value.items():
            for simpler in simpler_values(item):
                yield {**value, key: simpler}
    elif isinstance(value, list):
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]
        for place, item in enumerate(value):
            for simpler in simpler_values(item):
                yield [*value[:place], simpler, *value[place + 1 :]]
    elif isinstance(value, str):
        yield from shorter_texts(value)


def shorter_texts(text: str) -> Iterator[str]:
    """Less of it: marks and encoded bytes stay whole."""
    pieces = PIECE.findall(text)
    if len(pieces) > 1:
        yield "a"
    size = len(pieces) // 2
    # A long text is not tried letter by letter before it is a short one.
    while size and len(pieces) <= 16 * size:
        for start in range(0, len(pieces), size):
            yield "".join(pieces[:start] + pieces[start + size :])
        size //= 2
