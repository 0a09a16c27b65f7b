"""The worker of gunicorn that a slow client cannot occupy: `worker_class` in gunicorn.conf.py.

Without this, each client that sends its request slowly keeps a thread until it has sent it all, and
as many clients as there are threads are enough to stop the server. One that reads no response holds
its thread forever, and one that does not close its end of a connection blocks all others for two
seconds.
"""

# gunicorn's own worker is not typed in these places.
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false
# pyright: reportOptionalOperand=false, reportArgumentType=false

import errno
import re
import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn, ThreadWorker

# Timeout in seconds for a request, from a new connection or the first byte on a kept one, and for
# an application to read a body that it has to read itself.
REQUEST_TIMEOUT = 10
# Timeout in seconds for a client to read a response, or the next part of a file.
RESPONSE_TIMEOUT = 30
# Limits in seconds and bytes for reading on after the server has shut down a connection: closed
# with unread data, it could lose the response. Both values are gunicorn's.
CLOSE_TIMEOUT = 2
MAX_IGNORED = 65_536
# File descriptors that are reserved for requests when connections use all the others.
SPARE_FILES = 32
MAX_HEAD_SIZE = 1_000_000
MAX_BODY_SIZE = 1_048_576
READ_SIZE = 65_536
# Limits in seconds and bytes for draining a body that the application has not read.
DRAIN_TIMEOUT = 5
MAX_DRAINED = 16 * 1_048_576
# How many requests may have a thread before they have arrived completely.
MAX_INCOMPLETE = 8

END_OF_HEAD = b"\r\n\r\n"
EXPECT = re.compile(rb"\r\nexpect:", re.IGNORECASE)
ENCODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:([^\r\n]*)", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([^\r]*)", re.IGNORECASE)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,7})[ \t]*(;[^\r\n]*)?\r\n")


