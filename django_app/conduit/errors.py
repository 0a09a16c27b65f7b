"""What can go wrong, and the one place that shapes `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from ninja import NinjaAPI
from ninja.errors import HttpError
from pydantic_core import to_json

log = logging.getLogger("conduit.request")

ADMIN = "/admin/"
JSON = "application/json; charset=utf-8"

# Pydantic's types of error; one that is not here brings the contract's message itself.
MESSAGES = {
    "missing": "can't be blank",
    "string_type": "must be a string",
    "list_type": "must be a list of strings",
    "model_type": "must be an object",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "string_pattern_mismatch": "is invalid",
    "too_short": "is too short (minimum is {min_length} characters)",
    "too_long": "is too long (maximum is {max_length} characters)",
    "literal_error": "must be {expected}",
    "string_too_long": "is too long (maximum is {max_length} characters)",
}


class ApiError(Exception):
    """An answer that is not a success: a status, and a message by field."""

    status = 500

    def __init__(self, **messages: str) -> None:
        super().__init__(messages)
        self.errors = {field: [message] for field, message in messages.items()}


class BadRequest(ApiError):
    status = 400


class Unauthorized(ApiError):
    status = 401


class Forbidden(ApiError):
    status = 403


class NotFound(ApiError):
    status = 404


class Conflict(ApiError):
    status = 409


class UnsupportedMediaType(ApiError):
    status = 415


class Unavailable(ApiError):
    status = 503


class Invalid(ApiError):
    status = 422


def respond(
    status: int, errors: Mapping[str, list[str]], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    content = to_json({"errors": errors})
    return HttpResponse(content, status=status, headers=headers, content_type=JSON)


def field_messages(errors: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Pydantic's errors as the contract's: the first of each field, in schema order."""
    messages: dict[str, list[str]] = {}
    for error in errors:
        _, *path = error["loc"]
        field = str(path[min(1, len(path) - 1)]) if path else "body"
        messages.setdefault(field, [message_of(error, path)])
    return messages


def message_of(error: Mapping[str, Any], path: list[Any]) -> str:
    if not path:
        return "must be an object"
    if isinstance(path[-1], int):
        return "must be a list of strings"
    if error["input"] is None:
        return "can't be blank"
    message: str = MESSAGES.get(error["type"], error["msg"])
    return message.format_map(error.get("ctx", {}))


def is_unavailable(error: OperationalError | InterfaceError) -> bool:
    """Whether the database is away or too slow; SQLite says alike that a statement is wrong."""
    return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def log_refusal(request: HttpRequest, status: int, cause: object) -> None:
    """Log why a request is refused, in one line."""
    line = str(cause).partition("\n")[0]
    log.error("%s %s %s: %s", request.META["conduit.request_id"], request.method, status, line)


def api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    if error.status >= 500:
        log_refusal(request, error.status, error.__cause__ or error.errors)
    headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
    return respond(error.status, error.errors, headers)


def register(api: NinjaAPI) -> None:
    api.exception_handler(ApiError)(api_error)

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return respond(413, {"body": [f"is too large (maximum is {limit} bytes)"]})

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        headers = {"WWW-Authenticate": "Token"} if error.status_code == 401 else None
        return respond(error.status_code, {"request": [error.message]}, headers)

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def unavailable(request: HttpRequest, error: OperationalError | InterfaceError) -> HttpResponse:
        if not is_unavailable(error):
            raise error
        log_refusal(request, 503, error)
        return respond(503, {"server": ["unavailable"]})

    @api.exception_handler(Http404)
    @api.exception_handler(Exception)
    def leave_to_django(request: HttpRequest, error: Exception) -> HttpResponse:
        """Not by Ninja: Django has handlers, a signal and a debug page for it."""
        raise error


def is_of_admin(request: HttpRequest) -> bool:
    """Whether Django's usual page is the answer, and not the contract's JSON."""
    return request.path_info.startswith(ADMIN)


def words_of(exception: Exception) -> str | None:
    """The message that a view gave; Django's own 404 has the routes instead that it has tried."""
    said = exception.args[0] if exception.args else None
    return said if isinstance(said, str) else None


def malformed(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler400`."""
    if is_of_admin(request):
        return defaults.bad_request(request, exception)
    return respond(400, {"request": ["is malformed"]})


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler403`."""
    if is_of_admin(request):
        return defaults.permission_denied(request, exception)
    return respond(403, {"request": [words_of(exception) or "forbidden"]})


def no_route(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler404`."""
    if is_of_admin(request):
        return defaults.page_not_found(request, exception)
    words = words_of(exception)
    return respond(404, {"request": [words]} if words else {"route": ["not found"]})


def internal_error(request: HttpRequest) -> HttpResponseBase:
    """Django's `handler500`."""
    log.exception("%s %s failed", request.META.get("conduit.request_id"), request.method)
    if is_of_admin(request):
        return defaults.server_error(request)
    return respond(500, {"server": ["internal error"]})


def method_not_allowed(request: HttpRequest, allowed: Iterable[str]) -> HttpResponse:
    """The answer to a method that the path does not have, and to OPTIONS."""
    methods = {*allowed, "OPTIONS"} | ({"HEAD"} if "GET" in allowed else set())
    headers = {"Allow": ", ".join(sorted(methods))}
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=headers)
    return respond(405, {"method": ["not allowed"]}, headers)
