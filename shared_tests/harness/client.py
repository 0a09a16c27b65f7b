"""The test client: sends exactly what it is given, and checks every response."""

import json as json_module
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Self

import httpx2

from . import documented, exchanges, strictness, usual
from .exchanges import Answer, Request
from .wire import Wire

NOTHING: Final = object()


class Client:
    """An HTTP client for one server, with or without a token.

    For several servers that must behave as one, the address is a function, which is called for
    every request. The target is sent unchanged, because httpx2 would correct what the tests send.
    """

    def __init__(
        self,
        address: str | Callable[[], str],
        *,
        token: str | None = None,
        cors: usual.Cors = usual.ANY_ORIGIN,
        http: httpx2.Client | None = None,
    ) -> None:
        self.address = address
        self.token = token
        self.cors = cors
        self.http = http or httpx2.Client(
            timeout=20,
            trust_env=False,
            # Only plain HTTP is used: loading the system's certificates takes longer than a test.
            verify=False,
            # Shorter than every server's keep-alive time, so no request uses a closing connection.
            limits=httpx2.Limits(
                max_connections=100, max_keepalive_connections=100, keepalive_expiry=1
            ),
        )

    @property
    def base_url(self) -> str:
        """The base URL of the next request."""
        return self.address.rstrip("/") if isinstance(self.address, str) else self.address()

    def with_token(self, token: str | None) -> "Client":
        """The same client with another token, or without one."""
        return Client(self.address, token=token, cors=self.cors, http=self.http)

    def request(
        self,
        method: str,
        target: str,
        *,
        json: Any = NOTHING,
        content: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """Send one request; `json` is a value to encode, and `content` is sent unchanged.

        A header that is a text is sent in Latin-1.
        """
        __tracebackhide__ = True
        sent = httpx2.Headers({"Authorization": f"Token {self.token}"} if self.token else {})
        if json is not NOTHING:
            content = json_module.dumps(json, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        given = [
            (name.encode(), value.encode("latin-1") if isinstance(value, str) else value)
            for name, value in (headers or {}).items()
        ]
        names = {name.lower() for name, _ in given}
        fields = [(name, value) for name, value in sent.raw if name.lower() not in names]
        base_url = self.base_url
        message = self.http.build_request(
            method,
            base_url,
            content=content,
            headers=[*fields, *given],
            extensions={"target": target.encode("ascii")},
        )
        response = self.http.send(message)
        body = content if isinstance(content, bytes) else b""
        return self.checked(
            Answer(
                request=Request(base_url, method, target, message.headers, body),
                status=response.status_code,
                headers=response.headers,
                body=response.content,
                seconds=response.elapsed.total_seconds(),
            )
        )

    def checked(self, answer: Answer) -> Answer:
        """Remember a response for the report, and check what every response must have."""
        __tracebackhide__ = True
        exchanges.remember(answer)
        if strictness.holds_every_answer():
            usual.check_usual(answer, self.cors)
        documented.check_documented(answer)
        return answer

    def wire(self) -> Wire:
        """A raw connection to the same server."""
        return Wire(self.base_url, self.checked)

    def get(self, target: str, **more: Any) -> Answer:
        """GET the target."""
        return self.request("GET", target, **more)

    def head(self, target: str, **more: Any) -> Answer:
        """HEAD the target."""
        return self.request("HEAD", target, **more)

    def options(self, target: str, **more: Any) -> Answer:
        """OPTIONS of the target."""
        return self.request("OPTIONS", target, **more)

    def post(self, target: str, **more: Any) -> Answer:
        """POST to the target."""
        return self.request("POST", target, **more)

    def put(self, target: str, **more: Any) -> Answer:
        """PUT to the target."""
        return self.request("PUT", target, **more)

    def delete(self, target: str, **more: Any) -> Answer:
        """DELETE the target."""
        return self.request("DELETE", target, **more)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
