"""The OpenAPI document, and the pages that show it."""

from typing import Any, cast

from flask import Blueprint, Response, current_app
from flask_openapi.openapi import OpenAPI
from flask_openapi.types import ResponseDict
from pydantic_core import to_json

from . import pages
from .errors import JSON, NotFound
from .schemas import ErrorResponse

INFO = {
    "title": "Conduit (Flask)",
    "version": "1.2.0",
    "description": "The RealWorld API, built three times: the same bytes from each.",
}
TOKEN_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`Token <jwt>` or `Bearer <jwt>`",
}

bp = Blueprint("docs", __name__)


def operation_id(*, name: str, path: str, method: str) -> str:
    """The handler's name."""
    return name


def answers(*statuses: int) -> ResponseDict:
    """The errors that an operation answers with, as its route declares them."""
    return {status: ErrorResponse for status in statuses}


def make_document(document: dict[str, Any]) -> dict[str, Any]:
    """flask-openapi's own document, with what it adds and leaves out set right."""
    document.pop("tags", None)
    for path in document["paths"].values():
        for operation in path.values():
            operation.pop("deprecated", None)
            for status, answer in list(operation["responses"].items()):
                if "array" in str(answer):
                    del operation["responses"][status]
    return document


@bp.get("/openapi.json")
def openapi() -> Response:
    app = cast(OpenAPI, current_app)
    document = make_document(app.api_doc)
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
    return Response(pages.read_asset(name), headers=headers, content_type=pages.ASSETS[name])


def page(html: str) -> Response:
    headers = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}
    return Response(html, headers=headers, content_type="text/html; charset=utf-8")
