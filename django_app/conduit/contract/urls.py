"""The document and its pages, instead of Ninja's."""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from ..api import api
from . import docs


def no_root(request: HttpRequest) -> NoReturn:
    """Replaces Ninja's view of `/api/`, which says where its docs are."""
    raise Http404


# A POST to a read-only route gets a 405; without `csrf_exempt` it would get a 403.
urlpatterns = [
    path("", csrf_exempt(no_root)),
    path("openapi.json", csrf_exempt(docs.openapi), {"api": api}),
    path("docs", csrf_exempt(docs.swagger)),
    path("redoc", csrf_exempt(docs.redoc)),
    path("docs/assets/<name>", csrf_exempt(docs.asset)),
]
