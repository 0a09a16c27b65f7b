"""Request ids, security headers, the log, and a prefix of all paths."""

import logging
import re
import time
import uuid
from collections.abc import Iterable
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, g, request

log = logging.getLogger("conduit.request")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class PrefixMiddleware:
    """Serves the app below a prefix, whether or not a proxy has taken it off the path."""

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = self.prefix
        path = environ["PATH_INFO"]
        if f"{path}/".startswith(f"{self.prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(self.prefix) or "/"
        return self.app(environ, start)


def start_request() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def add_headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"
    return response


def log_request(response: Response) -> Response:
    milliseconds = (time.perf_counter() - g.started) * 1000
    path, status = quote(request.path), response.status_code
    log.info("%s %s %s %s %.1fms", g.request_id, request.method, path, status, milliseconds)
    return response


def register(app: Flask) -> None:
    """Register these hooks; the first of the `after_request` functions is called last."""
    app.before_request(start_request)
    app.after_request(log_request)
    app.after_request(add_headers)
