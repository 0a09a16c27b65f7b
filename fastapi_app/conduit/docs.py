"""The OpenAPI document, and the pages that show it."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic_core import to_json

from . import pages
from .errors import NotFound
from .schemas import ErrorResponse

INFO = {
    "title": "Conduit (FastAPI)",
    "version": "1.2.0",
    "description": "The RealWorld API, built three times: the same bytes from each.",
}
# FastAPI notes that a route takes a token; that it can do without is added to that.
TOKEN_OPTIONAL: dict[str, Any] = {"security": [{}]}

router = APIRouter(include_in_schema=False)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that an operation answers with, as its route declares them."""
    return {status: {"model": ErrorResponse} for status in statuses}


def make_document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's own document, with what it adds and leaves out set right."""
    document = get_openapi(
        title=INFO["title"],
        version=INFO["version"],
        description=INFO["description"],
        routes=app.routes,
    )
    for path in document["paths"].values():
        for operation in path.values():
            operation["summary"] = operation.pop("description")
            for parameter in operation.get("parameters", []):
                parameter["schema"].pop("title", None)
            for status, answer in list(operation["responses"].items()):
                answer["description"] = HTTPStatus(int(status)).phrase
                if "HTTPValidationError" in str(answer):
                    del operation["responses"][status]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    return document


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    app: FastAPI = request.app
    app.openapi_schema = app.openapi_schema or make_document(app)
    return Response(to_json(app.openapi_schema), media_type="application/json")


@router.get("/docs")
async def swagger() -> Response:
    return page(pages.SWAGGER_PAGE)


@router.get("/redoc")
async def redoc() -> Response:
    return page(pages.REDOC_PAGE)


@router.get("/docs/assets/{name}")
async def asset(name: str) -> Response:
    if name not in pages.ASSETS:
        raise NotFound(route="not found")
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(pages.read_asset(name), headers=headers, media_type=pages.ASSETS[name])


def page(html: str) -> Response:
    headers = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}
    return Response(html, headers=headers, media_type="text/html")
