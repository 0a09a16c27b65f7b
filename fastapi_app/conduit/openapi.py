"""What the OpenAPI document says about the API, and what every operation declares."""

from typing import Any

from fastapi.routing import APIRoute

from .schemas import ErrorResponse

TITLE = "Conduit (FastAPI)"
VERSION = "1.3.0"
DESCRIPTION = "The RealWorld API, built three times: the same bytes from each."
# FastAPI notes that a route takes a token; this adds that the token is optional.
TOKEN_OPTIONAL: dict[str, Any] = {"security": [{}]}


def operation_id(route: APIRoute) -> str:
    """The handler's name."""
    return route.name


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an operation, as its route declares them."""
    return {status: {"model": ErrorResponse} for status in statuses}
