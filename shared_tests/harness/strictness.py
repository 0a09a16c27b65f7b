"""How exactly the answers of a run are compared: to the byte, or by what a client relies on.

This is the one place that knows what `--rules` leaves out of a test that it asks.
"""

import json
from typing import Any, Literal

Asked = Literal["all", "core", "pinned"]

# What a framework refuses by itself, or a server: a client goes by the status.
BY_STATUS = {400, 405, 413, 415}

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
        expected = _read(other)
        if _asked == "core":
            return is_enough(_read(self), expected, self.status)
        # Other spaces and escapes are the same, another order of the keys is not.
        return bool(_written(_read(self)) == _written(expected))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__


class Errors(dict[str, Any]):
    """An error as a JSON value, which a test compares with the one that it expects."""

    def __init__(self, value: dict[str, Any], status: int) -> None:
        super().__init__(value)
        self.status = status

    def __eq__(self, other: object) -> bool:
        return is_enough(dict(self), other, self.status)

    def __ne__(self, other: object) -> bool:
        return not self == other


def value_of(value: Any, status: int) -> Any:
    """The JSON value of a body, to be compared by a test."""
    is_loose = _asked == "core" and status >= 400 and isinstance(value, dict)
    return Errors(value, status) if is_loose else value


def is_enough(value: Any, expected: Any, status: int) -> bool:
    """Whether a value says what the core asks of an answer with this status."""
    fields = expected.get("errors", {}) if isinstance(expected, dict) else {}
    if fields and (status in BY_STATUS or (status == 404 and "route" in fields)):
        return True  # the test asserts the status too
    if fields and status == 422 and isinstance(value, dict):
        # Which fields are wrong, and not the words for it.
        return value.keys() == {"errors"} and set(value["errors"]) == set(fields)
    return bool(value == expected)


def _read(body: bytes) -> Any:
    """The JSON value of a body; the bytes, where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return bytes(body)


def _written(value: Any) -> Any:
    return value if isinstance(value, bytes) else json.dumps(value)
