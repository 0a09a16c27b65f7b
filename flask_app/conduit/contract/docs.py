"""The OpenAPI document and its pages.

Without this, flask-openapi shows the document by a command, with parts of its own, and its pages
come with plugins.
docs/differences.md#documents; DOCS-1, DOCS-4, DOCS-5, DOCS-8 and PREFIX-2.
"""

import threading
from copy import deepcopy
from typing import Any, cast

from flask import Blueprint, Response, current_app, request
from flask_openapi.openapi import OpenAPI
from pydantic_core import to_json

from ..errors import NotFound
from . import pages
from .document import complete

document_lock = threading.Lock()

bp = Blueprint("docs", __name__)


def make_document(app: OpenAPI, prefix: str) -> dict[str, Any]:
    """flask-openapi's document without its additions, and with what it leaves out."""
    with document_lock:  # it is kept by the app, and made of parts that are changed here
        document = deepcopy(app.api_doc)
    for path in document["paths"].values():
        for operation in path.values():
            if not operation.get("deprecated"):
                operation.pop("deprecated", None)
            content = operation["responses"].get("422", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if schema.get("type") == "array":
                del operation["responses"]["422"]
    return complete(document, prefix=prefix)


@bp.get("/openapi.json")
def openapi() -> Response:
    document = make_document(cast(OpenAPI, current_app), request.script_root)
    return Response(to_json(document), mimetype="application/json")


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
