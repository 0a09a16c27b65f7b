"""The OpenAPI document and its pages.

Without this, Ninja's document has texts and parts of its own, and its pages load what they need
from another host.
docs/differences.md#documents; DOCS-1, DOCS-4, DOCS-5, DOCS-8 and PREFIX-2.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from pydantic_core import to_json

from ..errors import respond
from . import pages
from .document import complete


def make_document(api: NinjaAPI) -> dict[str, Any]:
    """Ninja's document without its additions, and with what it leaves out."""
    document = dict(api.get_openapi_schema(path_prefix="/api/"))
    for path in document["paths"].values():
        for operation in path.values():
            operation["summary"] = operation.get("description", operation["summary"])
            if not operation["parameters"]:
                del operation["parameters"]
            for parameter in operation.get("parameters", []):
                parameter["schema"].pop("title", None)
    # Ninja writes their fields as parameters, so these schemas are not used.
    for name in ("Page", "ArticleFilters", "Wait", "Gathering"):
        document["components"]["schemas"].pop(name, None)
    return complete(document, prefix=prefix())


def prefix() -> str:
    """The prefix of all paths, without a slash at its end."""
    return get_script_prefix().removesuffix("/")


@require_safe
def openapi(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    return HttpResponse(to_json(make_document(api)), content_type="application/json")


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return page(pages.SWAGGER_PAGE)


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    return page(pages.REDOC_PAGE)


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    if name not in pages.ASSETS:
        return respond(404, {"route": ["not found"]})
    headers = {"Cache-Control": "public, max-age=3600"}
    content = pages.read_asset(name, prefix=prefix())
    return HttpResponse(content, headers=headers, content_type=pages.ASSETS[name])


def page(html: str) -> HttpResponse:
    headers = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}
    return HttpResponse(pages.below(prefix(), html), headers=headers)
