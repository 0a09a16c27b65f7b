from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..accounts.models import User
from ..accounts.queries import seen_by
from ..database import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, db, insert_unless_there, violates
from ..errors import Forbidden, NotFound, Unavailable
from ..live import events
from ..schemas import now
from . import queries, schemas
from .models import Article, ArticleTag, Favorite, Tag
from .slugs import candidates_for, slug_of


def get_articles(
    *, filters: schemas.ArticleFilters, viewer: User | None
) -> schemas.ArticlesResponse:
    return list_articles(queries.matching(filters), page=filters, viewer=viewer)


def get_feed(*, page: schemas.Page, user: User) -> schemas.ArticlesResponse:
    return list_articles(queries.by_followed_of(user), page=page, viewer=user)


def list_articles(
    conditions: Mapping[str, Any], *, page: schemas.Page, viewer: User | None
) -> schemas.ArticlesResponse:
    parameters = {**conditions, "limit": page.limit, "offset": page.offset, **seen_by(viewer)}
    rows = db.session.execute(queries.newest_for_viewer(*conditions), parameters).all()
    # Each row ends with the count; without rows the count takes a statement of its own.
    total = rows[0][-1] if rows else db.session.scalar(queries.count(*conditions), parameters)
    return schemas.ArticlesResponse.model_validate({"articles": rows, "articles_count": total})


def get_article(*, slug: str, viewer: User | None) -> schemas.Article:
    return show_article(db.session, slug=slug, viewer=viewer)


def show_article(session: Session, *, slug: str, viewer: User | None) -> schemas.Article:
    parameters = {"slug": slug, **seen_by(viewer)}
    article = session.execute(queries.whole_for_viewer(), parameters).one_or_none()
    if article is None:
        raise NotFound(article="not found")
    return schemas.Article.model_validate(article)


def create_article(
    *, author: User, title: str, description: str, body: str, tag_list: Sequence[str] = ()
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
    with db.begin() as session:
        for _ in range(MAX_ATTEMPTS):
            article.slug = find_free_slug(session, title)
            try:
                with session.begin_nested():
                    session.add(article)
                break
            except IntegrityError as error:
                if not violates(error, "articles_slug_key"):
                    raise  # any other error than that another writer took the slug
        else:
            raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)
        set_tags(session, article.id, tag_list)
        return finish(session, "article.created", article, viewer=author)


def update_article(*, slug: str, user: User, changes: dict[str, Any]) -> schemas.Article:
    """Change the given fields; the slug changes only if the new title gives another one."""
    tag_list = changes.pop("tag_list", None)
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
        renamed = slug_of(changes.get("title", article.title)) != slug_of(article.title)
        for _ in range(MAX_ATTEMPTS):
            if renamed:
                changes["slug"] = find_free_slug(session, changes["title"], article.id)
            try:
                with session.begin_nested():
                    session.execute(update(Article).where(Article.id == article.id).values(changes))
                break
            except IntegrityError as error:
                if not violates(error, "articles_slug_key"):
                    raise  # any other error than that another writer took the slug
        else:
            raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)
        if tag_list is not None:
            set_tags(session, article.id, tag_list)
        return finish(session, "article.updated", article, viewer=user)


def delete_article(*, slug: str, user: User) -> None:
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        session.execute(delete(Article).where(Article.id == article.id))
        events.record(
            session,
            "article.deleted",
            article_id=article.id,
            author_id=article.author_id,
            data={"slug": article.slug},
        )


def favorite_article(*, slug: str, user: User) -> schemas.Article:
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        if session.scalar(queries.favorite_of(user, article)) is not None:
            return show_article(session, slug=slug, viewer=user)
        session.add(Favorite(user_id=user.id, article_id=article.id))
        return finish(session, "article.favorited", article, viewer=user)


def unfavorite_article(*, slug: str, user: User) -> schemas.Article:
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        favorite = session.scalar(queries.favorite_of(user, article))
        if favorite is None:
            return show_article(session, slug=slug, viewer=user)
        session.delete(favorite)
        return finish(session, "article.unfavorited", article, viewer=user)


def get_tags() -> schemas.TagsResponse:
    tags = db.session.scalars(queries.tags_in_use())
    return schemas.TagsResponse(tags=list(tags))


def ensure_article(session: Session, slug: str) -> None:
    """Raise `NotFound` unless there is such an article."""
    if session.scalar(queries.id_of(slug)) is None:
        raise NotFound(article="not found")


def get_article_for_change(session: Session, slug: str) -> Article:
    article = session.scalar(queries.for_change(slug))
    if article is None:
        raise NotFound(article="not found")
    return article


def find_free_slug(session: Session, title: str, article_id: int = 0) -> str:
    """The first candidate that no other article has."""
    for candidates in candidates_for(title):
        taken = set(session.scalars(queries.slugs_of_others(article_id, candidates)))
        for candidate in candidates:
            if candidate not in taken:
                return candidate
    raise AssertionError("the candidates have no end")


def set_tags(session: Session, article_id: int, names: Sequence[str]) -> None:
    """Link the article with exactly these tags, and create the new ones."""
    session.execute(delete(ArticleTag).where(ArticleTag.article_id == article_id))
    if names:
        # This waits for another writer that creates the same tag.
        session.execute(insert_unless_there(session, Tag, [{"name": name} for name in names]))
    tags = find_tags(session, names)
    session.add_all(ArticleTag(article_id=article_id, tag_id=tags[name]) for name in names)


def find_tags(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The ids of those of the tags that exist, by name."""
    tags = session.scalars(queries.tags_among(names))
    return {tag.name: tag.id for tag in tags}


def finish(
    session: Session, event: events.EventName, article: Article, *, viewer: User
) -> schemas.Article:
    """Record the event with the article as an anonymous reader sees it; return the viewer's."""
    session.flush()
    shown = show_article(session, slug=article.slug, viewer=viewer)
    author = shown.author.model_copy(update={"following": False})
    anonymous = shown.model_copy(update={"favorited": False, "author": author})
    events.record(
        session,
        event,
        article_id=article.id,
        author_id=article.author_id,
        data=schemas.ArticleResponse(article=anonymous),
    )
    return shown
