"""Telling a story to the apps, step by step, until their answers differ."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from compare.prove.parity.lines import NO_ANSWER, Line
from compare.prove.parity.masks import Masks, PlayedAnswer
from compare.prove.parity.stories import Request, Step, Story, make_request, references
from compare.run.apps import BY_NAME, App


@dataclass(frozen=True)
class Difference:
    """The first step of a story whose answers are not all the same, or not all answers."""

    story: Story
    """As far as it was told: the last step is the one."""
    requests: Sequence[Request]
    """The steps as they were sent to the first app."""
    answers: Sequence[PlayedAnswer]

    @property
    def sides(self) -> tuple[int, ...]:
        """For each answer the first that equals it: who agrees with whom."""
        return tuple(map(self.answers.index, self.answers))


Hear = Callable[[Step, Request, Sequence[PlayedAnswer]], None]
"""Told of each step, once it is answered."""


class Stopped(Exception):
    """The person wants no more."""


class Player:
    """Tells stories over the lines to the apps; `empty` makes their databases new before each."""

    def __init__(self, lines: Mapping[App, Line], empty: Callable[[], None], stop: Event) -> None:
        self._lines = lines
        self.empty = empty
        self._stop = stop

    def play(self, story: Story, hear: Hear = lambda *_: None) -> Difference | None:
        """Tell the story: the first difference, or none."""
        self.empty()
        masks = {app: Masks(story.setting) for app in self._lines}
        known: dict[App, dict[str, Any]] = {app: {} for app in self._lines}
        wanted = {name for step in story.steps for name in references(step)}
        sent = []
        for number, step in enumerate(story.steps, 1):
            if self._stop.is_set():
                raise Stopped
            apps = [BY_NAME[step.app]] if step.app else list(self._lines)
            requests = {app: make_request(step, known[app]) for app in apps}
            for app in apps:
                self._lines[app].send(requests[app])
            answers = [
                PlayedAnswer(app, requests[app], self._lines[app].receive(), masks[app])
                for app in apps
            ]
            sent.append(requests[apps[0]])
            hear(step, sent[-1], answers)
            if any(answer != answers[0] for answer in answers) or any(map(is_failure, answers)):
                return Difference(Story(story.steps[:number], story.setting), sent, answers)
            if step.name in wanted:
                for app in self._lines:
                    # On one database, what one app has answered is good at the others.
                    answer = answers[apps.index(app) if app in apps else 0]
                    known[app][step.name] = read_json(answer)
        return None


def is_failure(answer: PlayedAnswer) -> bool:
    """Whether it is wrong even if all apps agree on it."""
    status = answer.response.status_code
    return status == NO_ANSWER or status >= 500


def read_json(answer: PlayedAnswer) -> Any:
    try:
        return json.loads(answer.response.content)
    except ValueError:
        return None
