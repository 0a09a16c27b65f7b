"""Unusual requests: double slashes, OPTIONS, wrong methods, upgrades.

Without this, Flask merges slashes, answers OPTIONS with 200, names the methods of `Allow` in the
order of a set, and takes any `Upgrade` for that of a socket.
docs/differences.md#routes; ROUTE-1, ROUTE-3 to ROUTE-6, CORS-1, BASE-6, LIVE-2 and SETTING-2.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response
from werkzeug.exceptions import MethodNotAllowed, NotFound

from .. import errors

NO_ROUTE = "/\0"
SOCKETS = {"/api/live"}


class ContractMiddleware:
    """Changes paths before Flask matches them, which is too early for Flask's hooks."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"] or "/"
        is_socket = wants_socket(environ)
        if not is_socket:
            environ.pop("HTTP_UPGRADE", None)  # any other upgrade changes nothing
        if "\0" in path or path.startswith("//") or (is_socket and path not in SOCKETS):
            path = NO_ROUTE
        environ["PATH_INFO"] = path
        if "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        return self.app(environ, start)


def wants_socket(environ: WSGIEnvironment) -> bool:
    """Whether it is the handshake of a WebSocket: a GET by HTTP/1.1 without a body."""
    upgrade, connection = environ.get("HTTP_UPGRADE", ""), environ.get("HTTP_CONNECTION", "")
    return (
        upgrade.lower() == "websocket"
        and "upgrade" in {word.strip() for word in connection.lower().split(",")}
        and (environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"]) == ("GET", "HTTP/1.1")
        and not environ.get("CONTENT_LENGTH")
        and not environ.get("HTTP_TRANSFER_ENCODING")
    )


def not_found(error: NotFound) -> Response:
    if error.description != NotFound.description:
        return errors.http_error(error)
    return errors.respond(404, {"route": ["not found"]})


def method_not_allowed(error: MethodNotAllowed) -> Response:
    headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))}
    return errors.respond(405, {"method": ["not allowed"]}, headers)


def register(app: Flask) -> None:
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.wsgi_app = ContractMiddleware(app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.register_error_handler(NotFound, not_found)
    app.register_error_handler(MethodNotAllowed, method_not_allowed)
