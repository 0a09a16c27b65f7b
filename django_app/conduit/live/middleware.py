"""For the GET that opens a socket: what Django's middleware does for other requests."""

import logging
import time
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from ..errors import ApiError, malformed, respond
from ..middleware import get_request_id, log_request
from .messages import CloseCode

log = logging.getLogger("conduit.request")


class SocketMiddleware:
    """Gives the handshake an id, logs it, and refuses hosts that are not allowed."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        started = time.perf_counter()
        request = ASGIRequest({**scope, "method": "GET"}, BytesIO())
        request_id = get_request_id(request)
        status = 500

        async def send_noting_status(message: Any) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            request.get_host()
            await self.application(without_prefix(scope), receive, send_noting_status)
        except (ApiError, DisallowedHost) as error:
            response = refuse(request, error)
            status = response.status_code
            response["X-Request-ID"] = request_id
            await deny(scope, response, send)
        except Exception:
            log.exception("%s GET failed", request_id)
            await send({"type": "websocket.close", "code": CloseCode.INTERNAL_ERROR})
        log_request(request_id, "GET", scope["path"], status, started)


def without_prefix(scope: Any) -> Any:
    """The scope with the path that Channels routes by."""
    prefix = settings.FORCE_SCRIPT_NAME or scope.get("root_path", "")
    path = scope["path"]
    if f"{path}/".startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    return {**scope, "path": path, "root_path": ""}


def refuse(request: ASGIRequest, error: ApiError | DisallowedHost) -> Any:
    """The response for the error, with the headers that Django's middleware adds to others."""
    response: Any
    if isinstance(error, ApiError):
        response = respond(error.status, error.errors)
    else:
        response = malformed(request, error)
    with_headers = XFrameOptionsMiddleware(SecurityMiddleware(lambda request: response))
    response = with_headers(request)
    del response["Cross-Origin-Opener-Policy"]  # ANSWER-5
    return response


async def deny(scope: Any, response: HttpResponse, send: Any) -> None:
    """Answer the handshake without opening a socket."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})  # the server responds with 403
        return
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.items()]
    start = {"type": "websocket.http.response.start", "status": response.status_code}
    await send({**start, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.content})
