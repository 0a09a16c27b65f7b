"""The method, path and headers of every request and response.

Without this, Ninja answers HEAD with 405, Django gives a 204 a type and a length, a session may set
a cookie on any response, and `SecurityMiddleware` adds `Cross-Origin-Opener-Policy`.
docs/differences.md#routes and #responses; ANSWER-1, ANSWER-2, ANSWER-5, ANSWER-8, CORS-1, CORS-2,
ROUTE-4 and ROUTE-6.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import HttpHeaders
from pydantic_core import to_json

from ..errors import is_admin_request
from .cors import ALLOW, is_preflight, preflight_headers

NO_ROUTE = "/\0"
GetResponse = Callable[[HttpRequest], HttpResponse]


def without_opener_policy(get_response: GetResponse) -> GetResponse:
    """Removes a header that only pages need; the admin keeps it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not is_admin_request(request):
            del response["Cross-Origin-Opener-Policy"]
        return response

    return middleware


class ContractMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_admin_request(request):
            return self.get_response(request)
        headers = HttpHeaders(request.META)
        if is_preflight(str(request.method), headers):
            allowed = preflight_headers(headers["Origin"], settings.ORIGINS)
            response = HttpResponse(status=204, headers=allowed)
        else:
            response = self.answer(request)
        finish_headers(response)
        return response

    def answer(self, request: HttpRequest) -> HttpResponse:
        is_of_api = request.path_info == "/" or request.path_info.startswith("/api/")
        if is_of_api:
            request.META.pop("HTTP_COOKIE", None)  # a session would replace a bad cookie
        # The middleware for CORS would take this for a preflight, with or without an origin.
        request.META.pop("HTTP_ACCESS_CONTROL_REQUEST_METHOD", None)
        if "\0" in request.path_info:
            request.path_info = NO_ROUTE
        request.path_info = request.path_info or "/"
        is_head = request.method == "HEAD"
        if is_head and is_of_api:
            request.method = "GET"  # Ninja allows only the methods that a handler names
        response = self.get_response(request)
        if request.method == "OPTIONS":
            for name in ALLOW:
                del response[name]
        if response.status_code == 405 and "Allow" in response:
            finish_method_not_allowed(response)
        if response.status_code in (404, 405):
            response.cookies.clear()  # a session deletes a cookie that it does not know
            response["Vary"] = "Origin"
        if not response.streaming:
            response["Content-Length"] = str(len(response.content))
            if is_head:
                response.content = b""
        return response


def finish_method_not_allowed(response: HttpResponse) -> None:
    allowed = response["Allow"].split(", ")
    methods = {*allowed, "HEAD"} if "GET" in allowed else allowed
    response["Allow"] = ", ".join(sorted(methods))
    response["Content-Type"] = "application/json"
    response.content = to_json({"errors": {"method": ["not allowed"]}})


def finish_headers(response: HttpResponse) -> None:
    # The CORS middleware writes `origin` in lower case.
    response["Vary"] = response.get("Vary", "Origin").replace("origin", "Origin")
    if response.status_code in (204, 307):
        del response["Content-Type"]
    elif response.get("Content-Type") == "application/json":
        response["Content-Type"] = "application/json; charset=utf-8"
    if response.status_code == 204:
        del response["Content-Length"]
