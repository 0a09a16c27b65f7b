"""What is said on a socket: the client's messages, and the frames that it is sent."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from pydantic import StrictInt, ValidationError
from pydantic_core import from_json, to_json

from ..errors import ApiError, message_of
from ..schemas import RequiredText, Wire

LONGEST = 16_384  # bytes
MOST_REFUSED = 20


class Close(IntEnum):
    """Why a socket is closed by the server."""

    MISBEHAVED = 1008
    FAILED = 1011
    RESTARTING = 1012
    TRY_AGAIN = 1013
    UNAUTHORIZED = 4401


class Refused(ApiError):
    """A message that is answered with an error; the socket stays open."""


class Message(Wire):
    type: RequiredText


class Subscribe(Wire):
    channel: RequiredText
    since: StrictInt | None = None


class Unsubscribe(Wire):
    channel: RequiredText


class Ping(Wire):
    pass


KINDS: Mapping[str, type[Subscribe | Unsubscribe | Ping]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": Ping,
}


def is_too_long(data: str | bytes) -> bool:
    return len(data.encode() if isinstance(data, str) else data) > LONGEST


def read(data: str | bytes) -> Subscribe | Unsubscribe | Ping:
    """The message that was sent, as text; raises `Refused`."""
    if isinstance(data, bytes):
        raise Refused(message="must be text")
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise Refused(message="is not valid JSON") from None
    if not isinstance(value, dict):
        raise Refused(message="must be an object")
    kind = KINDS.get(validate(Message, value).type)
    if kind is None:
        raise Refused(type="is invalid")
    return validate(kind, value)


def validate[T: Wire](model: type[T], value: Any) -> T:
    try:
        return model.model_validate(value)
    except ValidationError as invalid:
        paths = [(list(error["loc"]), error) for error in invalid.errors()]
        raise Refused(**{str(path[0]): message_of(error, path) for path, error in paths}) from None


def pong() -> str:
    return write({"type": "pong"})


def subscribed(channel: str, newest: int) -> str:
    """The answer to `subscribe`, with the id of the newest event."""
    return write({"type": "subscribed", "channel": channel, "id": newest})


def unsubscribed(channel: str) -> str:
    return write({"type": "unsubscribed", "channel": channel})


def error(errors: Mapping[str, list[str]]) -> str:
    return write({"type": "error", "errors": errors})


def event(number: int, channels: list[str], name: str, data: str) -> str:
    """The frame of an event; `data` is JSON already, as the outbox keeps it."""
    head = write({"type": "event", "id": number, "channels": channels, "event": name})
    return f'{head[:-1]},"data":{data}}}'


def write(message: Mapping[str, Any]) -> str:
    return to_json(message).decode()