class Arrival:
    """The part of a request that has arrived, and whether it is complete."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.body: int | None = None  # where it begins
        self.length: int | None = None
        self.chunk = 0  # where the next chunk begins
        self.is_whole = False
        # The length is unknown or too large: the application has to read the body.
        self.is_unclear = False

    def add(self, data: bytes) -> None:
        searched = max(len(self.data) - len(END_OF_HEAD), 0)
        self.data += data
        if self.body is None:
            self.find_body(searched)
        if self.body is None or self.is_unclear:
            self.is_unclear = self.is_unclear or len(self.data) > MAX_HEAD_SIZE
        elif self.length is not None:
            self.is_whole = len(self.data) - self.body >= self.length
        else:
            self.read_chunks()

    def find_body(self, searched: int) -> None:
        if not searched:
            while self.data.startswith(b"\r\n"):
                del self.data[:2]
        end = self.data.find(END_OF_HEAD, searched)
        if end < 0:
            return
        head = bytes(self.data[: end + 2])
        self.body = self.chunk = end + len(END_OF_HEAD)
        lengths = [value.strip() for value in LENGTH.findall(head)]
        if EXPECT.search(head) or any(not value.isdigit() for value in lengths):
            self.is_unclear = True
        elif encodings := ENCODING.findall(head):
            # gunicorn refuses a length with chunks, and codings that do not end with chunked.
            chunked = encodings[-1].split(b",")[-1].strip().lower() == b"chunked"
            self.is_unclear = bool(lengths) or not chunked
        else:
            self.length = max((int(value[-20:]) for value in lengths), default=0)
            self.is_unclear = self.length > MAX_BODY_SIZE

    def read_chunks(self) -> None:
        while not self.is_whole:
            size = CHUNK.match(self.data, self.chunk)
            if size is None:
                # Either more of the line is to come, or it is malformed, which gunicorn refuses.
                self.is_unclear = b"\n" in self.data[self.chunk : self.chunk + 4096]
                return
            number = int(size[1], 16)
            if number:
                following = size.end() + number + 2
                if following > len(self.data):
                    self.is_unclear = following - (self.body or 0) > 2 * MAX_BODY_SIZE
                    return
                self.chunk = following
            else:
                trailers = size.end() - 2
                self.is_whole = self.data.find(END_OF_HEAD, trailers) >= 0
                self.is_unclear = len(self.data) - trailers > MAX_HEAD_SIZE
                return


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Reads requests in the main loop, and gives a thread only to those that have arrived."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incomplete: set[TConn] = set()
        self.waiting: deque[TConn] = deque()
        self.closing: deque[TConn] = deque()

    def accept(self, listener: socket.socket) -> None:
        if self.cfg.is_ssl:  # TLS data can be read only in a thread
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            self.worker_connections = max(self.nr_conns - SPARE_FILES, 1)
            self.log.warning("Too many open files: %s connections at most", self.worker_connections)
            return
        self.nr_conns += 1
        self.wait_for_request(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Read the next request of a connection that was kept."""
        if self.cfg.is_ssl:
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.wait_for_request(conn)

    def wait_for_request(self, conn: TConn) -> None:
        """Let the main loop read the next request."""
        conn.arrival = Arrival()
        conn.timeout = time.monotonic() + REQUEST_TIMEOUT
        conn.sock.setblocking(False)
        self.pending_conns.append(conn)
        callback = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, callback)

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Continue reading until the request is complete or its remaining length is unknown."""
        if self.cfg.is_ssl:
            super().on_pending_socket_readable(conn, client)
            return
        data = receive(client)
        if data is not None:
            self.process_data(conn, data)

    def process_data(self, conn: TConn, data: bytes) -> None:
        """Add the data to the request; no data means that the client sends nothing more."""
        conn.arrival.add(data)
        if data and not conn.arrival.is_whole and not conn.arrival.is_unclear:
            return
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        if not conn.arrival.data:
            self.nr_conns -= 1
            conn.close()
            return
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
        conn.parser.unreader.unread(bytes(conn.arrival.data))
        conn.data_ready = True
        if conn.arrival.is_whole:
            self.enqueue_req(conn)
        else:
            self.waiting.append(conn)
            self.admit()

    def admit(self) -> None:
        """Give a thread to requests that wait longest, while only a few of them are incomplete."""
        while self.waiting and len(self.incomplete) < MAX_INCOMPLETE:
            conn = self.waiting.popleft()
            conn.timeout = time.monotonic() + REQUEST_TIMEOUT
            self.incomplete.add(conn)
            self.enqueue_req(conn)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Replaces gunicorn's method, which overlooks a `close` among other words of `Connection`.

        gunicorn's method also waits forever for a client that does not read its response.
        """
        words = [value.lower() for name, value in req.headers if name == "CONNECTION"]
        if "close" in {word.strip() for word in ",".join(words).split(",")}:
            req.must_close = True
        conn.sock.settimeout(RESPONSE_TIMEOUT)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            # The client or the app was too slow; only the traceback says which.
            self.log.info("A response was not sent in time", exc_info=True)
            return False

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Replaces gunicorn's method, which drains little and closes a keep-alive connection."""
        deadline = time.monotonic() + DRAIN_TIMEOUT
        finish_body = conn.parser.finish_body
        return keepalive and bool(finish_body(deadline=deadline, max_bytes=MAX_DRAINED))

    def finish_request(self, conn: TConn, fs: Any) -> None:
        self.incomplete.discard(conn)
        self.admit()
        if self.cfg.is_ssl:
            super().finish_request(conn, fs)
        elif not can_be_reused(fs):
            self.close(conn)
        elif begun := conn.parser.unreader.take_buffered():
            self.wait_for_request(conn)
            self.process_data(conn, begun)
        else:
            super().finish_request(conn, fs)

    def close(self, conn: TConn) -> None:
        """Close a connection like gunicorn, but without making all others wait for the client."""
        descriptor = conn.sock.detach()  # a thread of the application may still close the socket
        if descriptor < 0:
            self.nr_conns -= 1
            return
        conn.sock = socket.socket(conn.sock.family, conn.sock.type, fileno=descriptor)
        conn.sock.setblocking(False)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # the client has closed it
            self.nr_conns -= 1
            conn.close()
            return
        conn.timeout = time.monotonic() + CLOSE_TIMEOUT
        conn.ignored = 0
        self.closing.append(conn)
        callback = partial(self.on_closing_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, callback)

    def on_closing_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        data = receive(client)
        if data is None:
            return
        conn.ignored += len(data)
        if not data or conn.ignored >= MAX_IGNORED:
            self.closing.remove(conn)
            self.close_for_good(conn)

    def close_for_good(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        super().murder_pending()
        now = time.monotonic()
        while self.waiting and self.waiting[0].timeout < now:
            conn = self.waiting.popleft()
            self.nr_conns -= 1
            conn.close()
        while self.closing and self.closing[0].timeout <= now:
            self.close_for_good(self.closing.popleft())
        for conn in self.incomplete:
            if conn.timeout < now:
                stop_reading(conn.sock)


def receive(client: socket.socket) -> bytes | None:
    """What has arrived: None if there is nothing yet, empty if the connection has ended."""
    try:
        return client.recv(READ_SIZE)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def can_be_reused(request: Any) -> bool:
    """Whether a request has ended normally, so that the connection can be reused."""
    return not request.cancelled() and not request.exception() and request.result() is True


def stop_reading(client: socket.socket) -> None:
    """Shut down reading, so that the thread that reads from the connection gets end of file."""
    with suppress(OSError):  # it may be closed already
        client.shutdown(socket.SHUT_RD)
