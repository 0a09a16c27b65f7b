"""Checks that apply to every response.

The client runs them before a test checks what is specific to its response.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from .exchanges import Answer

VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
JSON_TYPE = "application/json; charset=utf-8"

# Headers of the server and the connection: not part of the contract, so not checked.
FREE = {"date", "server", "connection", "keep-alive", "transfer-encoding"}

PAGES = {"/api/docs", "/api/redoc"}
ASSETS = "/api/docs/assets/"


@dataclass(frozen=True)
class Cors:
    """The origins that a server allows: any, or those in a list."""

    any_origin: bool = True
    origins: Collection[str] = ()


ANY_ORIGIN = Cors()


def check_usual(answer: Answer, cors: Cors = ANY_ORIGIN) -> None:
    """Check ANSWER-1 to ANSWER-8, TOKEN-9 and CORS-3 to CORS-6 for one response."""
    __tracebackhide__ = True
    headers = answer.headers
    for name in headers:
        assert len(headers.get_list(name)) == 1, f"the header {name} is repeated"

    expected = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "DENY",
        **_request_id(answer),
        **_cors(answer, cors),
    }
    if answer.status == 401:
        expected["www-authenticate"] = "Token"
    for name, value in expected.items():
        assert headers.get(name) == value, f"{name} is {headers.get(name)!r}, not {value!r}"

    needed = _needed(answer)
    assert needed <= headers.keys(), f"missing headers: {sorted(needed - headers.keys())}"
    extra = headers.keys() - expected.keys() - needed - FREE
    assert not extra, f"headers that the contract does not name: {sorted(extra)}"

    if answer.request.method == "HEAD" or answer.status == 204:
        assert answer.body == b"", "a body is not allowed here"
    else:
        length = headers.get("content-length")
        assert length == str(len(answer.body)), f"Content-Length is {length!r}"
        if headers.get("content-type") == JSON_TYPE:
            assert answer.body == compact(answer.json), "the JSON is not compact UTF-8"
    if answer.status >= 400:
        assert headers.get("content-type") == JSON_TYPE, "an error must be JSON"


def compact(value: object) -> bytes:
    """A JSON value in the contract's compact format."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _request_id(answer: Answer) -> dict[str, str]:
    given = answer.headers.get("x-request-id", "")
    assert VALID_ID.fullmatch(given), f"X-Request-ID is {given!r}"
    asked = answer.request.headers.get("x-request-id", "")
    return {"x-request-id": asked if VALID_ID.fullmatch(asked) else given}


def _cors(answer: Answer, cors: Cors) -> dict[str, str]:
    origin = answer.request.headers.get("origin")
    headers = {"vary": "Origin"}
    if origin is not None and (cors.any_origin or origin in cors.origins):
        headers["access-control-allow-origin"] = "*" if cors.any_origin else origin
        headers["access-control-expose-headers"] = "X-Request-ID"
        if _is_preflight(answer):
            headers["access-control-allow-methods"] = "DELETE, GET, POST, PUT"
            headers["access-control-allow-headers"] = "Authorization, Content-Type"
            headers["access-control-max-age"] = "600"
    return headers


def _is_preflight(answer: Answer) -> bool:
    request = answer.request
    wanted = {"origin", "access-control-request-method"}
    return request.method == "OPTIONS" and wanted <= request.headers.keys()


def _needed(answer: Answer) -> set[str]:
    """The names of the headers that this response needs in addition to the common ones."""
    needed = set()
    if answer.status != 204:
        needed.add("content-length")
        needed.add("location" if answer.status == 307 else "content-type")
    if answer.status == 405:
        needed.add("allow")
    if answer.status == 426:
        needed.add("upgrade")
    path = answer.request.target.partition("?")[0].rstrip("/")
    if answer.status == 200 and path in PAGES:
        needed.add("content-security-policy")
    if answer.status == 200 and path.startswith(ASSETS):
        needed.add("cache-control")
    return needed
