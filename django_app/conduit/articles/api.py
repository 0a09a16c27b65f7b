from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from ..accounts.auth import UserRequest, ViewerRequest, login_optional, login_required
from ..openapi import TOKEN_OPTIONAL, error_responses
from . import schemas, services
from .models import Article

router = Router(by_alias=True)


@router.get(
    "/articles/feed",
    tags=["Articles"],
    auth=login_required,
    response={200: schemas.ArticlesResponse, **error_responses(401, 422)},
)
def get_articles_feed(request: UserRequest, page: Query[schemas.Page]) -> dict[str, Any]:
    """Get recent articles from users you follow"""
    articles, count = services.get_feed(page=page, user=request.auth)
    return {"articles": articles, "articles_count": count}


@router.get(
    "/articles",
    tags=["Articles"],
    auth=login_optional,
    response={200: schemas.ArticlesResponse, **error_responses(401, 422)},
    openapi_extra=TOKEN_OPTIONAL,
)
def get_articles(request: ViewerRequest, filters: Query[schemas.ArticleFilters]) -> dict[str, Any]:
    """Get recent articles"""
    articles, count = services.get_articles(filters=filters, viewer=request.auth)
    return {"articles": articles, "articles_count": count}


@router.post(
    "/articles",
    tags=["Articles"],
    auth=login_required,
    response={201: schemas.ArticleResponse, **error_responses(400, 401, 413, 415, 422)},
)
def create_article(
    request: UserRequest, payload: schemas.NewArticleRequest
) -> Status[dict[str, Article]]:
    """Create an article"""
    article = services.create_article(author=request.auth, **payload.article.model_dump())
    return Status(201, {"article": article})


@router.get(
    "/articles/{slug}",
    tags=["Articles"],
    auth=login_optional,
    response={200: schemas.ArticleResponse, **error_responses(401, 404)},
    openapi_extra=TOKEN_OPTIONAL,
)
def get_article(request: ViewerRequest, slug: str) -> dict[str, Article]:
    """Get an article"""
    article = services.get_article(slug=slug, viewer=request.auth)
    return {"article": article}


@router.put(
    "/articles/{slug}",
    tags=["Articles"],
    auth=login_required,
    response={200: schemas.ArticleResponse, **error_responses(400, 401, 403, 404, 413, 415, 422)},
)
def update_article(
    request: UserRequest, slug: str, payload: schemas.ArticleUpdateRequest
) -> dict[str, Article]:
    """Update an article"""
    article = services.update_article(
        slug=slug, user=request.auth, changes=payload.article.model_dump()
    )
    return {"article": article}


@router.delete(
    "/articles/{slug}",
    tags=["Articles"],
    auth=login_required,
    response={204: None, **error_responses(401, 403, 404)},
)
def delete_article(request: UserRequest, slug: str) -> Status[None]:
    """Delete an article"""
    services.delete_article(slug=slug, user=request.auth)
    return Status(204, None)


@router.post(
    "/articles/{slug}/favorite",
    tags=["Favorites"],
    auth=login_required,
    response={200: schemas.ArticleResponse, **error_responses(401, 404)},
)
def create_article_favorite(request: UserRequest, slug: str) -> dict[str, Article]:
    """Favorite an article"""
    article = services.favorite_article(slug=slug, user=request.auth)
    return {"article": article}


@router.delete(
    "/articles/{slug}/favorite",
    tags=["Favorites"],
    auth=login_required,
    response={200: schemas.ArticleResponse, **error_responses(401, 404)},
)
def delete_article_favorite(request: UserRequest, slug: str) -> dict[str, Article]:
    """Unfavorite an article"""
    article = services.unfavorite_article(slug=slug, user=request.auth)
    return {"article": article}


@router.get("/tags", tags=["Tags"], response={200: schemas.TagsResponse, **error_responses(400)})
def get_tags(request: HttpRequest) -> dict[str, list[str]]:
    """Get the tags in use"""
    return {"tags": services.get_tags()}
