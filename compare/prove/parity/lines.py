"""Kept-alive connections that send a request as it stands in a story, and mend nothing of it."""

import http.client
import time
from collections.abc import Iterator

import httpx2

from compare.prove.parity.stories import Request
from compare.run.apps import HOST

PATIENCE = 20.0
"""Seconds until an answer counts as missing."""
IDLE = 1.0
"""Seconds after which a connection is made anew: shorter than any server keeps an idle one."""
NO_ANSWER = 0
"""The status of what stands for an answer that did not come."""
CHUNK = 4096


class Line:
    """A connection to one app. Requests to several apps run at once: first send, then receive."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        self._used = 0.0
        self._failure: Exception | None = None
        self._is_last = False

    def send(self, request: Request) -> None:
        if time.monotonic() - self._used > IDLE:
            self._connection.close()
        self._is_last = (request.header("connection") or "").lower() == "close"
        try:
            self._send(request)
        except (OSError, http.client.HTTPException) as error:
            # What a server answered before it closed the connection can still be there.
            self._failure = error

    def _send(self, request: Request) -> None:
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
        elif request.chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders(chunks(request.body), encode_chunked=True)
        else:
            connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)

    def receive(self) -> httpx2.Response:
        """The answer to what was sent last; one of status `NO_ANSWER`, if none comes."""
        try:
            with self._connection.getresponse() as answer:
                content = answer.read()
            return make_response(answer.status, answer.getheaders(), content)
        except (OSError, http.client.HTTPException) as error:
            failure = self._failure or error
            self._connection.close()
            return make_response(NO_ANSWER, [], f"no answer: {failure!r}".encode())
        finally:
            if self._is_last:
                self._connection.close()
            self._failure = None
            self._used = time.monotonic()

    def close(self) -> None:
        self._connection.close()


def chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def make_response(status: int, headers: list[tuple[str, str]], content: bytes) -> httpx2.Response:
    # Given `content`, it would add a Content-Length of its own where the app sent none.
    response = httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))
    response.read()
    return response
