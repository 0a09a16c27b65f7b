"""A client of live events: one socket, whose every frame is held against `spec/asyncapi.yaml`."""

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

PATIENCE = 10  # seconds

UPGRADE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def handshake(path: str, **changed: str) -> bytes:
    """The request that opens a socket, with headers changed (`_` for `-`)."""
    fields = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


class Socket:
    """A socket, open for as long as `with` lasts."""

    def __init__(
        self, base_url: str, target: str = "/api/live", headers: dict[str, str] | None = None
    ) -> None:
        self._connect = connect(
            base_url.replace("http://", "ws://") + target,
            additional_headers=headers,
            open_timeout=PATIENCE,
            close_timeout=1,
            max_size=None,
            max_queue=None,
            proxy=None,
        )

    def send(self, data: str | bytes) -> None:
        """Send a message as it is written."""
        self.connection.send(data)

    def say(self, kind: str, **fields: Any) -> None:
        """Send a message of the contract."""
        self.send(json.dumps({"type": kind, **fields}))

    def hear(self, patience: float = PATIENCE) -> Any:
        """The next frame, whatever it is."""
        __tracebackhide__ = True
        text = self.connection.recv(timeout=patience)
        assert isinstance(text, str), f"a binary frame: {text!r}"
        frame = json.loads(text)
        if strictness.is_exact():
            assert json.dumps(frame, ensure_ascii=False, separators=(",", ":")) == text
        check_described(frame)
        return frame

    def hear_raw(self, number: int, patience: float = PATIENCE) -> list[str]:
        """That many frames as they came, for when there are too many to look at each."""
        return [str(self.connection.recv(timeout=patience)) for _ in range(number)]

    def cut(self) -> None:
        """End the connection without a word, as a machine does that loses its network."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send a message of the contract; returns the next frame."""
        self.say(kind, **fields)
        return self.hear()

    def subscribe(self, channel: str, **since: Any) -> Any:
        """Subscribe; returns the answer, which must be that it was done."""
        __tracebackhide__ = True
        answer = self.ask("subscribe", channel=channel, **since)
        assert (answer["type"], answer.get("channel")) == ("subscribed", channel), answer
        return answer

    def hear_all(self, number: int, patience: float = PATIENCE) -> list[Any]:
        """That many events; fails where other frames come, or none for a while."""
        __tracebackhide__ = True
        frames = [self.hear(patience) for _ in range(number)]
        assert {frame["type"] for frame in frames} == {"event"}
        return frames

    def is_silent(self) -> bool:
        """Whether nothing has been sent but the answer to a ping."""
        return bool(self.ask("ping") == {"type": "pong"})

    def closed_with(self, patience: float = PATIENCE) -> int | None:
        """The code that the server closes the socket with, after what it still sends."""
        deadline = time.monotonic() + patience
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
    """A socket of somebody who is signed in."""
    return Socket(person.base_url, headers={"Authorization": f"Token {person.token}"})


def names_of(events: Iterable[Any]) -> list[tuple[str, list[str]]]:
    """What happened, and by which channels it came."""
    return [(event["event"], event["channels"]) for event in events]


@cache
def read_description() -> dict[str, Any]:
    """`spec/asyncapi.yaml` as a JSON value."""
    description: dict[str, Any] = yaml.safe_load((SPEC / "asyncapi.yaml").read_text("utf-8"))
    return description


@cache
def validator(kind: str) -> Draft202012Validator:
    """What a frame of this type must look like."""
    components = read_description()["components"]
    payload = components["messages"][kind]["payload"]
    return Draft202012Validator({**payload, "components": components})


def check_described(frame: Any) -> None:
    """Compare a frame with the description, the order of its keys included."""
    __tracebackhide__ = True
    for error in validator(frame["type"]).iter_errors(frame):
        raise AssertionError(f"not as described: {error.message} in {frame}")
    if not strictness.is_exact():
        return
    keys = read_description()["components"]["messages"][frame["type"]]["payload"]["properties"]
    assert list(frame) == [key for key in keys if key in frame], frame
