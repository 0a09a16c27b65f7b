"""Request ids, the log, a prefix of all paths, and the errors of plain views."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix

from .errors import ApiError, api_error, is_admin_request

log = logging.getLogger("conduit.request")

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class PrefixMiddleware:
    """Removes the prefix from the path if no proxy and no server has removed it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        prefix = get_script_prefix().removesuffix("/")
        if prefix and not hasattr(request, "scope"):  # for ASGI Django does this itself
            if f"{request.path_info}/".startswith(f"{prefix}/"):
                request.path_info = request.path_info.removeprefix(prefix)
            request.path = prefix + request.path_info
        return self.get_response(request)


class RequestMiddleware:
    """Gives each request an id, and logs it.

    It wraps all middleware that responds, so that every response gets these too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        method, path = str(request.method), request.path
        request_id = request.META["conduit.request_id"] = get_request_id(request)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        log_request(request_id, method, path, response.status_code, started)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer the errors of the API that a plain view raises, as Ninja does in operations."""
        if isinstance(error, ApiError) and not is_admin_request(request):
            return api_error(request, error)
        return None


def get_request_id(request: HttpRequest) -> str:
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def log_request(request_id: str, method: str, path: str, status: int, started: float) -> None:
    """Write the line of a request that began at `started`, a time of `time.perf_counter`."""
    milliseconds = (time.perf_counter() - started) * 1000
    log.info("%s %s %s %s %.1fms", request_id, method, quote(path), status, milliseconds)


def log_aborted(scope: Any) -> None:
    """Log a request whose client disconnected before the request was complete."""
    request = ASGIRequest(scope, BytesIO())
    path, now = request.path, time.perf_counter()
    log_request(get_request_id(request), str(request.method), path, 400, now)
