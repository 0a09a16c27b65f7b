"""The worker of gunicorn that a slow client cannot occupy: `worker_class` in gunicorn.conf.py.

Without this, each client that sends its request slowly keeps a thread until it has sent it all, and
as many of them as there are threads are enough to stop the server. One that takes no answer keeps
its thread for good, and one that stays when its connection is closed stops all others for two
seconds.
"""

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

# Seconds in which a request must have arrived, from its first byte, and after that the rest of a
# body whose end cannot be told beforehand.
REQUEST_TIMEOUT = 10
# Seconds in which a client must have taken an answer, or the next part of a file.
ANSWER_TIMEOUT = 30
# Seconds, and bytes, for which a connection that the server has closed is read: closed for good
# with something unread, it could lose the answer. Both are gunicorn's own.
CLOSE_TIMEOUT = 2
MOST_IGNORED = 65_536
# Files that are kept for requests once connections have taken all that a process may open.
SPARE_FILES = 32
LONGEST_HEAD = 1_000_000
LONGEST_BODY = 1_048_576
READ_AT_ONCE = 65_536
# Seconds and bytes, of a body that the application has not read.
DRAIN_TIMEOUT = 5
MOST_DRAINED = 16 * 1_048_576
# How many requests may have a thread before all of them has arrived.
MOST_INCOMPLETE = 8

# The headers that say how much follows the head, and whether it is sent at once.
FRAMING = re.compile(rb"^(content-length|transfer-encoding|expect)[^:\n]*:([^\n]*)", re.I | re.M)
LENGTH = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]*\r?")


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Reads requests in the main loop, and gives a thread only to those that have arrived."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incomplete: set[TConn] = set()
        self.in_line: deque[TConn] = deque()
        self.closing: deque[TConn] = deque()

    def accept(self, listener: socket.socket) -> None:
        if self.cfg.is_ssl:  # what arrives can be read in a thread alone
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

    def wait_for_request(self, conn: TConn, received: bytes = b"") -> None:
        """Let the main loop read the request, of which a part may be there."""
        conn.received = received
        conn.timeout = time.monotonic() + REQUEST_TIMEOUT
        conn.sock.setblocking(False)
        self.pending_conns.append(conn)
        callback = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, callback)

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Read on, until the request has arrived or there is no telling how much is to come."""
        if self.cfg.is_ssl:
            super().on_pending_socket_readable(conn, client)
            return
        try:
            data = client.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.received += data
        missing = count_missing(conn.received)
        if data and missing:
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if conn.received:
            self.hand_over(conn, missing)
        else:
            self.nr_conns -= 1
            conn.close()

    def hand_over(self, conn: TConn, missing: int | None) -> None:
        """Give a thread to a request that is there, and to others in their turn."""
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
        conn.parser.unreader.unread(conn.received)
        conn.data_ready = True
        conn.received = b""
        if missing == 0:
            self.enqueue_req(conn)
        else:
            self.in_line.append(conn)
            self.admit()

    def admit(self) -> None:
        """Give a thread to those that have waited longest, as long as only a few are incomplete."""
        while self.in_line and len(self.incomplete) < MOST_INCOMPLETE:
            conn = self.in_line.popleft()
            conn.timeout = time.monotonic() + REQUEST_TIMEOUT
            self.incomplete.add(conn)
            self.enqueue_req(conn)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """gunicorn's own, which would overlook a `close` among other words of `Connection`.

        And wait without end for a client that does not take its answer.
        """
        words = [value.lower() for name, value in req.headers if name == "CONNECTION"]
        if "close" in {word.strip() for word in ",".join(words).split(",")}:
            req.must_close = True
        conn.sock.settimeout(ANSWER_TIMEOUT)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            self.log.info("A client does not take its answer")
            return False

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """gunicorn's own, which drains a little, and closes a connection that was to be kept."""
        deadline = time.monotonic() + DRAIN_TIMEOUT
        finish_body = conn.parser.finish_body
        return keepalive and bool(finish_body(deadline=deadline, max_bytes=MOST_DRAINED))

    def finish_request(self, conn: TConn, fs: Any) -> None:
        self.incomplete.discard(conn)
        self.admit()
        if self.cfg.is_ssl:
            super().finish_request(conn, fs)
        elif not may_go_on(fs):
            self.close(conn)
        elif not (begun := conn.parser.unreader.take_buffered()):
            super().finish_request(conn, fs)
        elif missing := count_missing(begun):
            self.wait_for_request(conn, begun)
        else:
            conn.received = begun
            self.hand_over(conn, missing)

    def close(self, conn: TConn) -> None:
        """Close a connection as gunicorn does, which would let all others wait for the client."""
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
        try:
            data = client.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.ignored += len(data)
        if not data or conn.ignored >= MOST_IGNORED:
            self.closing.remove(conn)
            self.close_for_good(conn)

    def close_for_good(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        super().murder_pending()
        now = time.monotonic()
        while self.closing and self.closing[0].timeout <= now:
            self.close_for_good(self.closing.popleft())
        for conn in self.incomplete:
            if conn.timeout <= now:
                stop_reading(conn.sock)


def may_go_on(request: Any) -> bool:
    """Whether a request has ended well, so that another may follow on its connection."""
    return not request.cancelled() and not request.exception() and request.result() is True


def count_missing(received: bytes) -> int | None:
    """How many bytes of a request are still to come, at least; none where that cannot be told."""
    # gunicorn's parser passes over one empty line before a request.
    head, end, body = received.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not end:
        return 1 if len(received) < LONGEST_HEAD else None
    if head.startswith(b"\r") or not head:
        return None
    framing = FRAMING.findall(head)
    if not framing:
        return 0
    (name, value), *more = framing
    length = LENGTH.fullmatch(value)
    if more or name.lower() != b"content-length" or not length or int(length[1]) > LONGEST_BODY:
        return None
    return max(int(length[1]) - len(body), 0)


def stop_reading(client: socket.socket) -> None:
    """Let the thread that reads from the connection find its end."""
    with suppress(OSError):  # it may be closed already
        client.shutdown(socket.SHUT_RD)
