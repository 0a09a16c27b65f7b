from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts.models import User
from ..accounts.queries import seen_by
from ..database import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, insert_unless_there, violates
from ..errors import Forbidden, NotFound, Unavailable
from ..live import events
from ..schemas import now
from . import queries, schemas
from .models import Article, ArticleTag, Favorite, Tag
from .slugs import candidates_for, slug_of


async def get_articles(
    session: AsyncSession, *, filters: schemas.ArticleFilters, viewer: User | None
) -> schemas.ArticlesResponse:
    return await list_articles(session, queries.matching(filters), page=filters, viewer=viewer)


async def get_feed(
    session: AsyncSession, *, page: schemas.Page, user: User
) -> schemas.ArticlesResponse:
    return await list_articles(session, queries.by_followed_of(user), page=page, viewer=user)


async def list_articles(
    session: AsyncSession,
    conditions: Mapping[str, Any],
    *,
    page: schemas.Page,
    viewer: User | None,
) -> schemas.ArticlesResponse:
    parameters = {**conditions, "limit": page.limit, "offset": page.offset, **seen_by(viewer)}
    rows = (await session.execute(queries.newest_for_viewer(*conditions), parameters)).all()
    # Each row ends with the count; without rows the count takes a statement of its own.
    total = rows[0][-1] if rows else await session.scalar(queries.count(*conditions), parameters)
    return schemas.ArticlesResponse.model_validate({"articles": rows, "articles_count": total})


async def get_article(session: AsyncSession, *, slug: str, viewer: User | None) -> schemas.Article:
    parameters = {"slug": slug, **seen_by(viewer)}
    article = (await session.execute(queries.whole_for_viewer(), parameters)).one_or_none()
    if article is None:
        raise NotFound(article="not found")
    return schemas.Article.model_validate(article)


async def create_article(
    session: AsyncSession,
    *,
    author: User,
    title: str,
    description: str,
    body: str,
    tag_list: Sequence[str] = (),
) -> schemas.Article:
    created_at = now()
    article = Article(
        author_id=author.id,
        title=title,
        description=description,
        body=body,
        created_at=created_at,
        updated_at=created_at,
    )
    async with session.begin():
        for _ in range(MAX_ATTEMPTS):
            article.slug = await find_free_slug(session, title)
            try:
                async with session.begin_nested():
                    session.add(article)
                break
            except IntegrityError as error:
                if not violates(error, "articles_slug_key"):
                    raise  # any other error than that another writer took the slug
        else:
            raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)
        await set_tags(session, article.id, tag_list)
        return await finish(session, "article.created", article, viewer=author)


async def update_article(
    session: AsyncSession, *, slug: str, user: User, changes: dict[str, Any]
) -> schemas.Article:
    """Change the given fields; the slug changes only if the new title gives another one."""
    tag_list = changes.pop("tag_list", None)
    async with session.begin():
        article = await get_article_for_change(session, slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
        renamed = slug_of(changes.get("title", article.title)) != slug_of(article.title)
        for _ in range(MAX_ATTEMPTS):
            if renamed:
                changes["slug"] = await find_free_slug(session, changes["title"], article.id)
            try:
                async with session.begin_nested():
                    await session.execute(
                        update(Article).where(Article.id == article.id).values(changes)
                    )
                break
            except IntegrityError as error:
                if not violates(error, "articles_slug_key"):
                    raise  # any other error than that another writer took the slug
        else:
            raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)
        if tag_list is not None:
            await set_tags(session, article.id, tag_list)
        return await finish(session, "article.updated", article, viewer=user)


async def delete_article(session: AsyncSession, *, slug: str, user: User) -> None:
    async with session.begin():
        article = await get_article_for_change(session, slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        await session.execute(delete(Article).where(Article.id == article.id))
        await events.record(
            session,
            "article.deleted",
            article_id=article.id,
            author_id=article.author_id,
            data={"slug": article.slug},
        )


async def favorite_article(session: AsyncSession, *, slug: str, user: User) -> schemas.Article:
    async with session.begin():
        article = await get_article_for_change(session, slug)
        if await session.scalar(queries.favorite_of(user, article)) is not None:
            return await get_article(session, slug=slug, viewer=user)
        session.add(Favorite(user_id=user.id, article_id=article.id))
        return await finish(session, "article.favorited", article, viewer=user)


async def unfavorite_article(session: AsyncSession, *, slug: str, user: User) -> schemas.Article:
    async with session.begin():
        article = await get_article_for_change(session, slug)
        favorite = await session.scalar(queries.favorite_of(user, article))
        if favorite is None:
            return await get_article(session, slug=slug, viewer=user)
        await session.delete(favorite)
        return await finish(session, "article.unfavorited", article, viewer=user)


async def get_tags(session: AsyncSession) -> schemas.TagsResponse:
    tags = await session.scalars(queries.tags_in_use())
    return schemas.TagsResponse(tags=list(tags))


async def ensure_article(session: AsyncSession, slug: str) -> None:
    """Raise `NotFound` unless there is such an article."""
    if await session.scalar(queries.id_of(slug)) is None:
        raise NotFound(article="not found")


async def get_article_for_change(session: AsyncSession, slug: str) -> Article:
    article = await session.scalar(queries.for_change(slug))
    if article is None:
        raise NotFound(article="not found")
    return article


async def find_free_slug(session: AsyncSession, title: str, article_id: int = 0) -> str:
    """The first candidate that no other article has."""
    for candidates in candidates_for(title):
        taken = set(await session.scalars(queries.slugs_of_others(article_id, candidates)))
        for candidate in candidates:
            if candidate not in taken:
                return candidate
    raise AssertionError("the candidates have no end")


async def set_tags(session: AsyncSession, article_id: int, names: Sequence[str]) -> None:
    """Link the article with exactly these tags, and create the new ones."""
    await session.execute(delete(ArticleTag).where(ArticleTag.article_id == article_id))
    if names:
        # This waits for another writer that creates the same tag.
        await session.execute(insert_unless_there(session, Tag, [{"name": name} for name in names]))
    tags = await find_tags(session, names)
    session.add_all(ArticleTag(article_id=article_id, tag_id=tags[name]) for name in names)


async def find_tags(session: AsyncSession, names: Sequence[str]) -> dict[str, int]:
    """The ids of those of the tags that exist, by name."""
    tags = await session.scalars(queries.tags_among(names))
    return {tag.name: tag.id for tag in tags}


async def finish(
    session: AsyncSession, event: events.EventName, article: Article, *, viewer: User
) -> schemas.Article:
    """Record the event with the article as an anonymous reader sees it; return the viewer's."""
    await session.flush()
    shown = await get_article(session, slug=article.slug, viewer=viewer)
    author = shown.author.model_copy(update={"following": False})
    anonymous = shown.model_copy(update={"favorited": False, "author": author})
    await events.record(
        session,
        event,
        article_id=article.id,
        author_id=article.author_id,
        data=schemas.ArticleResponse(article=anonymous),
    )
    return shown
