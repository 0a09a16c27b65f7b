"""What every answer has and every request is held to, whatever the route."""

import logging
import re
import time
import uuid
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import respond
from .live.messages import Close
from .settings import Settings

log = logging.getLogger("conduit.request")

LAB = "/api/lab/"
CLOSING = {"Connection": "close"}
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class ConduitMiddleware:
    """Hosts, paths, HEAD, request ids, CORS, security headers, failures and the log.

    The outermost middleware, so that a failure anywhere gets the same headers.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.hosts = settings.hosts
        self.origins = settings.origins
        self.lab = settings.lab
        self.prefix = settings.root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = scope["request_id"] = get_request_id(headers)
        # A socket is opened by a GET.
        method, path = scope.get("method", "GET"), scope["raw_path"].decode("latin-1")
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = 101
            elif message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                self.add_headers(MutableHeaders(scope=message), status, headers, request_id, scope)
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.answer(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = 400  # the client has left before its request was complete
        except Exception:
            log.exception("%s %s failed", request_id, method)
            if status == 101:
                await send({"type": "websocket.close", "code": Close.FAILED})
            elif not status:
                # The server closes the connection when it sees the failure: the client is told.
                response = respond(500, {"server": ["internal error"]}, CLOSING)
                await response(scope, receive, send_with_headers)
            raise
        finally:
            took = (time.perf_counter() - started) * 1000
            log.info("%s %s %s %s %.1fms", request_id, method, path, status, took)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = scope["root_path"] = self.prefix or scope.get("root_path", "")
        path = clean_path(scope["raw_path"], prefix=prefix)
        if not self.allows_host(Headers(scope=scope).get("host", "")):
            await respond(400, {"host": ["not allowed"]})(scope, receive, send)
        elif is_malformed(
            scope.get("method", "GET"),
            scope["raw_path"].decode("latin-1"),
            scope["query_string"],
            scope["headers"],
        ):
            await respond(400, {"request": ["is malformed"]})(scope, receive, send)
        elif path is None or (path.startswith(LAB) and not self.lab):
            await respond(404, {"route": ["not found"]})(scope, receive, send)
        else:
            if path.endswith("\n"):
                path += "\n"  # Starlette's patterns end with `$`, which looks past one
            query = clean_query(scope["query_string"])
            cleaned = {**scope, "path": prefix + path, "query_string": query}
            if scope.get("method") == "HEAD":
                cleaned["method"] = "GET"
            await self.app(cleaned, receive, send)

    def allows_host(self, host: str) -> bool:
        return "*" in self.hosts or re.sub(r":\d*$", "", host).lower() in self.hosts

    def add_headers(
        self,
        answer: MutableHeaders,
        status: int,
        request: Headers,
        request_id: str,
        scope: Scope,
    ) -> None:
        if status == 204:
            del answer["content-type"]
        elif answer.get("content-type") == "application/json":
            answer["content-type"] = "application/json; charset=utf-8"
        answer["x-request-id"] = request_id
        answer["x-content-type-options"] = "nosniff"
        answer["referrer-policy"] = "same-origin"
        answer["x-frame-options"] = "DENY"
        if "*" in self.origins:
            answer["access-control-allow-origin"] = "*"
        else:
            answer.add_vary_header("Origin")
            if request.get("origin") not in self.origins:
                return
            answer["access-control-allow-origin"] = request["origin"]
        answer["access-control-expose-headers"] = "X-Request-ID"
        if (
            status == 204
            and scope["method"] == "OPTIONS"
            and {"origin", "access-control-request-method"} <= set(request)
        ):
            answer["access-control-allow-methods"] = answer["allow"]
            answer["access-control-allow-headers"] = "Authorization, Content-Type"
            answer["access-control-max-age"] = "600"


def get_request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
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
