"""Strict JSON, and when a body is refused.

Without this, flask-openapi takes broken JSON for null, reads a JSON string as JSON once more, and
refuses a body that is too large after a bad token.
docs/differences.md#bodies and #the-order-of-checks; BODY-1 to BODY-6, BODY-9, ORDER-4 to ORDER-6.
"""

from typing import Any

from flask import Request, Response, abort, current_app, request
from flask_openapi.openapi import OpenAPI
from pydantic import ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import RequestEntityTooLarge

from .. import errors
from ..errors import BadRequest, UnsupportedMediaType


class StrictRequest(Request):
    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        value = super().get_json(force, silent, cache)
        # flask-openapi calls this with `silent`, and would parse a string as JSON again.
        return None if silent and isinstance(value, str) else value


def read_body() -> None:
    """Read the body if the view takes one, before the token is checked."""
    view = current_app.view_functions.get(request.endpoint or "")
    if "body" not in getattr(view, "__annotations__", {}):
        return
    try:
        size = len(request.get_data())
    except RequestEntityTooLarge:
        raise
    except Exception:  # each server raises its own exception if chunks are malformed
        raise BadRequest(body="is not valid JSON") from None
    if size == request.max_content_length:
        abort(413)


def too_large(error: RequestEntityTooLarge) -> Response:
    limit = request.max_content_length or 0
    if limit == current_app.config["MAX_CONTENT_LENGTH"]:
        limit -= 1
    if not limit or (request.content_length or limit + 1) <= limit:
        return errors.respond(413, {"body": ["has too many fields, or one that is too large"]})
    return errors.respond(413, {"body": [f"is too large (maximum is {limit} bytes)"]})


def invalid(error: ValidationError) -> Response:
    """flask-openapi's `validation_error_callback`: checks first that the body is JSON."""
    view = current_app.view_functions[request.endpoint or ""]
    if "body" in view.__annotations__:
        if not request.is_json:
            raise UnsupportedMediaType(body="must be application/json")
        try:
            from_json(request.get_data(), allow_inf_nan=False)
        except ValueError:
            raise BadRequest(body="is not valid JSON") from None
    return errors.invalid(error)


def register(app: OpenAPI) -> None:
    app.request_class = StrictRequest
    # Werkzeug silently cuts a chunked body at its limit: one more byte shows that it did.
    if app.config["MAX_CONTENT_LENGTH"] is not None:
        app.config["MAX_CONTENT_LENGTH"] += 1
    app.validation_error_callback = invalid
    app.register_error_handler(RequestEntityTooLarge, too_large)
    app.before_request(read_body)
