"""The ceilings of Django: *bare* with Ninja, like the app, and *floor* with only Django."""

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from compare.measure.bench.ceilings import statements
from compare.run.contract import read_operations

KIND = os.environ["BENCH_CEILING"]
parts = urlsplit(os.environ["CONDUIT_DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.removeprefix("/"),
            "USER": parts.username,
            "HOST": parse_qs(parts.query)["host"][0],
            "OPTIONS": {
                "pool": {"min_size": 1, "max_size": int(os.environ["CONDUIT_DATABASE_POOL_SIZE"])}
            },
        }
    },
)
django.setup()

from ninja import NinjaAPI  # noqa: E402  # Ninja reads the settings


def viewer(request: HttpRequest) -> str:
    return request.headers.get("Authorization", "anonymous")


api = NinjaAPI(docs_url=None, openapi_url=None, auth=viewer)
respond = partial(HttpResponse, content_type="application/json; charset=utf-8")


def health(request: HttpRequest) -> HttpResponse:
    return respond(b'{"status":"ok"}')


def get_articles(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        rows = cursor.execute(statements.ARTICLES).fetchall()
    return respond(statements.articles(rows))


def get_article(request: HttpRequest, slug: str) -> HttpResponse:
    with connection.cursor() as cursor:
        row = cursor.execute(statements.ONE_ARTICLE, [slug]).fetchone()
    return respond(statements.article(row)) if row else HttpResponse(status=404)


def get_article_comments(request: HttpRequest, slug: str) -> HttpResponse:
    with connection.cursor() as cursor:
        rows = cursor.execute(statements.COMMENTS, [slug]).fetchall()
    return respond(statements.comments(rows)) if rows else HttpResponse(status=404)


def get_tags(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        rows = cursor.execute(statements.TAGS).fetchall()
    return respond(statements.tags(rows))


def not_measured(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


# Ninja reads the parameters of a path from the signature.
def not_measured_user(request: HttpRequest, username: str) -> HttpResponse:
    return HttpResponse(status=501)


def not_measured_article(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(status=501)


def not_measured_comment(request: HttpRequest, slug: str, id: int) -> HttpResponse:
    return HttpResponse(status=501)


def floor(request: HttpRequest) -> JsonResponse:
    return JsonResponse(statements.CONSTANT)


HANDLERS: Mapping[str, Callable[..., HttpResponse]] = {
    "get_articles": get_articles,
    "get_article": get_article,
    "get_article_comments": get_article_comments,
    "get_tags": get_tags,
}
NOT_MEASURED: Mapping[str, Callable[..., HttpResponse]] = {
    "": not_measured,
    "username": not_measured_user,
    "slug": not_measured_article,
    "slug id": not_measured_comment,
}
if KIND == "bare":
    for operation in read_operations():
        route = operation.path.removeprefix("/api")
        other = NOT_MEASURED[" ".join(re.findall(r"\{(\w+)\}", route))]
        view = HANDLERS.get(operation.name, other)
        api.api_operation([operation.method], route, operation_id=operation.name)(view)
    # `/api/health` returns 501, as a route that is not measured.
    urlpatterns = [path("health", health), path("api/", api.urls)]
else:
    urlpatterns = [path("health", health), path("api/floor", floor)]
asgi = get_asgi_application()
wsgi = get_wsgi_application()
