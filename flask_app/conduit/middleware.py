"""Request ids, security headers, the log, and a prefix of all paths."""

import logging
import time
from collections.abc import Iterable
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, g, request

from .logs import get_request_id

log = logging.getLogger("conduit.request")


class PrefixMiddleware:
    """Serves the app below a prefix, whether or not a proxy has removed it from the path."""

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
    g.pop("request_id", None)  # of an earlier request in the same app context, as in tests


def add_headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = get_request_id()
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Frame-Options", "DENY")
    return response


def log_request(response: Response) -> Response:
    now = time.perf_counter()
    milliseconds = (now - g.get("started", now)) * 1000
    path, status = quote(request.path), response.status_code
    log.info("%s %s %s %s %.1fms", get_request_id(), request.method, path, status, milliseconds)
    return response


def register(app: Flask) -> None:
    """Register these hooks; the first of the `after_request` functions is called last."""
    app.before_request(start_request)
    app.after_request(log_request)
    app.after_request(add_headers)
