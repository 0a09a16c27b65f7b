"""Random stories, made of the operations of an OpenAPI document.

Most requests should succeed, so a model knows what the services should hold by now; where it is
wrong, the story is only a less usual one. About one part in ten of a request is odd.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from compare.prove.parity.engine.bodies import STYLES, change_body, change_path, write_body
from compare.prove.parity.engine.stories import Header, Setting, Step, Story, fill
from compare.run.contract import Envelope, Operation, Schema

MAX_STEPS = 100
"""Steps of a story."""
MAX_TARGET = 3800
"""Bytes, so that the request line has at most 4,000 when references are filled."""
ODD_IN = 10
"""One in this number of paths, bodies and other parts is odd."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
PARAMETER = re.compile(r"\{(\w+)\}")


class Random(random.Random):
    """The only source of randomness: the same seed gives the same stories."""

    def one_in(self, times: int) -> bool:
        return self.randrange(times) == 0


@dataclass(frozen=True)
class Vocabulary:
    """What requests are made of, apart from what the document and the model say."""

    weights: Mapping[str, int]
    """How often an operation is chosen; one that is not named here has the weight 1."""
    routes_weight: int
    """How often a GET of one of the other routes is chosen."""
    routes: Sequence[str]
    methods: Sequence[str]
    headers: Sequence[Header]
    query_pairs: Sequence[str]
    json_types: Sequence[str]
    other_types: Sequence[str]
    unused_bodies: Sequence[str]
    """For operations that take no body."""
    unknown_fields: Mapping[str, Any]
    path_changes: Sequence[str]
    body_changes: Sequence[str]
    """Templates for `change_path` and `change_body`."""
    origins: Sequence[str]
    requested_methods: Sequence[str]
    """For the preflight requests of browsers."""


class Attempt(Protocol):
    """One request of an operation, with values that fit what the services hold by now."""

    usual: bool
    """Whether nothing is odd so far, so that the operation should succeed."""

    def field(self, name: str, schema: Schema, *, odd: bool) -> Any:
        """The value of a field of the body; these are asked for before everything else."""

    def parameter(self, name: str, *, odd: bool) -> str:
        """The value of a parameter in the path, encoded."""

    def query(self, name: str, schema: Schema, *, odd: bool) -> str:
        """The value of a parameter in the query, encoded."""

    def authorization(self, *, odd: bool) -> str | None:
        """The value of the header `Authorization`."""

    def read_back(self, step: Step, path: str) -> tuple[str, str | None]:
        """What a GET needs to show what this step has changed: the target, and the header."""

    def note(self, step: Step, content: Mapping[str, Any]) -> None:
        """Change the model: the step, with these fields, should have succeeded."""


class Model(Protocol):
    """What the services should hold at this point of one story."""

    def needs_first(self, operation: Operation) -> str | None:
        """The name of the operation without which this one can only fail."""

    def attempt(self, operation: Operation) -> Attempt: ...


