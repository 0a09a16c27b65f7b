"""How exactly the answers of a run are compared: to the byte, or by what a client relies on.

This is the one place that knows what `--rules` leaves out of a test that it asks.
"""

import json
from typing import Any, Literal

Asked = Literal["all", "core", "pinned"]

_asked: Asked = "all"
_names_bytes = True


def begin_run(asked: Asked) -> None:
    """Remember which rules the run asks for."""
    global _asked
    _asked = asked


def begin_test(rules: frozenset[str]) -> None:
    """Remember whether the test is about bytes: that is ANSWER-1."""
    global _names_bytes
    _names_bytes = "ANSWER-1" in rules


def is_exact() -> bool:
    """Whether JSON is compared to the byte, and every answer held to what all answers have."""
    return _asked == "all" or (_asked == "pinned" and _names_bytes)


def holds_every_answer() -> bool:
    """Whether the client checks on every answer what all of them have in common."""
    return _asked == "all"


class Body(bytes):
    """The body of an answer, which a test compares with the bytes that it expects."""

    status: int

    def __new__(cls, content: bytes, status: int) -> "Body":
        """The content, to be compared as the body of an answer with this status."""
        body = super().__new__(cls, content)
        body.status = status
        return body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, bytes) or is_exact() or bytes(self) == bytes(other):
            return bytes.__eq__(self, other)
        try:
            here, there = json.loads(self), json.loads(other)
        except ValueError:
            return False
        if _asked == "pinned":
            # Other spaces and escapes are the same, another order of the keys is not.
            return json.dumps(here) == json.dumps(there)
        return bool(value_of(here, self.status) == there)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__


class Refusal(dict[str, Any]):
    """The errors of a 422, of which the core has the names of the fields, and not the words."""

    def __eq__(self, other: object) -> bool:
        return bool(_without_words(self) == _without_words(other))

    def __ne__(self, other: object) -> bool:
        return not self == other


def value_of(value: Any, status: int) -> Any:
    """The JSON value of a body, to be compared by a test."""
    return Refusal(value) if _asked == "core" and status == 422 else value


def _without_words(value: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("errors"), dict):
        return value
    return {**value, "errors": sorted(value["errors"])}  # a plain dict
