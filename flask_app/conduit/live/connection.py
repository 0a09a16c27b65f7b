"""The connection as simple-websocket uses it: from two threads, one of which answers pings."""

import selectors
import socket
import ssl
import threading
from typing import Any

from ..database.engine import Selector

# Seconds in which the client must have received a frame.
SEND_TIMEOUT = 5
# Windows and TLS have no such flag: there a client that reads nothing blocks its own thread.
DONT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
# Where these servers put the connection; other servers do not expose it.
NAMES = ("gunicorn.socket", "werkzeug.socket")


class Connection:
    """Sends each frame completely before the next one, or closes the connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.flags = 0 if isinstance(connection, ssl.SSLSocket) else DONT_WAIT
        connection.settimeout(None)  # servers limit the time of a response, but a socket stays open
        self.sending = threading.Lock()

    @classmethod
    def put_into(cls, environ: dict[str, Any]) -> bool:
        """Replace the server's connection in the environment; false if there is none."""
        # Compression would cost a megabyte per socket, and compress each event for each socket.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        for name in NAMES:
            if name in environ:
                environ[name] = cls(environ[name])
                return True
        return False

    def send(self, data: bytes) -> int:
        """Raises `TimeoutError`, an `OSError`, if the client does not receive the data in time."""
        with self.sending:
            rest = memoryview(data)
            while rest:
                try:
                    sent = self.connection.send(rest, self.flags)
                except BlockingIOError:
                    self.wait_or_cut()
                else:
                    rest = rest[sent:]
        return len(data)

    def wait_or_cut(self) -> None:
        with Selector() as writable:
            writable.register(self.connection, selectors.EVENT_WRITE)
            if not writable.select(SEND_TIMEOUT):
                self.connection.shutdown(socket.SHUT_RDWR)
                raise TimeoutError

    def recv(self, size: int) -> bytes:
        return self.connection.recv(size)

    def fileno(self) -> int:
        return self.connection.fileno()

    def close(self) -> None:
        self.connection.close()