class Generator:
    """Makes one story. `writers` names the services, if each write goes to only one of them."""

    def __init__(
        self,
        rng: Random,
        operations: Sequence[Operation],
        vocabulary: Vocabulary,
        model: Model,
        writers: Sequence[str] = (),
    ) -> None:
        self._rng = rng
        self._operations = {operation.name: operation for operation in operations}
        self._vocabulary = vocabulary
        self._model = model
        self._writers = writers
        self._steps: list[Step] = []

    def story(self) -> Story:
        vocabulary = self._vocabulary
        weights = [vocabulary.weights.get(name, 1) for name in self._operations]
        choices = [*self._operations.values(), None]
        while len(self._steps) < MAX_STEPS:
            (operation,) = self._rng.choices(choices, [*weights, vocabulary.routes_weight])
            if operation is None:
                self._add_other_route()
            else:
                first = self._model.needs_first(operation)
                self._add_request(self._operations[first] if first else operation)
        setting: Setting = "one database" if self._writers else "apart"
        return Story(tuple(self._steps[:MAX_STEPS]), setting)

    # --- steps

    def _add_other_route(self) -> None:
        rng, vocabulary = self._rng, self._vocabulary
        method = rng.choice(vocabulary.methods) if rng.one_in(3) else "GET"
        headers = [rng.choice(vocabulary.headers)] if rng.one_in(3) else []
        self._add_step(method, rng.choice(vocabulary.routes), headers)

    def _add_request(self, operation: Operation) -> None:
        attempt = self._model.attempt(operation)
        content = self._make_content(attempt, operation.body) if operation.body else {}
        body = self._make_body(attempt, operation.body, content)
        path = self._make_path(attempt, operation)
        target = path + self._make_query(attempt, operation)
        if len(fill(target, {})) > MAX_TARGET:
            target, attempt.usual = operation.path, False
        authorization = attempt.authorization(odd=self._is_odd(attempt))
        headers = [] if authorization is None else [("Authorization", authorization)]
        headers += self._make_headers(attempt, has_body=body is not None)
        method = operation.method
        if self._rng.one_in(14):
            method, more = self._make_other_method(method)
            headers += more
            attempt.usual = attempt.usual and method == operation.method
        step = self._add_step(method, target, headers, body)
        if step.app:
            target, authorization = attempt.read_back(step, path)
            own = [("Authorization", authorization)] if authorization else []
            self._add_step("GET", target, own)
        if attempt.usual:
            attempt.note(step, content)

    def _add_step(
        self, method: str, target: str, headers: Sequence[Header], body: str | None = None
    ) -> Step:
        name = str(len(self._steps) + 1)
        chunked = body is not None and self._rng.one_in(25)
        is_write = bool(self._writers) and method not in READS
        app = self._rng.choice(self._writers) if is_write else None
        step = Step(name, method, target, tuple(headers), body, chunked, app)
        self._steps.append(step)
        return step

    # --- the parts of a request

    def _is_odd(self, attempt: Attempt, times: int = ODD_IN) -> bool:
        odd = self._rng.one_in(times)
        attempt.usual = attempt.usual and not odd
        return odd

    def _make_content(self, attempt: Attempt, envelope: Envelope) -> dict[str, Any]:
        """The fields of the body."""
        content = {}
        for name, schema in envelope.fields.items():
            if name in envelope.required or self._rng.one_in(2):
                odd = self._is_odd(attempt, 2 * ODD_IN)
                if not (odd and self._rng.one_in(6)):
                    content[name] = attempt.field(name, schema, odd=odd)
        return content

    def _make_body(
        self, attempt: Attempt, envelope: Envelope | None, content: Mapping[str, Any]
    ) -> str | None:
        rng, vocabulary = self._rng, self._vocabulary
        if envelope is None:
            return rng.choice(vocabulary.unused_bodies) if rng.one_in(25) else None
        if rng.one_in(STYLES):
            content = {**vocabulary.unknown_fields, **content}
        body = write_body(envelope.name, content, rng.randrange(STYLES))
        if self._is_odd(attempt):
            return change_body(rng.choice(vocabulary.body_changes), body)
        return body

    def _make_path(self, attempt: Attempt, operation: Operation) -> str:
        path = operation.path
        for name in PARAMETER.findall(operation.path):
            value = attempt.parameter(name, odd=self._is_odd(attempt))
            path = path.replace(f"{{{name}}}", value)
        if self._is_odd(attempt):
            return change_path(self._rng.choice(self._vocabulary.path_changes), path)
        return path

    def _make_query(self, attempt: Attempt, operation: Operation) -> str:
        rng = self._rng
        pairs = []
        for name, schema in operation.query.items():
            required = name in operation.required_query
            if not rng.one_in(3 * ODD_IN) if required else rng.one_in(3):
                pairs.append(f"{name}={attempt.query(name, schema, odd=self._is_odd(attempt))}")
        if rng.one_in(25):
            pairs.append(rng.choice(self._vocabulary.query_pairs))
            names = [name for name, _ in parse_qsl("&".join(pairs), keep_blank_values=True)]
            # No rule says which one counts of a parameter that is there twice.
            if any(names.count(name) > 1 for name in operation.query):
                pairs.pop()
        return "?" + "&".join(pairs) if pairs else ""

    def _make_headers(self, attempt: Attempt, *, has_body: bool) -> list[Header]:
        rng, vocabulary = self._rng, self._vocabulary
        headers = [rng.choice(vocabulary.headers)] if rng.one_in(6) else []
        if has_body and rng.one_in(8):
            headers.append(("Content-Type", rng.choice(vocabulary.json_types)))
        elif has_body and not self._is_odd(attempt):
            headers.append(("Content-Type", "application/json"))
        elif has_body and not rng.one_in(4):
            headers.append(("Content-Type", rng.choice(vocabulary.other_types)))
        return headers

    def _make_other_method(self, method: str) -> tuple[str, list[Header]]:
        rng, vocabulary = self._rng, self._vocabulary
        if method == "GET" and rng.one_in(2):
            return "HEAD", []
        if not rng.one_in(3):
            return rng.choice(vocabulary.methods), []
        headers = []
        if not rng.one_in(4):
            headers.append(("Origin", rng.choice(vocabulary.origins)))
        if not rng.one_in(4):
            requested = rng.choice(vocabulary.requested_methods)
            headers.append(("Access-Control-Request-Method", requested))
        return "OPTIONS", headers
