"""An app's answer, and which parts of it are compared with the answers of the other apps."""

import json
import re
from functools import cached_property
from typing import Protocol

import httpx2

# What belongs to the connection and the server, not to the answer.
NOT_COMPARED = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding"})
# Values that always differ are compared by their shape.
SHAPES = (
    (re.compile(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"'), b'"<time>"'),
    (re.compile(rb'"eyJ[\w-]+\.[\w-]+\.[\w-]+"'), b'"<token>"'),
)


CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Service(Protocol):
    """The service that gave an answer, for example an `App`."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def color(self) -> str: ...


def printable(text: str) -> str:
    """The text with its control characters escaped, such as ESC as `\\x1b`."""
    return CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class Answer:
    def __init__(self, app: Service, response: httpx2.Response) -> None:
        self.app = app
        self.response = response

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and (
            (self.response.status_code, self.headers, self.body)
            == (other.response.status_code, other.headers, other.body)
        )

    @property
    def status(self) -> str:
        # Only the number is compared, so the servers' own reason phrases would mislead.
        code = self.response.status_code
        return f"{code} {httpx2.codes.get_reason_phrase(code)}".rstrip()

    @property
    def milliseconds(self) -> float:
        return self.response.elapsed.total_seconds() * 1000

    @cached_property
    def is_json(self) -> bool:
        """Whether the media type is JSON, and the body is valid JSON."""
        media_type = self.response.headers.get("content-type", "")
        try:
            self.response.json()
        except (ValueError, RecursionError):
            return False
        return media_type.startswith("application/json")

    @cached_property
    def body(self) -> bytes:
        """The body, with times and tokens replaced by their shape."""
        body = self.response.content
        for pattern, shape in SHAPES:
            body = pattern.sub(shape, body)
        return body

    @cached_property
    def headers(self) -> list[str]:
        """The headers that are compared, one per line, sorted."""
        headers = []
        for name, value in self.response.headers.multi_items():
            if name == "content-length" and value == str(len(self.response.content)):
                # The length includes tokens, so the length of the shape is compared.
                value = f"{len(self.body)}"
            if name not in NOT_COMPARED:
                headers.append(f"{name}: {value}")
        return sorted(headers)

    @property
    def head(self) -> list[str]:
        return [self.status, *self.headers]

    def lines(self, *, pretty: bool) -> list[str]:
        """The whole answer for reading."""
        return [*self.head, "", *self.body_lines(pretty=pretty)]

    def body_lines(self, *, pretty: bool) -> list[str]:
        """The body for reading; `pretty` hides differences of white space."""
        body = self.body.decode(errors="backslashreplace")
        if pretty and self.is_json:
            body = json.dumps(json.loads(self.body), indent=2, ensure_ascii=False)
        return printable(body).splitlines()

    def to_json(self) -> dict[str, object]:
        """The unchanged response."""
        response = self.response
        return {
            "app": self.app.name,
            "status": response.status_code,
            "headers": response.headers.multi_items(),
            "body": response.json() if self.is_json else response.text,
        }
