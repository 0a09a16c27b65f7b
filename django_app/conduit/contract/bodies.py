"""Strict JSON, and when a body is refused.

Without this, Ninja takes any media type, UTF-16, a byte order mark and `NaN`, and answers 400 to a
body that is too large.
docs/differences.md#bodies and #the-order-of-checks; BODY-1 to BODY-5, BODY-9, ORDER-4 to ORDER-6.
"""

import re
from collections.abc import Callable
from functools import wraps
from inspect import unwrap
from typing import Any

from django.core import exceptions
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.params.models import BodyModel
from ninja.parser import Parser
from pydantic_core import from_json

from .. import errors
from ..errors import ApiError, BadRequest, Invalid, UnsupportedMediaType

Run = Callable[..., HttpResponse]


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        # Without a method these are parts of a form, or a request of Ninja's test client.
        if "REQUEST_METHOD" in request.META:
            self.require_json(request)
        try:
            return from_json(request.body, allow_inf_nan=False)
        except ValueError:
            raise BadRequest(body="is not valid JSON") from None

    def require_json(self, request: HttpRequest) -> None:
        media_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip(" \t").lower()
        if not re.fullmatch(r"application/(json|.+\+json)", media_type):
            raise UnsupportedMediaType(body="must be application/json")


def read_body(run: Run) -> Run:
    """Read the body if the operation takes one, before the token is checked."""
    operation = unwrap(run).__self__
    if not any(issubclass(model, BodyModel) for model in operation.models):
        return run

    @wraps(run)
    def run_with_body(request: HttpRequest, **path: Any) -> HttpResponse:
        return refuse_unread(request) or run(request, **path)

    @wraps(run)
    async def run_async_with_body(request: HttpRequest, **path: Any) -> HttpResponse:
        return refuse_unread(request) or await run(request, **path)  # type: ignore[misc]

    return run_async_with_body if operation.is_async else run_with_body  # type: ignore[return-value]


def refuse_unread(request: HttpRequest) -> HttpResponse | None:
    try:
        bool(request.body)
    except RequestDataTooBig:
        return errors.too_large()
    except exceptions.BadRequest:
        return errors.respond(400, {"body": ["is not valid JSON"]})
    return None


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # Ninja wraps what its parser raises.
    if isinstance(error.__cause__, ApiError):
        return errors.api_error(request, error.__cause__)
    return errors.http_error(request, error)


def invalid(request: HttpRequest, error: Invalid) -> HttpResponse:
    if "body" in error.errors and not request.body:  # Ninja does not parse an empty body
        try:
            StrictParser().parse_body(request)
        except ApiError as refusal:
            return errors.api_error(request, refusal)
    return errors.api_error(request, error)


def register(api: NinjaAPI) -> None:
    api.parser = StrictParser()
    api.add_decorator(read_body, mode="view")
    api.exception_handler(HttpError)(http_error)
    api.exception_handler(Invalid)(invalid)
