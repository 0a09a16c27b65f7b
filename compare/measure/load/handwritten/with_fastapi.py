"""The reads by hand in FastAPI: `uvicorn compare.measure.load.handwritten.with_fastapi:app`."""

# Which `conduit` it is, is said when it runs.
# mypy: disable-error-code="import-not-found"

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from psycopg_pool import AsyncConnectionPool

from compare.measure.load.handwritten import statements
from conduit import logs
from conduit.middleware import RequestMiddleware
from conduit.settings import load_settings

pool = AsyncConnectionPool(
    os.environ["CONDUIT_DATABASE_URL"], kwargs={"autocommit": True}, max_size=10, open=False
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with pool:
        yield


settings = load_settings()
logs.configure(settings.log_level)
app = FastAPI(lifespan=lifespan, openapi_url=None)
app.add_middleware(RequestMiddleware)


def respond(content: bytes) -> Response:
    return Response(
        content, media_type="application/json; charset=utf-8", headers={"Vary": "Origin"}
    )


@app.get("/api/health")
async def health() -> Response:
    return respond(b'{"status":"ok"}')


@app.get("/api/articles")
async def get_articles() -> Response:
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements.ARTICLES)).fetchall()
    return respond(statements.articles(rows))


@app.get("/api/articles/{slug}")
async def get_article(slug: str) -> Response:
    async with pool.connection() as connection:
        row = await (await connection.execute(statements.ONE_ARTICLE, [slug])).fetchone()
    return respond(statements.article(row)) if row else Response(status_code=404)


@app.get("/api/articles/{slug}/comments")
async def get_article_comments(slug: str) -> Response:
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements.COMMENTS, [slug])).fetchall()
    return respond(statements.comments(rows)) if rows else Response(status_code=404)


@app.get("/api/tags")
async def get_tags() -> Response:
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements.TAGS)).fetchall()
    return respond(statements.tags(rows))
