"""The messages of a socket: the client's, and the frames that are sent."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from pydantic import StrictInt, ValidationError
from pydantic_core import from_json, to_json

from ..errors import ApiError
from ..schemas import RequiredText, Schema
from ..validation import message_of

MAX_MESSAGE_SIZE = 16_384  # bytes
MAX_BAD_MESSAGES = 20


class CloseCode(IntEnum):
    """Why a socket is closed by the server."""

    POLICY_VIOLATION = 1008
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    UNAUTHORIZED = 4401


class MessageError(ApiError):
    """A message that is answered with an error; the socket stays open."""


class Message(Schema):
    type: RequiredText


class Subscribe(Schema):
    channel: RequiredText
    since: StrictInt | None = None


class Unsubscribe(Schema):
    channel: RequiredText


class Ping(Schema):
    pass


KINDS: Mapping[str, type[Subscribe | Unsubscribe | Ping]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": Ping,
}


def is_too_long(data: str | bytes) -> bool:
    return len(data.encode() if isinstance(data, str) else data) > MAX_MESSAGE_SIZE


def read(data: str | bytes) -> Subscribe | Unsubscribe | Ping:
    """The message that was sent, as text; raises `MessageError`."""
    if isinstance(data, bytes):
        raise MessageError(message="must be text")
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise MessageError(message="is not valid JSON") from None
    if not isinstance(value, dict):
        raise MessageError(message="must be an object")
    kind = KINDS.get(validate(Message, value).type)
    if kind is None:
        raise MessageError(type="is invalid")
    return validate(kind, value)


def validate[T: Schema](model: type[T], value: Any) -> T:
    try:
        return model.model_validate(value)
    except ValidationError as invalid:
        paths = [(list(error["loc"]), error) for error in invalid.errors()]
        raise MessageError(
            **{str(path[0]): message_of(error, path) for path, error in paths}
        ) from None


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
