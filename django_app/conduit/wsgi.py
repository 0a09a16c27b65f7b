"""The application for a WSGI server: `gunicorn conduit.wsgi:application`."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from . import check

DRAINED_AT_ONCE = 4_096
MOST_DRAINED = 16 * 1_048_576
MOST_WAITED = 5  # seconds

check.require()
django_application = get_wsgi_application()


def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Django's application, which takes of a body what is announced, and leaves what it can."""
    body = environ["wsgi.input"]
    if "HTTP_TRANSFER_ENCODING" in environ:
        content = read_chunks(body)
        environ |= {"CONTENT_LENGTH": str(len(content)), "wsgi.input": BytesIO(content)}
    elif not 0 < int(environ.get("CONTENT_LENGTH") or 0) <= MOST_DRAINED:
        return django_application(environ, start)
    return Answer(django_application(environ, start), body, environ.get("gunicorn.socket"))


def read_chunks(body: InputStream) -> bytes:
    """A body of no announced length, and one byte more than may be where it is too large."""
    with suppress(Exception):  # of chunks that are none: each server raises its own
        return body.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    return b""


class Answer:
    """Django's answer, after which the rest of the body is read.

    gunicorn drops a connection with something unread in it, unannounced.
    """

    def __init__(self, answer: Any, body: InputStream, socket: Any) -> None:
        self.answer = answer
        self.body = body
        self.socket = socket

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        self.answer.close()
        if self.socket is not None:
            timeout = self.socket.gettimeout()
            self.socket.settimeout(1)
            with suppress(Exception):
                self.drain(until=time.monotonic() + MOST_WAITED)
            self.socket.settimeout(timeout)

    def drain(self, until: float) -> None:
        drained = 0
        while time.monotonic() < until and drained < MOST_DRAINED:
            part = self.body.read(DRAINED_AT_ONCE)
            if not part:
                return
            drained += len(part)
