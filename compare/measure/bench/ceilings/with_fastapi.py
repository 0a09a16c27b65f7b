"""The ceilings of FastAPI."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Response
from psycopg_pool import AsyncConnectionPool

from compare.measure.bench.ceilings import statements
from compare.run.contract import read_operations

KIND = os.environ["BENCH_CEILING"]
pool = AsyncConnectionPool(
    os.environ["CONDUIT_DATABASE_URL"],
    kwargs={"autocommit": True},
    min_size=1,
    max_size=int(os.environ["CONDUIT_DATABASE_POOL_SIZE"]),
    open=False,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with pool:
        yield


asgi = FastAPI(lifespan=lifespan, openapi_url=None)


async def get_viewer(authorization: Annotated[str | None, Header()] = None) -> str | None:
    return authorization


Viewer = Annotated[str | None, Depends(get_viewer)]


def respond(content: bytes) -> Response:
    return Response(content, media_type="application/json; charset=utf-8")


@asgi.get("/health")
async def health() -> Response:
    return respond(b'{"status":"ok"}')


async def get_articles(viewer: Viewer) -> Response:
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements.ARTICLES)).fetchall()
    return respond(statements.articles(rows))


async def get_article(slug: str, viewer: Viewer) -> Response:
    async with pool.connection() as connection:
        row = await (await connection.execute(statements.ONE_ARTICLE, [slug])).fetchone()
    return respond(statements.article(row)) if row else Response(status_code=404)


async def get_article_comments(slug: str, viewer: Viewer) -> Response:
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements.COMMENTS, [slug])).fetchall()
    return respond(statements.comments(rows)) if rows else Response(status_code=404)


async def get_tags(viewer: Viewer) -> Response:
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements.TAGS)).fetchall()
    return respond(statements.tags(rows))


async def not_measured(viewer: Viewer) -> Response:
    return Response(status_code=501)


HANDLERS: Mapping[str, Callable[..., Any]] = {
    "get_articles": get_articles,
    "get_article": get_article,
    "get_article_comments": get_article_comments,
    "get_tags": get_tags,
}
if KIND == "bare":
    for operation in read_operations():
        endpoint = HANDLERS.get(operation.name, not_measured)
        asgi.add_api_route(operation.path, endpoint, methods=[operation.method])
else:

    @asgi.get("/api/floor")
    async def floor() -> dict[str, str]:
        return statements.CONSTANT
