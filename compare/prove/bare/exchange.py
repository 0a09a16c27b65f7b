"""One request, which no HTTP client would send, and its answer in short."""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection

from compare.run.apps import HOST

WIDTH = 44


@dataclass(frozen=True)
class BareRequest:
    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    host: str | None = HOST
    chunked: bool = False
    plain: bool = False
    """Whether the body is sent unchanged, without a length."""

    def send(self, port: int) -> "BareAnswer":
        headers = [*self.headers]
        if self.host is not None:
            headers.insert(0, ("Host", self.host))
        if self.chunked:
            headers.append(("Transfer-Encoding", "chunked"))
        elif not self.plain and (self.body or self.method == "POST"):
            headers.append(("Content-Length", str(len(self.body))))
        headers.append(("Connection", "close"))
        with closing(HTTPConnection(HOST, port, timeout=10)) as connection:
            connection.putrequest(
                self.method, self.target, skip_host=True, skip_accept_encoding=True
            )
            for header in headers:
                connection.putheader(*header)
            # A server may answer before it has read a large body.
            with suppress(ConnectionError):
                connection.endheaders(self.body, encode_chunked=self.chunked)
            response = connection.getresponse()
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
        """The text of a JSON body, or the kind of another body."""
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
    """The text for a cell of a table, shortened to one line."""
    shown = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`{shown if len(shown) <= WIDTH else shown[:WIDTH] + '…'}`"
