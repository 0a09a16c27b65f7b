"""Random stories, made of the operations of an OpenAPI document.

Most requests should succeed, so a model tracks what the services should have stored; if it is
wrong, only fewer requests succeed. About one in ten parts of a request is odd.
"""

import random
import re
from collections.abc import Mapping, Sequence
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


Vocabulary = Mapping[str, Any]
"""What requests are made of, apart from what the document and the model say. The keys are:

- `weights`: how often an operation is chosen; one that is not named there has the weight 1.
- `routes` and `routes_weight`: other paths, and how often one of them is chosen.
- `methods`, `headers`, `query_pairs`, `json_types`, `other_types` (the media types).
- `unused_bodies` for operations that take no body, and `unknown_fields` for those that take one.
- `path_changes` and `body_changes`: templates for `change_path` and `change_body`.
- `origins` and `requested_methods`, for the preflight requests of browsers.
"""


class Model(Protocol):
    """What the services should hold at this point of one story, and the request that comes next."""

    usual: bool
    """Whether nothing in the request is odd so far, so that it should succeed."""

    def needs_first(self, operation: Operation) -> str | None:
        """The name of the operation without which this one can only fail."""

    def start(self, operation: Operation) -> None:
        """Choose the user and the objects of the request; its `field`s are asked for next."""

    def field(self, name: str, schema: Schema, *, odd: bool) -> Any:
        """The value of a field of the body."""

    def parameter(self, name: str, *, odd: bool) -> str:
        """The value of a parameter in the path, encoded."""

    def query(self, name: str, schema: Schema, *, odd: bool) -> str:
        """The value of a parameter in the query, encoded."""

    def authorization(self, *, odd: bool) -> str | None:
        """The value of the header `Authorization`."""

    def read_back(self, step: Step, path: str) -> tuple[str, str | None]:
        """The target and the `Authorization` of a GET that shows what this step has changed."""

    def note(self, step: Step, content: Mapping[str, Any]) -> None:
        """Change the model: the step, with these fields, should have succeeded."""


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
        weights = [self._vocabulary["weights"].get(name, 1) for name in self._operations]
        weights.append(self._vocabulary["routes_weight"])
        choices = [*self._operations.values(), None]
        while len(self._steps) < MAX_STEPS:
            (operation,) = self._rng.choices(choices, weights)
            if operation is None:
                self._add_other_route()
            else:
                first = self._model.needs_first(operation)
                self._add_request(self._operations[first] if first else operation)
        setting: Setting = "one database" if self._writers else "apart"
        return Story(tuple(self._steps[:MAX_STEPS]), setting)

    def _pick(self, name: str) -> Any:
        return self._rng.choice(self._vocabulary[name])

    # --- steps

    def _add_other_route(self) -> None:
        rng = self._rng
        method = self._pick("methods") if rng.one_in(3) else "GET"
        headers = [self._pick("headers")] if rng.one_in(3) else []
        self._add_step(method, self._pick("routes"), headers)

    def _add_request(self, operation: Operation) -> None:
        model = self._model
        model.start(operation)
        content = self._make_content(operation.body) if operation.body else {}
        body = self._make_body(operation.body, content)
        path = self._make_path(operation)
        target = path + self._make_query(operation)
        if len(fill(target, {})) > MAX_TARGET:
            target, model.usual = operation.path, False
        authorization = model.authorization(odd=self._is_odd())
        headers = [] if authorization is None else [("Authorization", authorization)]
        headers += self._make_headers(has_body=body is not None)
        method = operation.method
        if self._rng.one_in(14):
            method, more = self._make_other_method(method)
            headers += more
            model.usual = model.usual and method == operation.method
        step = self._add_step(method, target, headers, body)
        if step.app:
            target, authorization = model.read_back(step, path)
            own = [("Authorization", authorization)] if authorization else []
            self._add_step("GET", target, own)
        if model.usual:
            model.note(step, content)

    def _add_step(
        self, method: str, target: str, headers: Sequence[Header], body: str | None = None
    ) -> Step:
        name = str(len(self._steps) + 1)
        chunked = body is not None and self._rng.one_in(25)
        is_write = bool(self._writers) and method not in READS
        app = self._rng.choice(self._writers) if is_write else None
        pairs = tuple((key, value) for key, value in headers)
        step = Step(name, method, target, pairs, body, chunked, app)
        self._steps.append(step)
        return step

    # --- the parts of a request

    def _is_odd(self, times: int = ODD_IN) -> bool:
        odd = self._rng.one_in(times)
        self._model.usual = self._model.usual and not odd
        return odd

    def _make_content(self, envelope: Envelope) -> dict[str, Any]:
        """The fields of the body."""
        content = {}
        for name, schema in envelope.fields.items():
            if name in envelope.required or self._rng.one_in(2):
                odd = self._is_odd(2 * ODD_IN)
                if not (odd and self._rng.one_in(6)):
                    content[name] = self._model.field(name, schema, odd=odd)
        return content

    def _make_body(self, envelope: Envelope | None, content: Mapping[str, Any]) -> str | None:
        rng = self._rng
        if envelope is None:
            return self._pick("unused_bodies") if rng.one_in(25) else None
        if rng.one_in(STYLES):
            content = {**self._vocabulary["unknown_fields"], **content}
        body = write_body(envelope.name, content, rng.randrange(STYLES))
        if self._is_odd():
            return change_body(self._pick("body_changes"), body)
        return body

    def _make_path(self, operation: Operation) -> str:
        path = operation.path
        for name in PARAMETER.findall(operation.path):
            value = self._model.parameter(name, odd=self._is_odd())
            path = path.replace(f"{{{name}}}", value)
        if self._is_odd():
            return change_path(self._pick("path_changes"), path)
        return path

    def _make_query(self, operation: Operation) -> str:
        rng = self._rng
        pairs = []
        for name, schema in operation.query.items():
            required = name in operation.required_query
            is_missing = rng.one_in(3 * ODD_IN) if required else not rng.one_in(3)
            if not is_missing:
                pairs.append(f"{name}={self._model.query(name, schema, odd=self._is_odd())}")
        if rng.one_in(25):
            pairs.append(self._pick("query_pairs"))
            names = [name for name, _ in parse_qsl("&".join(pairs), keep_blank_values=True)]
            # No rule says which value counts if a parameter is sent twice.
            if any(names.count(name) > 1 for name in operation.query):
                pairs.pop()
        return "?" + "&".join(pairs) if pairs else ""

    def _make_headers(self, *, has_body: bool) -> list[Header]:
        rng = self._rng
        headers = [self._pick("headers")] if rng.one_in(6) else []
        if has_body and rng.one_in(8):
            headers.append(("Content-Type", self._pick("json_types")))
        elif has_body and not self._is_odd():
            headers.append(("Content-Type", "application/json"))
        elif has_body and not rng.one_in(4):
            headers.append(("Content-Type", self._pick("other_types")))
        return headers

    def _make_other_method(self, method: str) -> tuple[str, list[Header]]:
        rng = self._rng
        if method == "GET" and rng.one_in(2):
            return "HEAD", []
        if not rng.one_in(3):
            return self._pick("methods"), []
        headers = []
        if not rng.one_in(4):
            headers.append(("Origin", self._pick("origins")))
        if not rng.one_in(4):
            requested = self._pick("requested_methods")
            headers.append(("Access-Control-Request-Method", requested))
        return "OPTIONS", headers
