"""The application for a WSGI server: `gunicorn conduit.wsgi:application`, after `conduit.check`."""

import os
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from .bodies import CutBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
django_application = get_wsgi_application()


def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Django's application, which otherwise takes a body of no announced length for none."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        content = read_chunks(environ["wsgi.input"])
        is_cut = len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = CutBody() if is_cut else BytesIO(content)
        environ |= {"CONTENT_LENGTH": str(len(content)), "wsgi.input": body}
    return django_application(environ, start)


def read_chunks(body: InputStream) -> bytes:
    """The body, and one byte more than may be where it is too large."""
    with suppress(Exception):  # of chunks that are none: each server raises its own
        return body.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    return b""
