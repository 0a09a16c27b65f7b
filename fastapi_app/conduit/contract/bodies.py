"""Strict JSON, and when a body is refused.

Without this, FastAPI takes UTF-16, a byte order mark and `NaN`, and answers broken JSON before a
missing token.
docs/differences.md#bodies and #the-order-of-checks; BODY-1 to BODY-5, BODY-9, ORDER-4 to ORDER-6.
"""

import re

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from .. import errors
from ..errors import ApiError, BadRequest

JSON = re.compile(r"application/(json|.+\+json)")


class StrictBody:
    """Receives the whole body; refused JSON becomes `null`, and the error is stored in the scope.

    FastAPI parses the body, calls the dependencies, and validates. `null` fails in the last step,
    after the dependency that refuses a bad token. Where `null` is a valid body, FastAPI gets
    invalid JSON instead. A route without a body parameter gets the body unchanged.
    """

    def __init__(self, scope: Scope, receive: Receive, max_size: int) -> None:
        self.scope = scope
        self.receive = receive
        self.max_size = max_size
        self.complete = False

    async def __call__(self) -> Message:
        if self.complete:
            return await self.receive()
        headers = Headers(scope=self.scope)
        if int(headers.get("Content-Length", 0)) > self.max_size:
            raise self.too_large()
        body = bytearray()
        while not self.complete:
            message = await self.receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            if len(body) > self.max_size:
                raise self.too_large()
            self.complete = not message.get("more_body", False)
        return {"type": "http.request", "body": self.refuse(headers, body), "more_body": False}

    def refuse(self, headers: Headers, body: bytearray) -> bytes:
        """What FastAPI gets: the body, or a replacement that FastAPI refuses."""
        field = getattr(self.scope.get("route"), "body_field", None)
        if field is None:
            return bytes(body)
        is_empty = not body and not field.field_info.is_required()
        if is_json(headers) and not is_strict(body) and not is_empty:
            self.scope["contract.refusal"] = BadRequest(body="is not valid JSON")
            _, refusals = field.validate(None, {}, loc=("body",))
            return b"null" if refusals else b"{"
        if not is_json(headers) and JSON.fullmatch(media_type(headers).strip()):
            return b"null"  # FastAPI would read such a body, although the media type is not valid
        return bytes(body)

    def too_large(self) -> HTTPException:
        # While it reads the body, FastAPI turns only this exception into its response.
        return HTTPException(413, f"is too large (maximum is {self.max_size} bytes)")


def media_type(headers: Headers) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip(" \t").lower()


def is_json(headers: Headers) -> bool:
    return JSON.fullmatch(media_type(headers)) is not None


def is_strict(body: bytearray) -> bool:
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError:
        return False
    return True


def takes_json(request: Request) -> bool:
    """Whether the route takes JSON, and not a form."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return field is None or field.field_info.media_type == "application/json"


async def invalid(request: Request, error: RequestValidationError) -> Response:
    refusal: ApiError | None = request.scope.get("contract.refusal")
    if refusal:
        return await errors.api_error(request, refusal)
    is_of_body = any(failure["loc"][0] == "body" for failure in error.errors())
    if is_of_body and takes_json(request) and not is_json(request.headers):
        return errors.respond(415, {"body": ["must be application/json"]})
    return await errors.invalid(request, error)
