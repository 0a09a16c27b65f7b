from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, func, select

from ..accounts.models import Follow, User
from ..accounts.queries import author_seen_by, has_username
from ..database import json_list
from .models import Article, ArticleTag, Favorite, Tag
from .schemas import ArticleFilters, Page


def favorited_by(viewer_id: int | None) -> ColumnElement[bool]:
    """Whether the article of the enclosing statement is a favorite of the viewer."""
    if viewer_id is None:
        return false()
    return exists().where(Favorite.user_id == viewer_id, Favorite.article_id == Article.id)


def seen_by(viewer: User | None) -> Select[*tuple[Any, ...]]:
    """Articles without their bodies, with author, favorites and tags."""
    return seen_by_id(viewer.id if viewer else None)


@lru_cache(maxsize=64)
def seen_by_id(viewer_id: int | None) -> Select[*tuple[Any, ...]]:
    """Kept for the next request: to build the statement takes longer than to send it."""
    favorites = select(func.count()).where(Favorite.article_id == Article.id)
    tags = select(json_list(Tag.name)).join(ArticleTag, ArticleTag.tag_id == Tag.id)
    return select(
        Article.slug,
        Article.title,
        Article.description,
        tags.where(ArticleTag.article_id == Article.id).scalar_subquery().label("tag_list"),
        Article.created_at,
        Article.updated_at,
        favorited_by(viewer_id).label("favorited"),
        favorites.scalar_subquery().label("favorites_count"),
        author_seen_by(viewer_id),
    ).join(Article.author)


def whole_seen_by(viewer: User | None) -> Select[*tuple[Any, ...]]:
    """The article of the parameter `slug`, with its body."""
    return whole_seen_by_id(viewer.id if viewer else None)


@lru_cache(maxsize=64)
def whole_seen_by_id(viewer_id: int | None) -> Select[*tuple[Any, ...]]:
    articles = seen_by_id(viewer_id).add_columns(Article.body)
    return articles.where(Article.slug == bindparam("slug"))


def matching(filters: ArticleFilters) -> list[ColumnElement[bool]]:
    """The conditions that the filters stand for, to be met together."""
    conditions: list[ColumnElement[bool]] = []
    if filters.tag is not None:
        tagged = select(ArticleTag.article_id).join(Tag, Tag.id == ArticleTag.tag_id)
        conditions.append(Article.id.in_(tagged.where(Tag.name == filters.tag)))
    if filters.author is not None:
        author = select(User.id).where(has_username(filters.author))
        conditions.append(Article.author_id.in_(author))
    if filters.favorited is not None:
        favorites = select(Favorite.article_id).join(User, User.id == Favorite.user_id)
        conditions.append(Article.id.in_(favorites.where(has_username(filters.favorited))))
    return conditions


def by_followed_of(user: User) -> list[ColumnElement[bool]]:
    """The condition that the user follows the author."""
    followed = select(Follow.followed_id).where(Follow.follower_id == user.id)
    return [Article.author_id.in_(followed)]


def newest_first(
    articles: Select[*tuple[Any, ...]], conditions: Sequence[ColumnElement[bool]], page: Page
) -> Select[*tuple[Any, ...]]:
    """The page is cut out first, so that nothing is looked up for the articles before it."""
    newest = Article.id.desc()
    ids = select(Article.id).where(*conditions).order_by(newest)
    cut = ids.limit(page.limit).offset(page.offset)
    return articles.where(Article.id.in_(cut)).order_by(newest)


def count(conditions: Sequence[ColumnElement[bool]]) -> Select[int]:
    return select(func.count()).select_from(Article).where(*conditions)


def id_of(slug: str) -> Select[int]:
    return select(Article.id).where(Article.slug == slug)


def for_change(slug: str) -> Select[Article]:
    """The article, held until the commit, so that what hangs on it cannot lose it."""
    return select(Article).where(Article.slug == slug).with_for_update(key_share=True)


def slugs_of_others(article_id: int, candidates: Sequence[str]) -> Select[str]:
    return select(Article.slug).where(Article.slug.in_(candidates), Article.id != article_id)


def favorite_of(user: User, article: Article) -> Select[Favorite]:
    return select(Favorite).where(Favorite.user_id == user.id, Favorite.article_id == article.id)


def tags_among(names: Sequence[str]) -> Select[Tag]:
    return select(Tag).where(Tag.name.in_(names))


@cache
def tags_in_use() -> Select[str]:
    return (
        select(Tag.name)
        .join(ArticleTag, ArticleTag.tag_id == Tag.id)
        .group_by(Tag.id, Tag.name)
        .order_by(func.count().desc(), Tag.id)
        .limit(100)
    )
