"""The OpenAPI document, and the pages that show it."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic_core import to_json

from . import pages
from .document import arrange, complete
from .errors import NotFound
from .schemas import ErrorResponse

TITLE = "Conduit (FastAPI)"
# FastAPI notes that a route takes a token; that it can do without is added to that.
TOKEN_OPTIONAL: dict[str, Any] = {"security": [{}]}

router = APIRouter(include_in_schema=False)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that an operation answers with, as its route declares them."""
    return {status: {"model": ErrorResponse} for status in statuses}


def make_document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's own document, with what it adds and leaves out set right: `app.openapi`."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        for path in document["paths"].values():
            for operation in path.values():
                for parameter in operation.get("parameters", []):
                    parameter["schema"].pop("title", None)
                for status, answer in list(operation["responses"].items()):
                    answer["description"] = HTTPStatus(int(status)).phrase
                    if "HTTPValidationError" in str(answer):
                        del operation["responses"][status]
                operation["summary"] = operation["description"]
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = complete(document, prefix=app.state.settings.root_path)
    return app.openapi_schema


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    document = request.app.openapi() | {"servers": [{"url": prefix_of(request) or "/"}]}
    return Response(to_json(arrange(document)), media_type="application/json")


def prefix_of(request: Request) -> str:
    prefix: str = request.scope.get("root_path", "")
    return prefix


@router.get("/docs")
async def swagger(request: Request) -> Response:
    return page(pages.below(prefix_of(request), pages.SWAGGER_PAGE))


@router.get("/redoc")
async def redoc(request: Request) -> Response:
    return page(pages.below(prefix_of(request), pages.REDOC_PAGE))


@router.get("/docs/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    if name not in pages.ASSETS:
        raise NotFound(route="not found")
    headers = {"Cache-Control": "public, max-age=3600"}
    content = pages.read_asset(name, prefix=prefix_of(request))
    return Response(content, headers=headers, media_type=pages.ASSETS[name])


def page(html: str) -> Response:
    headers = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}
    return Response(html, headers=headers, media_type="text/html")
