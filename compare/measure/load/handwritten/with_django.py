"""The reads by hand: `uvicorn compare.measure.load.handwritten.with_django:application`."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from compare.measure.load.handwritten import statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
settings.ROOT_URLCONF = __name__


def respond(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="application/json; charset=utf-8")


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


urlpatterns = [
    path("api/health", health),
    path("api/articles", get_articles),
    path("api/articles/<slug>", get_article),
    path("api/articles/<slug>/comments", get_article_comments),
    path("api/tags", get_tags),
]
application = get_asgi_application()
