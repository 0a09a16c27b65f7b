"""A client for live events: one socket whose frames are checked against `spec/asyncapi.yaml`."""

import json
import socket
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, Self

import yaml
from jsonschema import Draft202012Validator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from . import strictness
from .people import Person
from .rules import SPEC

TIMEOUT = 10  # seconds

UPGRADE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def handshake(path: str, **changed: str) -> bytes:
    """The request that opens a socket, with changed headers (`_` instead of `-`)."""
    fields = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


class Socket:
    """A socket that is open inside its `with` block."""

    def __init__(
        self, base_url: str, target: str = "/api/live", headers: dict[str, str] | None = None
    ) -> None:
        self._connect = connect(
            base_url.replace("http://", "ws://") + target,
            additional_headers=headers,
            open_timeout=TIMEOUT,
            close_timeout=1,
            max_size=None,
            max_queue=None,
            proxy=None,
        )

    def send(self, data: str | bytes) -> None:
        """Send a message unchanged."""
        self.connection.send(data)

    def send_message(self, kind: str, **fields: Any) -> None:
        """Send a message that the contract defines."""
        self.send(json.dumps({"type": kind, **fields}))

    def receive(self, timeout: float = TIMEOUT) -> Any:
        """Receive the next frame of any type."""
        __tracebackhide__ = True
        text = self.connection.recv(timeout=timeout)
        assert isinstance(text, str), f"a binary frame: {text!r}"
        frame = json.loads(text)
        if strictness.is_exact():
            assert json.dumps(frame, ensure_ascii=False, separators=(",", ":")) == text
        check_described(frame)
        return frame

    def receive_raw(self, number: int, timeout: float = TIMEOUT) -> list[str]:
        """Receive this many frames as text, for when there are too many to check each one."""
        return [str(self.connection.recv(timeout=timeout)) for _ in range(number)]

    def abort(self) -> None:
        """Cut the connection without closing it properly, as a lost network does."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send a message that the contract defines, and return the next frame."""
        self.send_message(kind, **fields)
        return self.receive()

    def subscribe(self, channel: str, **since: Any) -> Any:
        """Subscribe, and return the reply, which must confirm it."""
        __tracebackhide__ = True
        answer = self.ask("subscribe", channel=channel, **since)
        assert (answer["type"], answer.get("channel")) == ("subscribed", channel), answer
        return answer

    def receive_events(self, number: int, timeout: float = TIMEOUT) -> list[Any]:
        """Receive this many events; fail if other frames arrive, or none in time."""
        __tracebackhide__ = True
        frames = [self.receive(timeout) for _ in range(number)]
        assert {frame["type"] for frame in frames} == {"event"}
        return frames

    def is_silent(self) -> bool:
        """Whether the next frame is the reply to a ping, so nothing else was sent."""
        return bool(self.ask("ping") == {"type": "pong"})

    def closed_with(self, timeout: float = TIMEOUT) -> int | None:
        """The code with which the server closes the socket; frames before it are skipped."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.connection.recv(timeout=deadline - time.monotonic())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def __enter__(self) -> Self:
        self.connection = self._connect.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def open_socket(person: Person) -> Socket:
    """A socket with this person's token."""
    return Socket(person.base_url, headers={"Authorization": f"Token {person.token}"})


def names_of(events: Iterable[Any]) -> list[tuple[str, list[str]]]:
    """The name and the channels of each event."""
    return [(event["event"], event["channels"]) for event in events]


@cache
def read_description() -> dict[str, Any]:
    """`spec/asyncapi.yaml` as a JSON value."""
    description: dict[str, Any] = yaml.safe_load((SPEC / "asyncapi.yaml").read_text("utf-8"))
    return description


@cache
def validator(kind: str) -> Draft202012Validator:
    """The validator for frames of this type."""
    components = read_description()["components"]
    payload = components["messages"][kind]["payload"]
    return Draft202012Validator({**payload, "components": components})


def check_described(frame: Any) -> None:
    """Check a frame against its schema, including the order of its keys."""
    __tracebackhide__ = True
    for error in validator(frame["type"]).iter_errors(frame):
        raise AssertionError(f"not as described: {error.message} in {frame}")
    if not strictness.is_exact():
        return
    keys = read_description()["components"]["messages"][frame["type"]]["payload"]["properties"]
    assert list(frame) == [key for key in keys if key in frame], frame
