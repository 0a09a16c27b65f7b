"""Request ids, security headers, the log, a prefix of all paths, and responses to failures."""

import inspect
import logging
import re
import time
import uuid
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from .live.messages import CloseCode

log = logging.getLogger("conduit.request")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
RESPONSE_START = {"http.response.start", "websocket.http.response.start"}


class RequestMiddleware:
    """Gives each request an id, each response some headers, and logs both in one line.

    It wraps all middleware that responds, so that every response gets these too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        ended: float | None = None
        request_id = get_request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and status == 500:
                status = 403  # the server's response to a handshake that was not accepted
            elif message["type"] in RESPONSE_START:
                status = message["status"]
                add_headers(MutableHeaders(scope=message), request_id)
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = time.perf_counter()  # background tasks come after it

        try:
            await self.app(scope, receive, send_with_headers)
        except (ClientDisconnect, WebSocketDisconnect):
            if scope["type"] == "http":
                status = 400  # the client has left before its request was complete
        finally:
            milliseconds = ((ended or time.perf_counter()) - started) * 1000
            # A socket is opened by a GET.
            method, path = scope.get("method", "GET"), quote(scope["path"])
            log.info("%s %s %s %s %.1fms", request_id, method, path, status, milliseconds)


class PrefixMiddleware:
    """Serves the app below a prefix, whether or not a proxy has removed it from the path."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "root_path": self.prefix}, receive, send)


class FailureMiddleware:
    """Answers an unexpected exception with a 500, and raises it again for the server.

    The innermost middleware: FastAPI's own 500 is made outside of all middleware, and has none of
    their headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = False
        app = scope["app"]  # a mounted application replaces it

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting_start)
        except (ClientDisconnect, WebSocketDisconnect):
            raise
        except Exception as error:
            if app.debug:
                raise  # Starlette shows its page
            error.is_logged = True  # type: ignore[attr-defined]
            method = scope.get("method", "GET")
            log.exception("%s %s failed", scope["state"]["request_id"], method)
            if not started:
                response = await make_response(app, scope, receive, send, error)
                await response(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": CloseCode.INTERNAL_ERROR})
            raise


async def make_response(
    app: Starlette, scope: Scope, receive: Receive, send: Send, error: Exception
) -> Response:
    """The response of the app's handler for exceptions, which may also be a plain function."""
    handlers: Any = app.exception_handlers
    handler = handlers.get(500) or handlers[Exception]
    is_http = scope["type"] == "http"
    connection = Request(scope) if is_http else WebSocket(scope, receive, send)
    if inspect.iscoroutinefunction(handler):
        response: Response = await handler(connection, error)
    else:
        response = await run_in_threadpool(handler, connection, error)
    return response


def get_request_id(headers: Headers) -> str:
    given = headers.get("X-Request-ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def add_headers(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-ID"] = request_id
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
