from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts.models import User
from ..accounts.queries import seen_by
from ..clock import now
from ..database import AnyRow
from ..database.constraints import (
    MAX_ATTEMPTS,
    TOO_MANY_ATTEMPTS,
    insert_or_ignore,
    is_unique_violation,
)
from ..errors import Forbidden, NotFound, Unauthorized, Unavailable
from ..live import events
from . import queries, schemas
from .models import Article, ArticleTag, Favorite, Tag
from .slugs import candidates_for, slug_of


async def get_articles(
    session: AsyncSession, *, filters: schemas.ArticleFilters, viewer: User | None
) -> tuple[Sequence[AnyRow], int]:
    """A page of the articles that match the filters, and the number of all that match."""
    return await list_articles(session, queries.matching(filters), page=filters, viewer=viewer)


async def get_feed(
    session: AsyncSession, *, page: schemas.Page, user: User
) -> tuple[Sequence[AnyRow], int]:
    """A page of the articles by followed users, and the number of all of them."""
    return await list_articles(session, queries.by_followed_of(user), page=page, viewer=user)


async def list_articles(
    session: AsyncSession, conditions: Mapping[str, Any], *, page: schemas.Page, viewer: User | None
) -> tuple[Sequence[AnyRow], int]:
    parameters = {**conditions, "limit": page.limit, "offset": page.offset, **seen_by(viewer)}
    rows = (await session.execute(queries.newest_for_viewer(*conditions), parameters)).all()
    if rows:
        return rows, rows[0].total
    return rows, (await session.execute(queries.count(*conditions), parameters)).scalar_one()


async def get_article(session: AsyncSession, *, slug: str, viewer: User | None) -> AnyRow:
    parameters = {"slug": slug, **seen_by(viewer)}
    article = (await session.execute(queries.whole_for_viewer(), parameters)).one_or_none()
    if article is None:
        raise NotFound(article="not found")
    return article


async def create_article(
    session: AsyncSession,
    *,
    author: User,
    title: str,
    description: str,
    body: str,
    tag_list: Sequence[str] = (),
) -> AnyRow:
    created_at = now()
    article = Article(
        author_id=author.id,
        description=description,
        body=body,
        created_at=created_at,
        updated_at=created_at,
    )
    await save(session, article, title=title)
    await add_tags(session, article.id, tag_list)
    try:
        return await record_event(session, "article.created", article, viewer=author)
    except NotFound:  # an article is not shown without its author, who has just been deleted
        raise Unauthorized(token="is invalid") from None


async def update_article(
    session: AsyncSession, *, slug: str, user: User, changes: dict[str, Any]
) -> AnyRow:
    """Change the given fields; the slug changes only if the new title gives another one."""
    changes = dict(changes)
    tag_list = changes.pop("tag_list", None)
    article = await get_article_for_change(session, slug)
    if article.author_id != user.id:
        raise Forbidden(article="forbidden")
    changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
    await save(session, article, **changes)
    if tag_list is not None:
        await session.execute(delete(ArticleTag).where(ArticleTag.article_id == article.id))
        await add_tags(session, article.id, tag_list)
    return await record_event(session, "article.updated", article, viewer=user)


async def delete_article(session: AsyncSession, *, slug: str, user: User) -> None:
    article = await get_article_for_change(session, slug)
    if article.author_id != user.id:
        raise Forbidden(article="forbidden")
    await session.delete(article)
    await events.record(
        session,
        "article.deleted",
        article_id=article.id,
        author_id=article.author_id,
        data={"slug": article.slug},
    )


async def favorite_article(session: AsyncSession, *, slug: str, user: User) -> AnyRow:
    article = await get_article_for_change(session, slug)
    if await session.scalar(queries.favorite_of(user, article)) is not None:
        return await get_article(session, slug=slug, viewer=user)
    session.add(Favorite(user_id=user.id, article_id=article.id))
    return await record_event(session, "article.favorited", article, viewer=user)


async def unfavorite_article(session: AsyncSession, *, slug: str, user: User) -> AnyRow:
    article = await get_article_for_change(session, slug)
    favorite = await session.scalar(queries.favorite_of(user, article))
    if favorite is None:
        return await get_article(session, slug=slug, viewer=user)
    await session.delete(favorite)
    return await record_event(session, "article.unfavorited", article, viewer=user)


async def get_tags(session: AsyncSession) -> Sequence[str]:
    """The hundred most used tags, the most used first."""
    return (await session.scalars(queries.tags_in_use())).all()


async def ensure_article(session: AsyncSession, slug: str) -> None:
    """Raise `NotFound` if no article has this slug."""
    if await session.scalar(queries.id_of(slug)) is None:
        raise NotFound(article="not found")


async def get_article_for_change(session: AsyncSession, slug: str) -> Article:
    """The article, locked until the commit; raises `NotFound`."""
    article = await session.scalar(queries.for_change(slug))
    if article is None:
        raise NotFound(article="not found")
    return article


async def save(session: AsyncSession, article: Article, **changes: Any) -> None:
    """Write the article with the changes, and with a free slug if it is new or renamed."""
    article_id = article.id  # None for a new one
    title = changes.get("title", article.title)
    renamed = article_id is None or slug_of(title) != slug_of(article.title)
    for _ in range(MAX_ATTEMPTS):
        if renamed:
            changes["slug"] = await find_free_slug(session, title, article_id)
        try:
            async with session.begin_nested():
                for name, value in changes.items():
                    setattr(article, name, value)
                session.add(article)
            return
        except IntegrityError as error:
            if not is_unique_violation(error, "articles_slug_key"):
                raise
            # Another writer took the slug first: try the next one.
            if article_id is not None:
                await session.refresh(article)  # the rollback has expired it
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


async def find_free_slug(session: AsyncSession, title: str, article_id: int | None) -> str:
    """The first candidate that no other article has."""
    for candidates in candidates_for(title):
        taken = set(await session.scalars(queries.slugs_of_others(article_id, candidates)))
        for candidate in candidates:
            if candidate not in taken:
                return candidate
    raise AssertionError("the candidates have no end")


async def add_tags(session: AsyncSession, article_id: int, names: Sequence[str]) -> None:
    """Link the article with these tags, and create the new ones."""
    if not names:
        return
    # This waits for another writer that creates the same tag.
    rows = [{"name": name} for name in sorted(names)]
    await session.execute(insert_or_ignore(session, Tag, rows))
    tags = await session.scalars(queries.tags_among(names))
    session.add_all(ArticleTag(article_id=article_id, tag_id=tag.id) for tag in tags)


async def record_event(
    session: AsyncSession, event: events.EventName, article: Article, *, viewer: User
) -> AnyRow:
    """Record the event, with the article as anonymous users see it; return the viewer's article."""
    await session.flush()
    shown = await get_article(session, slug=article.slug, viewer=viewer)
    public = await get_article(session, slug=article.slug, viewer=None)
    await events.record(
        session,
        event,
        article_id=article.id,
        author_id=article.author_id,
        data=schemas.ArticleResponse.model_validate({"article": public}),
    )
    return shown
