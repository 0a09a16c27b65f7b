"""The application for a WSGI server: `gunicorn conduit.wsgi:application`, after `conduit.check`."""

import os
from collections.abc import Iterable
from io import BytesIO
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

from .bodies import BrokenBody, CutBody, max_size

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
django_application = get_wsgi_application()


def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Django's application, which alone ignores a body without a `Content-Length`."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        body, size = read_chunks(environ["wsgi.input"])
        environ |= {"CONTENT_LENGTH": str(size), "wsgi.input": body}
    return django_application(environ, start)


def read_chunks(stream: InputStream) -> tuple[object, int]:
    """The body and its size; instead of a refused body, a file that raises when it is read."""
    limit = max_size()
    try:
        content = stream.read(limit + 1)
    except Exception:  # malformed or incomplete chunks; each server raises its own exception
        return BrokenBody(), 1
    return BytesIO(content) if len(content) <= limit else CutBody(), len(content)
