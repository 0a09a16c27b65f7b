"""The errors of the API, and their responses `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.utils import is_body_allowed_for_status_code
from psycopg.errors import ForeignKeyViolation
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

from .validation import field_messages

log = logging.getLogger("conduit.request")


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


def respond(
    status: int, errors: Mapping[str, list[str]], headers: Mapping[str, str] | None = None
) -> Response:
    return JSONResponse({"errors": errors}, status, headers)


def log_failure(request: Request, status: int, cause: object) -> None:
    """Log the cause of a 5xx response, in one line."""
    line = str(cause).partition("\n")[0]
    method = request.scope.get("method", "GET")  # a socket is opened by a GET
    log.error("%s %s %s: %s", request.state.request_id, method, status, line)


async def api_error(request: Request, error: ApiError) -> Response:
    if error.status >= 500:
        log_failure(request, error.status, error.__cause__ or error.errors)
    headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
    return respond(error.status, error.errors, headers)


async def http_error(request: Request, error: HTTPException) -> Response:
    """The response to an `HTTPException` of Starlette or of a handler."""
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    headers = MutableHeaders(error.headers)
    if error.status_code == 401:
        headers.setdefault("WWW-Authenticate", "Token")
    if error.status_code >= 500:
        log_failure(request, error.status_code, error.__cause__ or error.detail)
    return respond(error.status_code, {"request": [error.detail]}, headers)


async def invalid(request: Request, error: RequestValidationError) -> Response:
    errors = error.errors()
    status = 400 if errors[0]["type"] == "json_invalid" else 422
    return respond(status, field_messages(errors, skip=1))


async def unavailable(
    request: Request, error: OperationalError | InterfaceError | PoolTimeout
) -> Response:
    cause = getattr(error, "orig", None) or error
    # SQLite reports a wrong statement by the same class as a locked database.
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        raise error
    log_failure(request, 503, cause)
    return respond(503, {"server": ["unavailable"]})


async def deleted_user(request: Request, error: IntegrityError) -> Response:
    """The response if the token's user was deleted before the write; otherwise a 500.

    Other rows that a service refers to are locked.
    """
    from .accounts.models import User  # whose package imports this module

    user_id = getattr(request.state, "user_id", None)
    if user_id is None or not is_foreign_key_violation(error.orig):
        raise error
    async with request.app.state.sessions.reading() as session:
        if await session.get(User, user_id) is not None:
            raise error
    return await api_error(request, Unauthorized(token="is invalid"))


def is_foreign_key_violation(error: BaseException | None) -> bool:
    return (
        isinstance(error, ForeignKeyViolation)
        or getattr(error, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_FOREIGNKEY"
    )


async def internal_error(request: Request, error: Exception) -> Response:
    # The server closes the connection when it sees the exception.
    return respond(500, {"server": ["internal error"]}, {"Connection": "close"})


HANDLERS: dict[Any, Any] = {
    ApiError: api_error,
    HTTPException: http_error,
    RequestValidationError: invalid,
    IntegrityError: deleted_user,
    OperationalError: unavailable,
    InterfaceError: unavailable,
    PoolTimeout: unavailable,
    Exception: internal_error,
}
