from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.convertors import StringConvertor, register_url_convertor

from ..accounts.auth import CurrentUser, Viewer
from ..database import ReadSession, WriteSession
from ..openapi import TOKEN_OPTIONAL, error_responses
from . import schemas, services


class SlugConvertor(StringConvertor):
    """One segment of a path, except `feed`, which has its own route."""

    regex = r"(?!feed\Z)[^/]+"


register_url_convertor("slug", SlugConvertor())
router = APIRouter()


@router.get(
    "/articles/feed",
    response_model=schemas.ArticlesResponse,
    tags=["Articles"],
    responses=error_responses(401, 422),
)
async def get_articles_feed(
    page: Annotated[schemas.Page, Query()], user: CurrentUser, session: ReadSession
) -> Any:
    """Get recent articles from users you follow"""
    articles, count = await services.get_feed(session, page=page, user=user)
    return {"articles": articles, "articles_count": count}


@router.get(
    "/articles",
    response_model=schemas.ArticlesResponse,
    tags=["Articles"],
    responses=error_responses(401, 422),
    openapi_extra=TOKEN_OPTIONAL,
)
async def get_articles(
    filters: Annotated[schemas.ArticleFilters, Query()], viewer: Viewer, session: ReadSession
) -> Any:
    """Get recent articles"""
    articles, count = await services.get_articles(session, filters=filters, viewer=viewer)
    return {"articles": articles, "articles_count": count}


@router.post(
    "/articles",
    response_model=schemas.ArticleResponse,
    status_code=201,
    tags=["Articles"],
    responses=error_responses(400, 401, 413, 415, 422),
)
async def create_article(
    payload: schemas.NewArticleRequest, user: CurrentUser, session: WriteSession
) -> Any:
    """Create an article"""
    article = await services.create_article(session, author=user, **payload.article.model_dump())
    return {"article": article}


@router.get(
    "/articles/{slug:slug}",
    response_model=schemas.ArticleResponse,
    tags=["Articles"],
    responses=error_responses(401, 404),
    openapi_extra=TOKEN_OPTIONAL,
)
async def get_article(slug: str, viewer: Viewer, session: ReadSession) -> Any:
    """Get an article"""
    article = await services.get_article(session, slug=slug, viewer=viewer)
    return {"article": article}


@router.put(
    "/articles/{slug:slug}",
    response_model=schemas.ArticleResponse,
    tags=["Articles"],
    responses=error_responses(400, 401, 403, 404, 413, 415, 422),
)
async def update_article(
    slug: str, payload: schemas.ArticleUpdateRequest, user: CurrentUser, session: WriteSession
) -> Any:
    """Update an article"""
    article = await services.update_article(
        session, slug=slug, user=user, changes=payload.article.model_dump()
    )
    return {"article": article}


@router.delete(
    "/articles/{slug:slug}",
    status_code=204,
    tags=["Articles"],
    responses=error_responses(401, 403, 404),
)
async def delete_article(slug: str, user: CurrentUser, session: WriteSession) -> None:
    """Delete an article"""
    await services.delete_article(session, slug=slug, user=user)


@router.post(
    "/articles/{slug}/favorite",
    response_model=schemas.ArticleResponse,
    tags=["Favorites"],
    responses=error_responses(401, 404),
)
async def create_article_favorite(slug: str, user: CurrentUser, session: WriteSession) -> Any:
    """Favorite an article"""
    article = await services.favorite_article(session, slug=slug, user=user)
    return {"article": article}


@router.delete(
    "/articles/{slug}/favorite",
    response_model=schemas.ArticleResponse,
    tags=["Favorites"],
    responses=error_responses(401, 404),
)
async def delete_article_favorite(slug: str, user: CurrentUser, session: WriteSession) -> Any:
    """Unfavorite an article"""
    article = await services.unfavorite_article(session, slug=slug, user=user)
    return {"article": article}


@router.get(
    "/tags", response_model=schemas.TagsResponse, tags=["Tags"], responses=error_responses(400)
)
async def get_tags(session: ReadSession) -> Any:
    """Get the tags in use"""
    return {"tags": await services.get_tags(session)}
