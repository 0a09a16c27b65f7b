"""The errors of the API, and their responses `{"errors": …}`."""

import logging
import sqlite3
from collections.abc import Mapping
from typing import cast

from flask import Flask, Response, g, jsonify, request
from psycopg.errors import ForeignKeyViolation
from pydantic import ValidationError
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError

from .database import db
from .logs import get_request_id
from .validation import field_messages

log = logging.getLogger("conduit.request")


class ApiError(HTTPException):
    """An error response: a status, and a message by field.

    A handler by status, such as `errorhandler(404)`, gets only Werkzeug's errors; register one for
    the class of this module too.
    """

    def __init__(self, **messages: str) -> None:
        super().__init__(str(messages))
        self.code = self.code or 500  # Flask would return an error without a status as a 200
        self.errors = {field: [message] for field, message in messages.items()}


class BadRequest(ApiError):
    code = 400


class Unauthorized(ApiError):
    code = 401


class Forbidden(ApiError):
    code = 403


class NotFound(ApiError):
    code = 404


class Conflict(ApiError):
    code = 409


class UnsupportedMediaType(ApiError):
    code = 415


class NotImplementedHere(ApiError):
    code = 501


class Unavailable(ApiError):
    code = 503


def respond(
    status: int, errors: Mapping[str, list[str]], headers: Mapping[str, str] | None = None
) -> Response:
    response = jsonify(errors=errors)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def log_failure(status: int, cause: object) -> None:
    """Log the cause of a 5xx response, in one line."""
    line = str(cause).partition("\n")[0]
    log.error("%s %s %s: %s", get_request_id(), request.method, status, line)


def api_error(error: ApiError) -> Response:
    status = error.code or 500
    if status >= 500:
        log_failure(status, error.__cause__ or error.errors)
    headers = {"WWW-Authenticate": "Token"} if status == 401 else None
    return respond(status, error.errors, headers)


def http_error(error: HTTPException) -> Response:
    """The response to an `HTTPException` of Flask, or to `abort` in a view."""
    response = cast(Response, error.get_response())
    if error.response is None:
        body = respond(response.status_code, {"request": [error.description or error.name]})
        response.data, response.content_type = body.data, body.content_type
    if response.status_code == 401:
        response.headers.setdefault("WWW-Authenticate", "Token")
    if response.status_code >= 500:
        log_failure(response.status_code, error.__cause__ or error.description)
    return response


def internal_error(error: InternalServerError) -> Response:
    if error.original_exception is None:  # from `abort(500)`; others are logged by the app
        log_failure(500, error.description)
    return respond(500, {"server": ["internal error"]})


def invalid(error: ValidationError) -> Response:
    """flask-openapi's `validation_error_callback`."""
    return respond(422, field_messages(error.errors()))


def unavailable(error: OperationalError | InterfaceError | PoolTimeout) -> Response:
    cause = getattr(error, "orig", None) or error
    # SQLite reports a wrong statement by the same class as a locked database.
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        raise error
    log_failure(503, cause)
    return respond(503, {"server": ["unavailable"]})


def deleted_user(error: IntegrityError) -> Response:
    """The response if the token's user was deleted before the write; otherwise a 500.

    Other rows that a service refers to are locked.
    """
    user = g.get("user")
    if user is None or not is_foreign_key_violation(error.orig):
        raise error
    # The user is expired and detached if it was added to the session of the failed transaction.
    if db.session.get(type(user), inspect(user).identity) is not None:
        raise error
    return api_error(Unauthorized(token="is invalid"))


def is_foreign_key_violation(error: BaseException | None) -> bool:
    return (
        isinstance(error, ForeignKeyViolation)
        or getattr(error, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_FOREIGNKEY"
    )


def register(app: Flask) -> None:
    app.register_error_handler(ApiError, api_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(InternalServerError, internal_error)
    app.register_error_handler(IntegrityError, deleted_user)
    app.register_error_handler(OperationalError, unavailable)
    app.register_error_handler(InterfaceError, unavailable)
    app.register_error_handler(PoolTimeout, unavailable)
