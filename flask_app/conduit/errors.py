"""What can go wrong, and the one place that shapes `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from flask import Flask, Response, g, request
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute

log = logging.getLogger("conduit.request")

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


class TooLarge(ApiError):
    status = 413


class UnsupportedMediaType(ApiError):
    status = 415


class Invalid(ApiError):
    status = 422


class NotImplementedHere(ApiError):
    status = 501


class Unavailable(ApiError):
    status = 503


def respond(
    status: int, errors: Mapping[str, list[str]], headers: Mapping[str, str] | None = None
) -> Response:
    return Response(to_json({"errors": errors}), status, headers, content_type=JSON)


def field_messages(errors: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Pydantic's errors as the contract's: the first of each field, in schema order."""
    messages: dict[str, list[str]] = {}
    for error in errors:
        path = error["loc"]
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


def database_is_away(error: OperationalError | InterfaceError | TimeoutError) -> bool:
    """SQLite says by the same class that a statement is wrong; that is a failure of ours."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def refuse_invalid(error: ValidationError) -> NoReturn:
    raise Invalid(**{name: message for name, [message] in field_messages(error.errors()).items()})


def register(app: Flask) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
        return respond(error.status, error.errors, headers)

    @app.errorhandler(NoRoute)
    def no_route(error: NoRoute) -> Response:
        return respond(404, {"route": ["not found"]})

    @app.errorhandler(MethodNotAllowed)
    def method_not_allowed(error: MethodNotAllowed) -> Response:
        headers = {"Allow": ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))}
        if request.method == "OPTIONS":
            return Response(status=204, headers=headers)
        return respond(405, {"method": ["not allowed"]}, headers)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(TimeoutError)
    def unavailable(error: OperationalError | InterfaceError | TimeoutError) -> Response:
        if not database_is_away(error):
            return failed(error)
        return respond(503, {"server": ["unavailable"]})

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        log.error("%s %s failed", g.request_id, request.method, exc_info=error)
        return respond(500, {"server": ["internal error"]})
