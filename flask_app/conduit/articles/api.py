from flask import g
from flask_openapi.blueprint import APIBlueprint
from werkzeug.routing import BaseConverter

from ..accounts.auth import login_optional, login_required
from ..openapi import TOKEN, TOKEN_OPTIONAL, error_responses, operation_id
from ..schemas import Schema
from . import schemas, services


class SlugConverter(BaseConverter):
    """One segment of a path, except `feed`, which has its own route."""

    regex = r"(?!feed\Z)[^/]+"


bp = APIBlueprint("articles", __name__, operation_id_callback=operation_id)


class ArticlePath(Schema):
    slug: str


@bp.get(
    "/articles/feed",
    tags=[{"name": "Articles"}],
    security=TOKEN,
    responses={200: schemas.ArticlesResponse, **error_responses(401, 422)},
)
@login_required
def get_articles_feed(query: schemas.Page) -> schemas.ArticlesResponse:
    """Get recent articles from users you follow"""
    articles, count = services.get_feed(page=query, user=g.user)
    return schemas.ArticlesResponse.model_validate({"articles": articles, "articles_count": count})


@bp.get(
    "/articles",
    tags=[{"name": "Articles"}],
    security=TOKEN_OPTIONAL,
    responses={200: schemas.ArticlesResponse, **error_responses(401, 422)},
)
@login_optional
def get_articles(query: schemas.ArticleFilters) -> schemas.ArticlesResponse:
    """Get recent articles"""
    articles, count = services.get_articles(filters=query, viewer=g.viewer)
    return schemas.ArticlesResponse.model_validate({"articles": articles, "articles_count": count})


@bp.post(
    "/articles",
    tags=[{"name": "Articles"}],
    security=TOKEN,
    responses={201: schemas.ArticleResponse, **error_responses(400, 401, 413, 415, 422)},
)
@login_required
def create_article(body: schemas.NewArticleRequest) -> tuple[schemas.ArticleResponse, int]:
    """Create an article"""
    article = services.create_article(author=g.user, **body.article.model_dump())
    return schemas.ArticleResponse.model_validate({"article": article}), 201


@bp.get(
    "/articles/<slug:slug>",
    tags=[{"name": "Articles"}],
    security=TOKEN_OPTIONAL,
    responses={200: schemas.ArticleResponse, **error_responses(401, 404)},
)
@login_optional
def get_article(path: ArticlePath) -> schemas.ArticleResponse:
    """Get an article"""
    article = services.get_article(slug=path.slug, viewer=g.viewer)
    return schemas.ArticleResponse.model_validate({"article": article})


@bp.put(
    "/articles/<slug:slug>",
    tags=[{"name": "Articles"}],
    security=TOKEN,
    responses={200: schemas.ArticleResponse, **error_responses(400, 401, 403, 404, 413, 415, 422)},
)
@login_required
def update_article(
    path: ArticlePath, body: schemas.ArticleUpdateRequest
) -> schemas.ArticleResponse:
    """Update an article"""
    article = services.update_article(
        slug=path.slug, user=g.user, changes=body.article.model_dump()
    )
    return schemas.ArticleResponse.model_validate({"article": article})


@bp.delete(
    "/articles/<slug:slug>",
    tags=[{"name": "Articles"}],
    security=TOKEN,
    responses={204: None, **error_responses(401, 403, 404)},
)
@login_required
def delete_article(path: ArticlePath) -> tuple[str, int]:
    """Delete an article"""
    services.delete_article(slug=path.slug, user=g.user)
    return "", 204


@bp.post(
    "/articles/<slug>/favorite",
    tags=[{"name": "Favorites"}],
    security=TOKEN,
    responses={200: schemas.ArticleResponse, **error_responses(401, 404)},
)
@login_required
def create_article_favorite(path: ArticlePath) -> schemas.ArticleResponse:
    """Favorite an article"""
    article = services.favorite_article(slug=path.slug, user=g.user)
    return schemas.ArticleResponse.model_validate({"article": article})


@bp.delete(
    "/articles/<slug>/favorite",
    tags=[{"name": "Favorites"}],
    security=TOKEN,
    responses={200: schemas.ArticleResponse, **error_responses(401, 404)},
)
@login_required
def delete_article_favorite(path: ArticlePath) -> schemas.ArticleResponse:
    """Unfavorite an article"""
    article = services.unfavorite_article(slug=path.slug, user=g.user)
    return schemas.ArticleResponse.model_validate({"article": article})


@bp.get(
    "/tags", tags=[{"name": "Tags"}], responses={200: schemas.TagsResponse, **error_responses(400)}
)
def get_tags() -> schemas.TagsResponse:
    """Get the tags in use"""
    return schemas.TagsResponse.model_validate({"tags": services.get_tags()})
