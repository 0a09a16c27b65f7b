"""What can go wrong, and the one place that shapes `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from pydantic_core import to_json
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

log = logging.getLogger("conduit.request")

METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]

# Pydantic's types of error; one that is not here brings the contract's message itself.
MESSAGES = {
    "missing": "can't be blank",
    "string_type": "must be a string",
    "list_type": "must be a list of strings",
    "model_attributes_type": "must be an object",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "string_pattern_mismatch": "is invalid",
    "too_short": "is too short (minimum is {min_length} characters)",
    "too_long": "is too long (maximum is {max_length} characters)",
    "literal_error": "must be {expected}",
    "string_too_long": "is too long (maximum is {max_length} characters)",
}


# What is answered where nobody says more than the status.
USUAL = {404: {"route": ["not found"]}, 500: {"server": ["internal error"]}}


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


class TooLarge(ApiError):
    status = 413


class UnsupportedMediaType(ApiError):
    status = 415


class Unavailable(ApiError):
    status = 503


def respond(
    status: int, errors: Mapping[str, list[str]], headers: Mapping[str, str] | None = None
) -> Response:
    content = to_json({"errors": errors})
    return Response(content, status, headers, media_type="application/json")


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


def allowed_methods(app: FastAPI, scope: Scope) -> str:
    """The value of `Allow` for a path: Starlette's own names one route's methods only."""
    methods = {
        method
        for method in METHODS
        if any(
            route.matches({**scope, "method": method})[0] is Match.FULL
            for route in app.router.routes
        )
    }
    return ", ".join(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))


def is_unavailable(error: OperationalError | InterfaceError | TimeoutError) -> bool:
    """Whether the database is away or too slow; SQLite says alike that a statement is wrong."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def log_refusal(request: Request, status: int, cause: object) -> None:
    """Log why a request is refused, in one line."""
    line = str(cause).partition("\n")[0]
    log.error("%s %s %s: %s", request.scope["request_id"], request.method, status, line)


def register(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def api_error(request: Request, error: ApiError) -> Response:
        if error.status >= 500:
            log_refusal(request, error.status, error.__cause__ or error.errors)
        headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
        return respond(error.status, error.errors, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return respond(422, field_messages(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        """What Starlette refuses by itself, or a handler by `HTTPException`."""
        status = error.status_code
        if status == 405:
            headers = {"Allow": allowed_methods(app, request.scope)}
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=headers)
            return respond(405, {"method": ["not allowed"]}, headers)
        if not is_body_allowed_for_status_code(status):
            return Response(status_code=status, headers=error.headers)
        by_default = error.detail == HTTPStatus(status).phrase
        errors = USUAL.get(status) if by_default else None
        return respond(status, errors or {"request": [error.detail]}, error.headers)

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(TimeoutError)
    async def unavailable(
        request: Request, error: OperationalError | InterfaceError | TimeoutError
    ) -> Response:
        if not is_unavailable(error):
            raise error
        log_refusal(request, 503, getattr(error, "orig", None) or error)
        return respond(503, {"server": ["unavailable"]})
