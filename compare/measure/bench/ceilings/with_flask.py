"""The ceilings of Flask."""

import os
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from flask import Flask, Response, g, jsonify, request
from psycopg_pool import ConnectionPool

from compare.measure.bench.ceilings import statements
from compare.run.contract import read_operations

KIND = os.environ["BENCH_CEILING"]


@cache
def get_pool() -> ConnectionPool:
    """The pool, which the first request opens in the worker."""
    return ConnectionPool(
        os.environ["CONDUIT_DATABASE_URL"],
        kwargs={"autocommit": True},
        min_size=1,
        max_size=int(os.environ["CONDUIT_DATABASE_POOL_SIZE"]),
        open=True,
    )


wsgi = Flask(__name__, static_folder=None)


def with_viewer(view: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(view)
    def inner(**values: Any) -> Response:
        g.viewer = request.headers.get("Authorization")
        return view(**values)

    return inner


def respond(content: bytes) -> Response:
    return Response(content, content_type="application/json; charset=utf-8")


@wsgi.get("/health")
def health() -> Response:
    return respond(b'{"status":"ok"}')


def get_articles() -> Response:
    with get_pool().connection() as connection:
        rows = connection.execute(statements.ARTICLES).fetchall()
    return respond(statements.articles(rows))


def get_article(slug: str) -> Response:
    with get_pool().connection() as connection:
        row = connection.execute(statements.ONE_ARTICLE, [slug]).fetchone()
    return respond(statements.article(row)) if row else Response(status=404)


def get_article_comments(slug: str) -> Response:
    with get_pool().connection() as connection:
        rows = connection.execute(statements.COMMENTS, [slug]).fetchall()
    return respond(statements.comments(rows)) if rows else Response(status=404)


def get_tags() -> Response:
    with get_pool().connection() as connection:
        rows = connection.execute(statements.TAGS).fetchall()
    return respond(statements.tags(rows))


def not_measured(**_: str) -> Response:
    return Response(status=501)


HANDLERS: Mapping[str, Callable[..., Response]] = {
    "get_articles": get_articles,
    "get_article": get_article,
    "get_article_comments": get_article_comments,
    "get_tags": get_tags,
}
if KIND == "bare":
    for operation in read_operations():
        view = with_viewer(HANDLERS.get(operation.name, not_measured))
        route = operation.path.replace("{", "<").replace("}", ">")
        wsgi.add_url_rule(route, operation.name, view, methods=[operation.method])
else:

    @wsgi.get("/api/floor")
    def floor() -> Response:
        return jsonify(statements.CONSTANT)
