"""The errors of the API, and their responses `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig, ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from ninja import NinjaAPI
from ninja.errors import HttpError
from psycopg.errors import ForeignKeyViolation
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

log = logging.getLogger("conduit.request")

ADMIN = "/admin/"


class ApiError(Exception):
    """An error response: a status, and a message by field."""

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
    return HttpResponse(content, "application/json", status, headers=headers)


def too_large() -> HttpResponse:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return respond(413, {"body": [f"is too large (maximum is {limit} bytes)"]})


def get_request_id(request: HttpRequest) -> str:
    """The id that the middleware has given the request."""
    return str(request.META.get("conduit.request_id", "-"))


def log_failure(request: HttpRequest, status: int, cause: object) -> None:
    """Log the cause of a 5xx response, in one line."""
    line = str(cause).partition("\n")[0]
    log.error("%s %s %s: %s", get_request_id(request), request.method, status, line)


def api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    if error.status >= 500:
        log_failure(request, error.status, error.__cause__ or error.errors)
    headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
    return respond(error.status, error.errors, headers)


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The response to an `HttpError` of Ninja or of an operation."""
    if error.status_code >= 500:
        log_failure(request, error.status_code, error.__cause__ or error.message)
    headers = {"WWW-Authenticate": "Token"} if error.status_code == 401 else None
    return respond(error.status_code, {"request": [error.message]}, headers)


def unavailable(request: HttpRequest, error: OperationalError | InterfaceError) -> HttpResponse:
    # SQLite reports a wrong statement by the same class as a locked database.
    if getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        raise error
    log_failure(request, 503, error)
    return respond(503, {"server": ["unavailable"]})


def deleted_user(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    """The response if the token's user was deleted before the write; otherwise a 500.

    Other rows that a service refers to are locked.
    """
    user = getattr(request, "auth", None)
    if (
        not is_foreign_key_violation(error.__cause__)
        or not isinstance(user, get_user_model())
        or get_user_model().objects.filter(pk=user.pk).exists()
    ):
        raise error
    return api_error(request, Unauthorized(token="is invalid"))


def is_foreign_key_violation(error: BaseException | None) -> bool:
    return (
        isinstance(error, ForeignKeyViolation)
        or getattr(error, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_FOREIGNKEY"
    )


def invalid_model(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The response if a model's `full_clean` fails in an operation."""
    if not hasattr(error, "error_dict"):
        return respond(422, {"request": error.messages[:1]})
    messages = {
        "request" if name == NON_FIELD_ERRORS else to_camel(name): found[:1]
        for name, found in error.message_dict.items()
    }
    return respond(422, messages)


def leave_to_django(request: HttpRequest, error: Exception) -> HttpResponse:
    """Raise the exception again: Django has handlers, a signal and a debug page for it."""
    raise error


def register(api: NinjaAPI) -> None:
    api.exception_handler(ApiError)(api_error)
    api.exception_handler(HttpError)(http_error)
    api.exception_handler(IntegrityError)(deleted_user)
    api.exception_handler(OperationalError)(unavailable)
    api.exception_handler(InterfaceError)(unavailable)
    api.exception_handler(ValidationError)(invalid_model)
    api.exception_handler(Http404)(leave_to_django)
    api.exception_handler(Exception)(leave_to_django)


def is_admin_request(request: HttpRequest) -> bool:
    """Whether the response is Django's usual page and not the contract's JSON."""
    return request.path_info.startswith(ADMIN)


def message_from(exception: Exception) -> str | None:
    """The message from a view; Django's own 404 contains the routes that it tried instead."""
    said = exception.args[0] if exception.args else None
    return said if isinstance(said, str) else None


def malformed(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler400`."""
    if is_admin_request(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return too_large()
    return respond(400, {"request": ["is malformed"]})


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler403`."""
    if is_admin_request(request):
        return defaults.permission_denied(request, exception)
    return respond(403, {"request": [message_from(exception) or "forbidden"]})


def no_route(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler404`."""
    if is_admin_request(request):
        return defaults.page_not_found(request, exception)
    words = message_from(exception)
    return respond(404, {"request": [words]} if words else {"route": ["not found"]})


def internal_error(request: HttpRequest) -> HttpResponseBase:
    """Django's `handler500`."""
    log.exception("%s %s failed", get_request_id(request), request.method)
    if is_admin_request(request):
        return defaults.server_error(request)
    return respond(500, {"server": ["internal error"]})
