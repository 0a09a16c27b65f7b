"""The method, path and headers of every request and response.

Without this, FastAPI answers HEAD with 405, a preflight with 200, and a repeated header by its
first value.
docs/differences.md#routes, #responses and #servers; ANSWER-1, ANSWER-2, ANSWER-8, CORS-2, CORS-5,
BASE-4, ROUTE-1 and ROUTE-4.
"""

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import respond
from ..settings import Settings
from .bodies import StrictBody
from .cors import is_preflight, preflight_headers

RESPONSE_START = {"http.response.start", "websocket.http.response.start"}
NO_ROUTE = "/\0"
NOT_REPEATED = (b"host", b"authorization", b"content-type")


class ContractMiddleware:
    def __init__(self, app: ASGIApp, settings: Settings, max_body_size: int) -> None:
        self.app = app
        self.origins = settings.origins
        self.max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        is_head = scope.get("method") == "HEAD"

        async def send_exactly(message: Message) -> None:
            if message["type"] in RESPONSE_START:
                finish_headers(MutableHeaders(scope=message), message["status"])
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope}
        if is_head:
            asked["method"] = "GET"  # FastAPI allows only the methods that a handler names
        if "\0" in scope["path"]:
            asked["path"] = NO_ROUTE
        elif scope["path"].endswith("\n"):
            asked["path"] += "\n"  # `$` in Starlette's patterns ignores one line feed
        elif scope["path"] == scope.get("root_path", ""):
            asked["path"] += "/"
        app = self.answer_early(scope) or self.app
        await app(asked, StrictBody(asked, receive, self.max_body_size), send_exactly)

    def answer_early(self, scope: Scope) -> Response | None:
        """The response to requests that do not reach FastAPI."""
        headers = Headers(scope=scope)
        if is_preflight(scope.get("method", "GET"), headers):
            return Response(
                status_code=204, headers=preflight_headers(headers["Origin"], self.origins)
            )
        names = [name for name, _ in scope["headers"]]
        if any(names.count(name) > 1 for name in NOT_REPEATED):
            return respond(400, {"request": ["is malformed"]})
        return None


def finish_headers(headers: MutableHeaders, status: int) -> None:
    if status == 204:
        del headers["Content-Type"]
    elif headers.get("Content-Type") == "application/json":
        headers["Content-Type"] = "application/json; charset=utf-8"
    if "Access-Control-Allow-Origin" not in headers:
        del headers["Access-Control-Expose-Headers"]
