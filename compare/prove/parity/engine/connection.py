"""Kept-alive connections that send a request exactly as it stands in a story."""

import http.client
import io
import time

import httpx2

from compare.prove.parity.engine.stories import Step
from compare.run.answers import Service

HOST = "127.0.0.1"
RESPONSE_TIMEOUT = 20.0
"""Seconds until a response counts as missing."""
MAX_IDLE = 1.0
"""Seconds after which a connection is opened again: shorter than any server keeps an idle one."""
NO_RESPONSE = 0
"""The status of the object that replaces a missing response."""


class Connection:
    """A connection to one service.

    `send` and `receive` are two calls, so that requests to several services run at once.
    """

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        self._port = port
        self._connection = http.client.HTTPConnection(HOST, port, timeout=RESPONSE_TIMEOUT)
        self._last_used = 0.0
        self._send_error: Exception | None = None
        self._is_last = False

    def send(self, request: Step) -> None:
        if time.monotonic() - self._last_used > MAX_IDLE:
            self._connection.close()
        self._is_last = (request.header("connection") or "").lower() == "close"
        try:
            self._send(request)
        except (OSError, http.client.HTTPException) as error:
            # A response that was sent before the server closed the connection can still be read.
            self._send_error = error

    def _send(self, request: Step) -> None:
        connection = self._connection
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        if request.header("host") is None:
            connection.putheader("Host", f"{HOST}:{self._port}")
        for name, value in request.headers:
            connection.putheader(name, value.encode("latin-1"))
        if request.body is None:
            connection.endheaders()
            return
        body = request.body.encode(errors="surrogateescape")
        if request.chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders(io.BytesIO(body), encode_chunked=True)
        else:
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)

    def receive(self) -> httpx2.Response:
        """The response to the last request; one with status `NO_RESPONSE`, if none comes."""
        try:
            with self._connection.getresponse() as response:
                content = response.read()
            return make_response(response.status, response.getheaders(), content)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            message = f"no response: {self._send_error or error!r}"
            return make_response(NO_RESPONSE, [], message.encode())
        finally:
            if self._is_last:
                self._connection.close()
            self._send_error = None
            self._last_used = time.monotonic()

    def close(self) -> None:
        self._connection.close()


def make_response(status: int, headers: list[tuple[str, str]], content: bytes) -> httpx2.Response:
    # Given `content`, httpx2 would add a Content-Length where the service sent none.
    response = httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))
    response.read()
    return response
