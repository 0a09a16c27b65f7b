"""What the OpenAPI document says about the API, and what every operation declares."""

from typing import Any

from .schemas import ErrorResponse

TITLE = "Conduit (Django)"
VERSION = "1.3.0"
DESCRIPTION = "The RealWorld API, built three times: the same bytes from each."
# Ninja notes that an operation takes a token; this adds that the token is optional.
TOKEN_OPTIONAL: dict[str, Any] = {"security": [{}]}


def error_responses(*statuses: int) -> dict[int, type[ErrorResponse]]:
    """The errors of an operation, as its route declares them."""
    return dict.fromkeys(statuses, ErrorResponse)
