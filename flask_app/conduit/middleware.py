"""What every answer has and every request is held to, whatever the route."""

import logging
import re
import time
import uuid
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, g, request

from .errors import BadRequest

log = logging.getLogger("conduit.request")

LAB = "/api/lab/"
LIVE = "/api/live"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NO_ROUTE = "/\0"


class CleanPaths:
    """WSGI middleware: Flask has matched the path before its own hooks are called."""

    def __init__(self, app: WSGIApplication, *, lab: bool, prefix: str) -> None:
        self.app = app
        self.lab = lab
        self.prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        prefix = environ["SCRIPT_NAME"] = self.prefix or environ.get("SCRIPT_NAME", "")
        path = clean_path(raw_path(environ).encode("latin-1"), prefix=prefix)
        if not wants_socket(environ):
            environ.pop("HTTP_UPGRADE", None)  # of any other kind it changes nothing
        elif path != LIVE:
            path = NO_ROUTE
        if path is None or (path.startswith(LAB) and not self.lab):
            path = NO_ROUTE
        environ["PATH_INFO"] = path.encode().decode("latin-1")
        query = clean_query(environ["QUERY_STRING"].encode("latin-1"))
        environ["QUERY_STRING"] = query.decode("latin-1")
        return self.app(environ, start)


def wants_socket(environ: WSGIEnvironment) -> bool:
    """Whether it is the handshake of a WebSocket: a GET by HTTP/1.1 without a body."""
    upgrade, connection = environ.get("HTTP_UPGRADE", ""), environ.get("HTTP_CONNECTION", "")
    return (
        upgrade.lower() == "websocket"
        and "upgrade" in {word.strip() for word in connection.lower().split(",")}
        and (environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"]) == ("GET", "HTTP/1.1")
        and not {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"} & {k for k, v in environ.items() if v}
    )


def raw_path(environ: WSGIEnvironment) -> str:
    """The path as it was sent; servers hand it over by one of two names."""
    uri: str = environ.get("REQUEST_URI") or environ["RAW_URI"]
    path = uri.partition("?")[0]
    # The absolute form, which is for proxies, and which a server must take all the same.
    return path if path.startswith("/") else urlsplit(path).path or "/"


def get_request_id() -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def clean_path(raw_path: bytes, *, prefix: str) -> str | None:
    """The path to route by, less the prefix, which a proxy may have taken off, and one slash.

    None where no route can be meant.
    """
    try:
        path = unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return None
    if "\0" in path or "//" in path or b"%2f" in raw_path.lower():
        return None
    if prefix and f"{path}/".startswith(f"{prefix}/"):
        path = path.removeprefix(prefix) or "/"
    if path.startswith("/api/"):
        return path.removesuffix("/")
    return path


def clean_query(query: bytes) -> bytes:
    """The query with a NUL for each value that is not UTF-8: the fields refuse both alike."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return b"&".join(map(clean_pair, query.split(b"&")))
    return query


def clean_pair(pair: bytes) -> bytes:
    try:
        unquote_to_bytes(pair).decode()
    except UnicodeDecodeError:
        return pair.partition(b"=")[0] + b"=%00"
    return pair


def register(app: Flask) -> None:
    """Hosts, paths, request ids, CORS, security headers and the log."""
    lab, hosts, origins = app.config["LAB"], app.config["HOSTS"], app.config["ORIGINS"]
    prefix = app.config["ROOT_PATH"]
    app.wsgi_app = CleanPaths(app.wsgi_app, lab=lab, prefix=prefix)  # type: ignore[assignment,method-assign]

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        g.request_id = get_request_id()
        host = re.sub(r":\d*$", "", request.environ.get("HTTP_HOST", "")).lower()
        if "*" not in hosts and host not in hosts:
            raise BadRequest(host="not allowed")

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        if response.status_code == 204:
            del headers["Content-Type"]
        headers["X-Request-ID"] = g.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["X-Frame-Options"] = "DENY"
        add_cors(response)
        return response

    def add_cors(response: Response) -> None:
        headers = response.headers
        if "*" in origins:
            headers["Access-Control-Allow-Origin"] = "*"
        else:
            response.vary.add("Origin")
            if request.headers.get("Origin") not in origins:
                return
            headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        headers["Access-Control-Expose-Headers"] = "X-Request-ID"
        if (
            response.status_code == 204
            and request.method == "OPTIONS"
            and "Allow" in headers
            and {"Origin", "Access-Control-Request-Method"} <= set(request.headers.keys())
        ):
            headers["Access-Control-Allow-Methods"] = headers["Allow"]
            headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            headers["Access-Control-Max-Age"] = "600"

    @app.after_request
    def log_request(response: Response) -> Response:
        took = (time.perf_counter() - g.started) * 1000
        log.info(
            "%s %s %s %s %.1fms",
            g.request_id,
            request.method,
            raw_path(request.environ),
            response.status_code,
            took,
        )
        return response
