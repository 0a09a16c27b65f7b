"""What every answer has and every request is held to, whatever the route."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.utils.cache import patch_vary_headers

from .errors import (
    ADMIN,
    ApiError,
    BadRequest,
    NotFound,
    api_error,
    is_of_admin,
    method_not_allowed,
    respond,
)
from .live.messages import Close

log = logging.getLogger("conduit.request")

LAB = "/api/lab/"
GetResponse = Callable[[HttpRequest], HttpResponse]
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class ConduitMiddleware:
    """Hosts, paths, HEAD, request ids, CORS, security headers and the log.

    The outermost middleware, so that every answer gets the same headers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        method, path = str(request.method), raw_path(request)
        request.META["conduit.request_id"] = get_request_id(request)
        response = self.answer(request, path)
        add_headers(request, response, method)
        took = (time.perf_counter() - started) * 1000
        log.info(
            "%s %s %s %s %.1fms",
            request.META["conduit.request_id"],
            method,
            path,
            response.status_code,
            took,
        )
        return response

    def answer(self, request: HttpRequest, raw: str) -> HttpResponse:
        prefix = get_script_prefix().removesuffix("/")
        path = clean_path(raw.encode("latin-1"), prefix=prefix)
        if not allows_host(request.META.get("HTTP_HOST", "")):
            return respond(400, {"host": ["not allowed"]})
        query = request.META["QUERY_STRING"].encode("latin-1")
        if hasattr(request, "scope") and is_malformed(
            str(request.method), raw, query, request.scope["headers"]
        ):
            return respond(400, {"request": ["is malformed"]})
        if path is None or (path.startswith(LAB) and not settings.LAB):
            return respond(404, {"route": ["not found"]})
        if not path.startswith(ADMIN):
            # The sessions and forms of the admin would answer a bad cookie with a new one.
            request.META.pop("HTTP_COOKIE", None)
        request.path_info = path
        request.path = prefix + path
        request.META["QUERY_STRING"] = clean_query(query).decode("latin-1")
        if request.method == "HEAD" and path.startswith("/api/"):
            request.method = "GET"  # Ninja answers what a handler names, and no more
        response = self.get_response(request)
        if response.status_code == 405 and "Allow" in response and not path.startswith(ADMIN):
            return method_not_allowed(request, response["Allow"].split(", "))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer the errors of the API that a plain view raises, as Ninja does in operations."""
        if isinstance(error, ApiError) and not is_of_admin(request):
            return api_error(request, error)
        return None


def add_headers(request: HttpRequest, response: HttpResponse, method: str) -> None:
    if response.status_code == 204:
        del response["Content-Type"], response["Content-Length"]
    elif not response.streaming:
        response["Content-Length"] = str(len(response.content))
    if method == "HEAD" and not response.streaming:
        response.content = b""
    response["X-Request-ID"] = request.META["conduit.request_id"]
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "same-origin"
    response["X-Frame-Options"] = "DENY"
    if "*" in settings.ORIGINS:
        response["Access-Control-Allow-Origin"] = "*"
    else:
        patch_vary_headers(response, ["Origin"])
        if request.headers.get("Origin") not in settings.ORIGINS:
            return
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
    response["Access-Control-Expose-Headers"] = "X-Request-ID"
    if (
        response.status_code == 204
        and method == "OPTIONS"
        and {"Origin", "Access-Control-Request-Method"} <= set(request.headers)
    ):
        response["Access-Control-Allow-Methods"] = response["Allow"]
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response["Access-Control-Max-Age"] = "600"


class SocketMiddleware:
    """The same for the GET that opens a socket, around Channels' routes."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        started = time.perf_counter()
        request = ASGIRequest({**scope, "method": "GET"}, BytesIO())
        request_id = request.META["conduit.request_id"] = get_request_id(request)
        status = 0

        async def send_noting_status(message: Any) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self.open(request, scope, receive, send_noting_status)
        except ApiError as refused:
            response = respond(refused.status, refused.errors)
            status = response.status_code
            await deny(request, scope, response, send)
        except Exception:
            log.exception("%s GET failed", request_id)
            await send({"type": "websocket.close", "code": Close.FAILED})
        took = (time.perf_counter() - started) * 1000
        log.info("%s GET %s %s %.1fms", request_id, raw_path(request), status, took)

    async def open(self, request: HttpRequest, scope: Any, receive: Any, send: Any) -> None:
        path = clean_path(
            raw_path(request).encode("latin-1"),
            prefix=settings.FORCE_SCRIPT_NAME or scope.get("root_path", ""),
        )
        if not allows_host(request.META.get("HTTP_HOST", "")):
            raise BadRequest(host="not allowed")
        if is_malformed("GET", raw_path(request), scope["query_string"], scope["headers"]):
            raise BadRequest(request="is malformed")
        if path is None:
            raise NotFound(route="not found")
        await self.application({**scope, "path": path}, receive, send)


async def deny(request: HttpRequest, scope: Any, response: HttpResponse, send: Any) -> None:
    """Answer the handshake without opening a socket."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})  # which such a server makes a 403
        return
    add_headers(request, response, "GET")
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.items()]
    start = {"type": "websocket.http.response.start", "status": response.status_code}
    await send({**start, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.content})


def log_aborted(scope: Any) -> None:
    """The line of a request whose client has left before all of it was there."""
    request = ASGIRequest(scope, BytesIO())
    log.info("%s %s %s 400 0.0ms", get_request_id(request), request.method, raw_path(request))


def allows_host(host: str) -> bool:
    allowed = settings.ALLOWED_HOSTS
    return "*" in allowed or re.sub(r":\d*$", "", host).lower() in allowed


def raw_path(request: HttpRequest) -> str:
    """The path as it was sent; ASGI and WSGI servers hand it over in different places."""
    if hasattr(request, "scope"):
        # A server need not say it, and Django's and Channels' test clients do not.
        sent = request.scope.get("raw_path")
        return str(sent, "latin-1") if sent else quote(request.path_info)
    sent = request.META.get("REQUEST_URI") or request.META.get("RAW_URI")
    path = sent.partition("?")[0] if sent else quote(request.path_info)
    # The absolute form, which is for proxies, and which a server must take all the same.
    return path if path.startswith("/") else urlsplit(path).path or "/"


def stay_in_thread(get_response: GetResponse) -> GetResponse:
    """A middleware that does nothing but be synchronous, so that Django runs those before it so.

    Each that may be asynchronous would cross between the event loop and the view's thread twice.
    """
    return get_response


def get_request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def is_malformed(method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the head is more than the contract speaks of, which uvicorn lets through."""
    line = len(method) + len(path) + len(query) + len("  HTTP/1.1") + bool(query)
    names = [name for name, _ in headers]
    return (
        line > 4000
        or len(names) > 100
        or any(len(name) + len(value) > 8000 for name, value in headers)
        or any(names.count(name) > 1 for name in (b"host", b"authorization", b"content-type"))
    )


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
