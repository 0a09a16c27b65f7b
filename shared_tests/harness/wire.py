"""A raw connection, for requests and responses that HTTP libraries do not support."""

import select
import socket
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

import httpx2

from .exchanges import Answer, Request


class Wire:
    """One TCP connection on which the test writes the bytes itself."""

    def __init__(self, base_url: str, checked: Callable[[Answer], Answer]) -> None:
        address = urlsplit(base_url)
        self.base_url = base_url
        self.host = address.netloc
        self._checked = checked
        self._unread = b""
        self._sent: list[bytes] = []
        self._socket = socket.create_connection((address.hostname, address.port or 80), timeout=15)

    def send(self, *parts: bytes) -> None:
        """Send bytes; it is not an error if the server no longer reads them."""
        for part in parts:
            self._sent.append(part)
            try:
                self._socket.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                return

    def request(self, method: str, target: bytes, *fields: bytes, body: bytes = b"") -> None:
        """Send a request with Host and these headers."""
        head = b"\r\n".join(
            [b"%s %s HTTP/1.1" % (method.encode(), target), b"Host: " + self.host.encode(), *fields]
        )
        self.send(head + b"\r\n\r\n" + body)

    def answer(self) -> Answer:
        """Read the next response, and check what every response must have."""
        __tracebackhide__ = True
        return self._checked(self.raw_answer())

    def raw_answer(self) -> Answer:
        """Read the next response without checks, for what the contract does not cover."""
        request = self._last_request()
        head = self._until(b"\r\n\r\n").decode("latin-1")
        status_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        status = int(status_line.split(" ")[1])
        headers = httpx2.Headers([(n, v.strip()) for n, _, v in (x.partition(":") for x in lines)])
        return Answer(request, status, headers, self._body(request.method, status, headers))

    def send_until_closed(self, head: bytes, size: int) -> int:
        """Send a frame of at most this size, and return the code of the close that arrives."""
        self.send(head)
        sent = 0
        while sent < size and not select.select([self._socket], [], [], 0)[0]:
            self.send(bytes(65_536))
            sent += 65_536
        frame = self._exactly(4)
        assert frame[0] == 0x88, f"not a close frame: {frame!r}"
        return int.from_bytes(frame[2:])

    def rest(self) -> bytes:
        """Everything that arrives until the server closes the connection."""
        try:
            while chunk := self._socket.recv(65_536):
                self._unread += chunk
        except ConnectionResetError:
            pass
        rest, self._unread = self._unread, b""
        return rest

    def is_closed(self) -> bool:
        """Whether the server closes the connection within a fifth of a second."""
        self._socket.settimeout(0.2)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self._socket.settimeout(15)

    def _body(self, method: str, status: int, headers: httpx2.Headers) -> bytes:
        if method == "HEAD" or status == 204 or status < 200:
            return b""
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
            return body
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        return self.rest()

    def _until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._more()
        found, _, self._unread = self._unread.partition(end)
        return found + end

    def _exactly(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._more()
        found, self._unread = self._unread[:size], self._unread[size:]
        return found

    def _more(self) -> None:
        chunk = self._socket.recv(65_536)
        if not chunk:
            raise ConnectionError(f"the server closed the connection after {self._unread!r}")
        self._unread += chunk

    def _last_request(self) -> Request:
        """The request that was sent since the last response, parsed for the report."""
        head, _, body = b"".join(self._sent).partition(b"\r\n\r\n")
        self._sent.clear()
        line, *fields = head.decode("latin-1").split("\r\n")
        method, _, rest = line.partition(" ")
        headers = [(n, v.strip()) for n, _, v in (field.partition(":") for field in fields)]
        target = rest.rpartition(" ")[0]
        return Request(self.base_url, method, target, httpx2.Headers(headers), body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
