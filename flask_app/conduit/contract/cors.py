"""The response to a CORS preflight request.

Without this, each of the three frameworks returns a different response.
docs/differences.md#routes; CORS-2 and CORS-3.
"""

from collections.abc import Collection
from typing import Protocol

ALLOW = {
    "Access-Control-Allow-Methods": "DELETE, GET, POST, PUT",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}
EXPOSE = {"Access-Control-Expose-Headers": "X-Request-ID"}


class Headers(Protocol):
    def __contains__(self, name: str, /) -> bool: ...


def is_preflight(method: str, headers: Headers) -> bool:
    """Whether this is a preflight; the names of headers are case-insensitive."""
    return (
        method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers
    )


def preflight_headers(origin: str, allowed: Collection[str]) -> dict[str, str]:
    """The headers of the response, a 204 without a body."""
    headers = {"Vary": "Origin"}
    if "*" in allowed:
        return headers | {"Access-Control-Allow-Origin": "*"} | EXPOSE | ALLOW
    if origin in allowed:
        return headers | {"Access-Control-Allow-Origin": origin} | EXPOSE | ALLOW
    return headers
