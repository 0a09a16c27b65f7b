"""Errors of routing.

Without this, FastAPI's 404 says `Not Found`, the `Allow` of a 405 names the methods of one route,
and not of the others with the same path, and a handshake on no route is 403.
docs/differences.md#routes; ROUTE-1, ROUTE-5, ROUTE-6, LIVE-2 and BODY-9.
"""

from fastapi import FastAPI, Request, Response, WebSocket
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import errors

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class DefaultApp:
    """Like a router's default, but a handshake without a route returns 404 and not 403."""

    def __init__(self, default: ASGIApp) -> None:
        self.default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            response = errors.respond(404, {"route": ["not found"]})
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await self.default(scope, receive, send)


async def http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404 and error.detail == "Not Found":
        return errors.respond(404, {"route": ["not found"]}, error.headers)
    if error.status_code == 405:
        headers = {**(error.headers or {}), "Allow": ", ".join(allowed_methods(request))}
        return errors.respond(405, {"method": ["not allowed"]}, headers)
    if error.status_code == 413:
        return errors.respond(413, {"body": [error.detail]}, error.headers)
    return await errors.http_error(request, error)


def allowed_methods(request: Request) -> list[str]:
    app: FastAPI = request.app
    methods = [
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in app.router.routes
        )
    ]
    return sorted([*methods, "HEAD"] if "GET" in methods else methods)
