"""The OpenAPI document and its pages.

Without this, FastAPI's document has texts and parts of its own, and its pages load what they need
from another host.
docs/differences.md#documents; DOCS-1, DOCS-4, DOCS-5, DOCS-8 and PREFIX-2.
"""

from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic_core import to_json

from ..errors import NotFound
from . import pages
from .document import DESCRIPTIONS, complete

router = APIRouter(prefix="/api", include_in_schema=False)


def make_document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document without its additions, and with what it leaves out: `app.openapi`."""
    document = deepcopy(FastAPI.openapi(app))
    for path in document["paths"].values():
        for operation in path.values():
            if operation["operationId"] not in DESCRIPTIONS:  # added to this API later
                continue
            for parameter in operation.get("parameters", []):
                parameter["schema"].pop("title", None)
            for status, response in list(operation["responses"].items()):
                response["description"] = HTTPStatus(int(status)).phrase
                if "HTTPValidationError" in str(response):
                    del operation["responses"][status]
            operation["summary"] = operation.get("description", operation["summary"])
    if "HTTPValidationError" not in str(document["paths"]):
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
    return complete(document, prefix=app.state.settings.root_path)


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    document = request.app.openapi() | {"servers": [{"url": prefix_of(request) or "/"}]}
    return Response(to_json(document), media_type="application/json")


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
