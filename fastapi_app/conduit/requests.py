"""What is taken from a request: a body of limited size that is strict JSON."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.convertors import StringConvertor, register_url_convertor

from .errors import ApiError, BadRequest, TooLarge, UnsupportedMediaType

MAX_BODY = 1_048_576


class SlugConvertor(StringConvertor):
    """One segment that is not the word of a route beside it."""

    regex = r"(?!feed\Z)[^/]+"


register_url_convertor("slug", SlugConvertor())


class JSONRequest(Request):
    """A request whose body is read before the token is checked, and judged after it."""

    refusal: ApiError | None = None

    async def read(self) -> None:
        """Read the body; raises `TooLarge` at once, keeps what else is wrong with it."""
        too_large = TooLarge(body=f"is too large (maximum is {MAX_BODY} bytes)")
        if int(self.headers.get("content-length", 0)) > MAX_BODY:
            raise too_large
        body = b""
        async for chunk in self.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise too_large
        self._body = body
        # What FastAPI takes the body for: it would itself parse any `application/…+json`.
        self._json = None
        media_type = self.headers.get("content-type", "").partition(";")[0]
        if media_type.strip(" \t").lower() != "application/json":
            self.refusal = UnsupportedMediaType(body="must be application/json")
            return
        try:
            self._json = from_json(body, allow_inf_nan=False)
        except ValueError:
            self.refusal = BadRequest(body="is not valid JSON")


class JSONRoute(APIRoute):
    """A route that answers 413 before 401, and 401 before 415, 400 and 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_json(request: Request) -> Response:
            json_request = JSONRequest(request.scope, request.receive)
            await json_request.read()
            try:
                return await handle(json_request)
            except RequestValidationError as invalid:
                # FastAPI validates a refused body too, after the dependencies have spoken.
                raise json_request.refusal or invalid from None

        return handle_json
