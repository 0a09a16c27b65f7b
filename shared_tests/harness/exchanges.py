"""A request and its response, and how a failure report shows them."""

import json
import shlex
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx2

from . import strictness

# Reports truncate longer bodies; most bodies are a few hundred bytes.
SHOWN = 4_000


@dataclass(frozen=True)
class Request:
    """A request that was sent."""

    base_url: str
    method: str
    target: str
    headers: httpx2.Headers
    body: bytes = b""

    def as_curl(self) -> str:
        """The curl command that sends this request again."""
        words = ["curl", "-i", "--path-as-is"]
        if self.method == "HEAD":
            words.append("--head")
        elif self.method != "GET":
            words += ["-X", self.method]
        for name, value in self.headers.items():
            if name not in _CURLS_OWN:
                words += ["-H", f"{name}: {value}"]
        line = shlex.join([*words, self.base_url + self.target])
        if not self.body:
            return line
        if len(self.body) > SHOWN:
            return f"{line} --data-binary @-  # {len(self.body)} bytes: {self.body[:60]!r}…"
        return f"{line} --data-binary {_quoted(self.body)}"


@dataclass(frozen=True)
class Answer:
    """A response, with its request."""

    request: Request
    status: int
    headers: httpx2.Headers
    body: bytes
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", strictness.Body(self.body, self.status))

    @property
    def json(self) -> Any:
        """The body as a JSON value."""
        return strictness.value_of(json.loads(self.body), self.status)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    def __str__(self) -> str:
        """The request as a curl line, and the whole response."""
        headers = "\n".join(
            f"{name.decode('latin-1')}: {value.decode('latin-1')}"
            for name, value in self.headers.raw
        )
        body = self.body[:SHOWN].decode("utf-8", "backslashreplace")
        if len(self.body) > SHOWN:
            body += f"… ({len(self.body)} bytes)"
        return f"$ {self.request.as_curl()}\n{self.status}\n{headers}\n\n{body}".rstrip()


# For the report of the running test: the latest exchanges, and one line for each exchange.
recent: deque[Answer] = deque(maxlen=4)
trail: list[tuple[str, str]] = []


def remember(answer: Answer) -> None:
    """Keep a response for the report of the running test."""
    recent.append(answer)
    request = answer.request
    trail.append((request.base_url, f"{request.method} {request.target[:100]} {answer.status}"))


def forget() -> None:
    """Clear the exchanges before the next test."""
    recent.clear()
    trail.clear()


_CURLS_OWN = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}


def _quoted(body: bytes) -> str:
    """The bytes as a bash word, in `$'…'` if they are not plain text."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and text.isprintable():
        return shlex.quote(text)
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}"
             for byte in body)  # fmt: skip
    return "$'" + "".join(plain) + "'"
