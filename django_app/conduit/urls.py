"""All URLs: the API, its documentation, and the admin."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from .api import api
from .live.consumers import require_upgrade


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect(f"{get_script_prefix()}api/docs", preserve_request=True)


# A POST to a read-only route gets a 405; without `csrf_exempt` it would get a 403.
urlpatterns = [
    path("", csrf_exempt(home)),
    path("api/live", csrf_exempt(require_upgrade)),
    path("api/", include("conduit.contract.urls")),
    path("api/", api.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
handler400 = "conduit.errors.malformed"
handler403 = "conduit.errors.forbidden"
handler404 = "conduit.errors.no_route"
handler500 = "conduit.errors.internal_error"
