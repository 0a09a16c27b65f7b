"""The head and the bytes of every response.

Without this, Flask writes JSON with sorted keys, escapes and a line feed, gives a 204 a type, and
answers a preflight with 200.
docs/differences.md#responses and #routes; ANSWER-1, ANSWER-2, CORS-2, CORS-3 and CORS-6.
"""

from typing import Any

from flask import Flask, Response, current_app, request
from flask.json.provider import JSONProvider
from pydantic_core import from_json, to_json

from .cors import is_preflight, preflight_headers


class ExactJSON(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return to_json(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Strict JSON (BODY-3): Flask's own takes UTF-16, a byte order mark and `NaN`."""
        return from_json(s, allow_inf_nan=False)


def answer_preflight() -> Response | None:
    if is_preflight(request.method, request.headers):
        return Response(status=204)
    return None


def finish_headers(response: Response) -> Response:
    if response.status_code == 307:
        response.data = b""
    if response.status_code in (204, 307):
        del response.headers["Content-Type"]
    elif response.mimetype == "application/json":
        response.headers["Content-Type"] = "application/json; charset=utf-8"
    if "Upgrade" in request.headers:  # browsers ask for sockets without CORS
        response.headers.pop("Access-Control-Allow-Origin", None)
        response.headers.pop("Access-Control-Expose-Headers", None)
    else:
        response.vary.add("Origin")
    if is_preflight(request.method, request.headers):
        response.headers.pop("Access-Control-Allow-Private-Network", None)
        origins = current_app.config["ORIGINS"]
        response.headers.update(preflight_headers(request.headers["Origin"], origins))
    return response


def register(app: Flask) -> None:
    app.json = ExactJSON(app)
    app.before_request(answer_preflight)
    app.after_request(finish_headers)
