"""Every address: the API, its docs, and the admin."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from . import docs
from .api import api
from .live.consumers import require_upgrade


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=307, headers={"Location": f"{docs.prefix()}/api/docs"})
    del response["Content-Type"]
    return response


# A POST to what can only be read is 405; without `csrf_exempt` it would be 403 before.
urlpatterns = [
    path("", csrf_exempt(home)),
    path("api/live", csrf_exempt(require_upgrade)),
    path("api/", api.urls),
    path("api/openapi.json", csrf_exempt(docs.openapi), {"api": api}),
    path("api/docs", csrf_exempt(docs.swagger)),
    path("api/redoc", csrf_exempt(docs.redoc)),
    path("api/docs/assets/<name>", csrf_exempt(docs.asset)),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
handler400 = "conduit.errors.malformed"
handler403 = "conduit.errors.forbidden"
handler404 = "conduit.errors.no_route"
handler500 = "conduit.errors.internal_error"
