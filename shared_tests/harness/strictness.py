"""How strictly responses are compared: byte by byte, or only by what clients rely on.

Only this module knows which assertions of a test `--rules` relaxes.
"""

import json
from typing import Any, Literal

Selection = Literal["all", "core", "pinned"]

# Errors of the framework or the server itself: clients use only the status.
BY_STATUS = {400, 405, 413, 415}

_selected: Selection = "all"
_names_bytes = True


def begin_run(selection: Selection) -> None:
    """Store which rules the run tests."""
    global _selected
    _selected = selection


def begin_test(rules: frozenset[str]) -> None:
    """Store whether the test is about bytes, which is ANSWER-1."""
    global _names_bytes
    _names_bytes = "ANSWER-1" in rules


def is_exact() -> bool:
    """Whether JSON is compared byte by byte, and every response has all checks."""
    return _selected == "all" or (_selected == "pinned" and _names_bytes)


def holds_every_answer() -> bool:
    """Whether the client checks on every response what all responses must have."""
    return _selected == "all"


class Body(bytes):
    """The body of a response, which a test compares with the expected bytes."""

    status: int

    def __new__(cls, content: bytes, status: int) -> "Body":
        """The content as the body of a response with this status."""
        body = super().__new__(cls, content)
        body.status = status
        return body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, bytes) or is_exact() or bytes(self) == bytes(other):
            return bytes.__eq__(self, other)
        expected = _read(other)
        if _selected == "core":
            return is_enough(_read(self), expected, self.status)
        # Other spaces and escapes count as equal, but another order of the keys does not.
        return bool(_written(_read(self)) == _written(expected))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__


class Errors(dict[str, Any]):
    """An error as a JSON value, which a test compares with the expected one."""

    def __init__(self, value: dict[str, Any], status: int) -> None:
        super().__init__(value)
        self.status = status

    def __eq__(self, other: object) -> bool:
        return is_enough(dict(self), other, self.status)

    def __ne__(self, other: object) -> bool:
        return not self == other


def value_of(value: Any, status: int) -> Any:
    """The JSON value of a body, for a test to compare."""
    is_loose = _selected == "core" and status >= 400 and isinstance(value, dict)
    return Errors(value, status) if is_loose else value


def is_enough(value: Any, expected: Any, status: int) -> bool:
    """Whether a value has what the core rules require of a response with this status."""
    fields = expected.get("errors", {}) if isinstance(expected, dict) else {}
    if fields and (status in BY_STATUS or (status == 404 and "route" in fields)):
        return True  # the test asserts the status too
    if fields and status == 422 and isinstance(value, dict):
        # The names of the invalid fields count, not the messages.
        return value.keys() == {"errors"} and set(value["errors"]) == set(fields)
    return bool(value == expected)


def _read(body: bytes) -> Any:
    """The JSON value of a body, or the bytes if it is not JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return bytes(body)


def _written(value: Any) -> Any:
    return value if isinstance(value, bytes) else json.dumps(value)
