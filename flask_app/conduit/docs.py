"""The OpenAPI document, and the pages that show it."""

import threading
from copy import deepcopy
from typing import Any, cast

from flask import Blueprint, Response, current_app, request
from flask_openapi.openapi import OpenAPI
from flask_openapi.types import ResponseDict
from pydantic_core import to_json

from . import pages
from .document import complete
from .errors import JSON, NotFound
from .schemas import ErrorResponse

TITLE = "Conduit (Flask)"
TOKEN_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`Token <jwt>` or `Bearer <jwt>`",
}

making = threading.Lock()

bp = Blueprint("docs", __name__)


def operation_id(*, name: str, path: str, method: str) -> str:
    """The handler's name."""
    return name


def answers(*statuses: int) -> ResponseDict:
    """The errors that an operation answers with, as its route declares them."""
    return {status: ErrorResponse for status in statuses}


def make_document(app: OpenAPI, prefix: str) -> dict[str, Any]:
    """flask-openapi's own document, with what it adds and leaves out set right."""
    with making:  # it is kept by the app, and made of parts that are changed here
        document = deepcopy(app.api_doc)
    for path in document["paths"].values():
        for operation in path.values():
            operation.pop("deprecated", None)
            for status, answer in list(operation["responses"].items()):
                if "array" in str(answer):
                    del operation["responses"][status]
    return complete(document, prefix=prefix)


@bp.get("/openapi.json")
def openapi() -> Response:
    document = make_document(cast(OpenAPI, current_app), request.script_root)
    return Response(to_json(document), content_type=JSON)


@bp.get("/docs")
def swagger() -> Response:
    return page(pages.SWAGGER_PAGE)


@bp.get("/redoc")
def redoc() -> Response:
    return page(pages.REDOC_PAGE)


@bp.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    if name not in pages.ASSETS:
        raise NotFound(route="not found")
    headers = {"Cache-Control": "public, max-age=3600"}
    content = pages.read_asset(name, prefix=request.script_root)
    return Response(content, headers=headers, content_type=pages.ASSETS[name])


def page(html: str) -> Response:
    headers = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}
    shown = pages.below(request.script_root, html)
    return Response(shown, headers=headers, content_type="text/html; charset=utf-8")
