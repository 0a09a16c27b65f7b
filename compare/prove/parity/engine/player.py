"""Sending the steps of a story to all services, until their answers differ."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import Any, Protocol

import httpx2

from compare.prove.parity.engine.connection import NO_RESPONSE, Connection
from compare.prove.parity.engine.stories import (
    Setting,
    Step,
    Story,
    fill_step,
    references,
)
from compare.run.answers import Answer, Service


class Mask(Protocol):
    """Replaces what may differ between equal responses, for one service in one story."""

    def body(self, request: Step, response: httpx2.Response) -> bytes:
        """The body as it is compared."""

    def header(self, request: Step, name: str, value: str) -> str:
        """The value of a header as it is compared."""


class PlayedAnswer(Answer):
    """The answer to a step of a story."""

    def __init__(
        self, service: Service, request: Step, response: httpx2.Response, mask: Mask
    ) -> None:
        super().__init__(service, response)
        self._request = request
        self._mask = mask
        # Now, not when it is first read: a mask depends on the answers before this one.
        self._body = mask.body(request, response)

    @property
    def body(self) -> bytes:
        return self._body

    @cached_property
    def headers(self) -> list[str]:
        headers = []
        for line in super().headers:
            name, value = line.split(": ", 1)
            headers.append(f"{name}: {self._mask.header(self._request, name, value)}")
        return sorted(headers)


@dataclass(frozen=True)
class Difference:
    """The first step of a story whose answers are not all equal, or are all failures."""

    story: Story
    """The story up to this step."""
    requests: Sequence[Step]
    """The steps as they were sent to the first service."""
    answers: Sequence[PlayedAnswer]

    @property
    def sides(self) -> tuple[int, ...]:
        """For each answer the number of the first answer that equals it."""
        return tuple(map(self.answers.index, self.answers))


OnStep = Callable[[Step, Sequence[PlayedAnswer]], None]
"""Called after each step."""


class Stopped(Exception):
    """The player was stopped by its event."""


class Player:
    """Plays stories; `empty` resets the databases before each of them."""

    def __init__(
        self,
        connections: Sequence[Connection],
        empty: Callable[[], None],
        make_mask: Callable[[Setting], Mask],
        stop: Event,
    ) -> None:
        self._connections = {connection.service.name: connection for connection in connections}
        self.empty = empty
        self._make_mask = make_mask
        self._stop = stop

    def play(self, story: Story, on_step: OnStep = lambda *_: None) -> Difference | None:
        """Play the story from empty databases: the first difference, or None."""
        self.empty()
        masks = {name: self._make_mask(story.setting) for name in self._connections}
        bodies: dict[str, dict[str, Any]] = {name: {} for name in self._connections}
        wanted = {name for step in story.steps for name in references(step)}
        sent = []
        for number, step in enumerate(story.steps, 1):
            if self._stop.is_set():
                raise Stopped
            names = [step.app] if step.app else list(self._connections)
            requests = {name: fill_step(step, bodies[name]) for name in names}
            answers = self._ask(requests, masks)
            sent.append(requests[names[0]])
            on_step(sent[-1], answers)
            if any(answer != answers[0] or is_failure(answer.response) for answer in answers):
                return Difference(replace(story, steps=story.steps[:number]), sent, answers)
            if step.name in wanted:
                values = {
                    name: read_json(each.response)
                    for name, each in zip(names, answers, strict=True)
                }
                for name in self._connections:
                    # On one database, the answer of one service is valid for the others.
                    bodies[name][step.name] = values.get(name, values[names[0]])
        return None

    def _ask(self, requests: Mapping[str, Step], masks: Mapping[str, Mask]) -> list[PlayedAnswer]:
        for name, request in requests.items():
            self._connections[name].send(request)
        answers = []
        for name, request in requests.items():
            connection = self._connections[name]
            response = connection.receive()
            answers.append(PlayedAnswer(connection.service, request, response, masks[name]))
        return answers


def is_failure(response: httpx2.Response) -> bool:
    """Whether it is wrong even if all services agree."""
    return response.status_code == NO_RESPONSE or response.status_code >= 500


def read_json(response: httpx2.Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None
