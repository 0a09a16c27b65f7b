"""What can go wrong, and the one place that shapes `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

from flask import Flask, Response, g, request
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

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


def is_unavailable(error: OperationalError | InterfaceError | TimeoutError) -> bool:
    """Whether the database is away or too slow; SQLite says alike that a statement is wrong."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def refuse_invalid(error: ValidationError) -> NoReturn:
    raise Invalid(**{name: message for name, [message] in field_messages(error.errors()).items()})


def log_refusal(status: int, cause: object) -> None:
    """Log why a request is refused, in one line."""
    line = str(cause).partition("\n")[0]
    log.error("%s %s %s: %s", g.request_id, request.method, status, line)


def register(app: Flask) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        if error.status >= 500:
            log_refusal(error.status, error.__cause__ or error.errors)
        headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
        return respond(error.status, error.errors, headers)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        """What Flask refuses by itself, or a view by `abort`."""
        response = cast(Response, error.get_response())
        if error.response is None:
            by_default = error.description == type(error).description
            errors = USUAL.get(response.status_code) if by_default else None
            response.data = to_json({"errors": errors or {"request": [error.description]}})
            response.content_type = JSON
        return response

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
        if not is_unavailable(error):
            raise error
        log_refusal(503, getattr(error, "orig", None) or error)
        return respond(503, {"server": ["unavailable"]})
