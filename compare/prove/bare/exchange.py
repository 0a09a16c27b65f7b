"""One request, written by hand since no client would send it, and its answer in short."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse

from compare.run.apps import HOST

WIDTH = 44


@dataclass(frozen=True)
class BareRequest:
    method: str
    target: str | bytes
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    host: str | None = HOST
    chunked: bool = False
    plain: bool = False
    """The body as it stands, without a length."""

    def encode(self) -> bytes:
        target = self.target.encode() if isinstance(self.target, str) else self.target
        lines = [f"{name}: {value}" for name, value in self.headers]
        if self.host is not None:
            lines.insert(0, f"Host: {self.host}")
        body = self.body
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        elif not self.plain and (body or self.method == "POST"):
            lines.append(f"Content-Length: {len(body)}")
        lines.append("Connection: close")
        head = "".join(f"{line}\r\n" for line in lines).encode()
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (self.method.encode(), target, head, body)

    def send(self, port: int) -> "BareAnswer":
        with socket.create_connection((HOST, port), timeout=10) as connection:
            # A server may answer before it has read a large body.
            with suppress(ConnectionError):
                connection.sendall(self.encode())
            response = HTTPResponse(connection, method=self.method)
            response.begin()
            body = response.read().decode()
            return BareAnswer(response.status, dict(response.headers.items()), body)


class BareAnswer:
    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def status_only(self) -> str:
        return str(self.status)

    def body_only(self) -> str:
        """JSON as it is, other bodies by their kind."""
        kind = self.headers.get("content-type", "").partition(";")[0]
        if not self.body:
            return "no body"
        if kind != "application/json":
            return {"text/html": "HTML", "text/plain": "plain text"}[kind]
        return code(self.body)

    def type_only(self) -> str:
        return code(self.headers.get("content-type", ""))

    def brief(self) -> str:
        return f"{self.status}, {self.body_only()}"

    def with_header(self, name: str) -> str:
        value = self.headers.get(name.lower())
        return f"{self.status}, {code(f'{name}: {value}') if value else f'no `{name}`'}"

    def allowed(self) -> str:
        return self.with_header("Allow")

    def challenge(self) -> str:
        return self.with_header("WWW-Authenticate")

    def location(self) -> str:
        return self.with_header("Location") if "location" in self.headers else str(self.status)

    def empty_headers(self) -> str:
        names = ("Content-Type", "Content-Length")
        present = [
            f"{name}: {self.headers[name.lower()]}"
            for name in names
            if name.lower() in self.headers
        ]
        return ", ".join(map(code, present)) or "neither"

    def server(self) -> str:
        return code(f"Server: {self.headers['server']}")

    def marked(self) -> str:
        return "yes" if "x-marked" in self.headers else "no"


def code(text: str) -> str:
    """The text for a cell of a table, cut to a line."""
    shown = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`{shown if len(shown) <= WIDTH else shown[:WIDTH] + '…'}`"
