"""The application for a WSGI server: `gunicorn conduit.wsgi:application`."""

from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from . import check

DRAINED_AT_ONCE = 65_536
MOST_DRAINED = 16 * 1_048_576

check.require()
django_application = get_wsgi_application()


def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Django's application, which takes of a body what is announced, and leaves what it can."""
    body = environ["wsgi.input"]
    if "HTTP_TRANSFER_ENCODING" in environ:
        content = read_chunks(body)
        environ |= {"CONTENT_LENGTH": str(len(content)), "wsgi.input": BytesIO(content)}
    answer = django_application(environ, start)
    if int(environ.get("CONTENT_LENGTH") or 0) <= MOST_DRAINED:
        drain(body)
    return answer


def read_chunks(body: InputStream) -> bytes:
    """A body of no announced length, and one byte more than may be where it is too large."""
    with suppress(Exception):  # of chunks that are none: each server raises its own
        return body.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    return b""


def drain(body: InputStream) -> None:
    """Read what of a body nobody has read: gunicorn drops the connection else, unannounced."""
    with suppress(Exception):
        for _ in range(MOST_DRAINED // DRAINED_AT_ONCE):
            if not body.read(DRAINED_AT_ONCE):
                return
