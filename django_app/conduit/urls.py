"""Every address: the API, its docs, and the admin."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from . import docs
from .api import api
from .live.consumers import require_upgrade


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=307, headers={"Location": "/api/docs"})
    del response["Content-Type"]
    return response


urlpatterns = [
    path("", home),
    path("api/live", require_upgrade),
    path("api/", api.urls),
    path("api/openapi.json", docs.openapi, {"api": api}),
    path("api/docs", docs.swagger),
    path("api/redoc", docs.redoc),
    path("api/docs/assets/<name>", docs.asset),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
]
handler404 = "conduit.errors.no_route"
handler500 = "conduit.errors.internal_error"
