"""The reads by hand in Flask: `gunicorn compare.measure.load.handwritten.with_flask:app`."""

# Which `conduit` it is, is said when it runs.
# mypy: disable-error-code="import-not-found"

import os
from functools import cache

from flask import Flask, Response
from psycopg_pool import ConnectionPool

from compare.measure.load.handwritten import statements
from conduit import logs, middleware
from conduit.settings import get_settings


@cache
def get_pool() -> ConnectionPool:
    """Opened by the first request: gunicorn loads the app before it forks the worker."""
    return ConnectionPool(
        os.environ["CONDUIT_DATABASE_URL"], kwargs={"autocommit": True}, max_size=10, open=True
    )


settings = get_settings()
logs.configure(settings.LOG_LEVEL)
app = Flask(__name__, static_folder=None)
app.config.from_object(settings)
middleware.register(app)


def respond(content: bytes) -> Response:
    response = Response(content, content_type="application/json; charset=utf-8")
    response.vary.add("Origin")
    return response


@app.get("/api/health")
def health() -> Response:
    return respond(b'{"status":"ok"}')


@app.get("/api/articles")
def get_articles() -> Response:
    with get_pool().connection() as connection:
        rows = connection.execute(statements.ARTICLES).fetchall()
    return respond(statements.articles(rows))


@app.get("/api/articles/<slug>")
def get_article(slug: str) -> Response:
    with get_pool().connection() as connection:
        row = connection.execute(statements.ONE_ARTICLE, [slug]).fetchone()
    return respond(statements.article(row)) if row else Response(status=404)


@app.get("/api/articles/<slug>/comments")
def get_article_comments(slug: str) -> Response:
    with get_pool().connection() as connection:
        rows = connection.execute(statements.COMMENTS, [slug]).fetchall()
    return respond(statements.comments(rows)) if rows else Response(status=404)


@app.get("/api/tags")
def get_tags() -> Response:
    with get_pool().connection() as connection:
        rows = connection.execute(statements.TAGS).fetchall()
    return respond(statements.tags(rows))
