from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from ..accounts.models import User
from ..accounts.queries import seen_by
from ..clock import now
from ..database import AnyRow, db
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


def get_articles(
    *, filters: schemas.ArticleFilters, viewer: User | None
) -> tuple[Sequence[AnyRow], int]:
    """A page of the articles that match the filters, and the number of all that match."""
    return list_articles(queries.matching(filters), page=filters, viewer=viewer)


def get_feed(*, page: schemas.Page, user: User) -> tuple[Sequence[AnyRow], int]:
    """A page of the articles by followed users, and the number of all of them."""
    return list_articles(queries.by_followed_of(user), page=page, viewer=user)


def list_articles(
    conditions: Mapping[str, Any], *, page: schemas.Page, viewer: User | None
) -> tuple[Sequence[AnyRow], int]:
    parameters = {**conditions, "limit": page.limit, "offset": page.offset, **seen_by(viewer)}
    rows = db.session.execute(queries.newest_for_viewer(*conditions), parameters).all()
    if rows:
        return rows, rows[0].total
    return rows, db.session.execute(queries.count(*conditions), parameters).scalar_one()


def get_article(*, slug: str, viewer: User | None) -> AnyRow:
    parameters = {"slug": slug, **seen_by(viewer)}
    article = db.session.execute(queries.whole_for_viewer(), parameters).one_or_none()
    if article is None:
        raise NotFound(article="not found")
    return article


def create_article(
    *, author: User, title: str, description: str, body: str, tag_list: Sequence[str] = ()
) -> AnyRow:
    created_at = now()
    article = Article(
        author_id=author.id,
        description=description,
        body=body,
        created_at=created_at,
        updated_at=created_at,
    )
    with db.begin():
        save(article, title=title)
        add_tags(article.id, tag_list)
        try:
            return record_event("article.created", article, viewer=author)
        except NotFound:  # an article is not shown without its author, who has just been deleted
            raise Unauthorized(token="is invalid") from None


def update_article(*, slug: str, user: User, changes: dict[str, Any]) -> AnyRow:
    """Change the given fields; the slug changes only if the new title gives another one."""
    changes = dict(changes)
    tag_list = changes.pop("tag_list", None)
    with db.begin():
        article = get_article_for_change(slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
        save(article, **changes)
        if tag_list is not None:
            db.session.execute(delete(ArticleTag).where(ArticleTag.article_id == article.id))
            add_tags(article.id, tag_list)
        return record_event("article.updated", article, viewer=user)


def delete_article(*, slug: str, user: User) -> None:
    with db.begin():
        article = get_article_for_change(slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        db.session.delete(article)
        events.record(
            "article.deleted",
            article_id=article.id,
            author_id=article.author_id,
            data={"slug": article.slug},
        )


def favorite_article(*, slug: str, user: User) -> AnyRow:
    with db.begin():
        article = get_article_for_change(slug)
        if db.session.scalar(queries.favorite_of(user, article)) is not None:
            return get_article(slug=slug, viewer=user)
        db.session.add(Favorite(user_id=user.id, article_id=article.id))
        return record_event("article.favorited", article, viewer=user)


def unfavorite_article(*, slug: str, user: User) -> AnyRow:
    with db.begin():
        article = get_article_for_change(slug)
        favorite = db.session.scalar(queries.favorite_of(user, article))
        if favorite is None:
            return get_article(slug=slug, viewer=user)
        db.session.delete(favorite)
        return record_event("article.unfavorited", article, viewer=user)


def get_tags() -> Sequence[str]:
    """The hundred most used tags, the most used first."""
    return db.session.scalars(queries.tags_in_use()).all()


def ensure_article(slug: str) -> None:
    """Raise `NotFound` if no article has this slug."""
    if db.session.scalar(queries.id_of(slug)) is None:
        raise NotFound(article="not found")


def get_article_for_change(slug: str) -> Article:
    """The article, locked until the commit; raises `NotFound`."""
    article = db.session.scalar(queries.for_change(slug))
    if article is None:
        raise NotFound(article="not found")
    return article


def save(article: Article, **changes: Any) -> None:
    """Write the article with the changes, and with a free slug if it is new or renamed."""
    article_id = article.id  # None for a new one
    title = changes.get("title", article.title)
    renamed = article_id is None or slug_of(title) != slug_of(article.title)
    for _ in range(MAX_ATTEMPTS):
        if renamed:
            changes["slug"] = find_free_slug(title, article_id)
        try:
            with db.session.begin_nested():
                for name, value in changes.items():
                    setattr(article, name, value)
                db.session.add(article)
            return
        except IntegrityError as error:
            if not is_unique_violation(error, "articles_slug_key"):
                raise
            # Another writer took the slug first: try the next one.
            if article_id is not None:
                db.session.refresh(article)  # the rollback has expired it
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


def find_free_slug(title: str, article_id: int | None) -> str:
    """The first candidate that no other article has."""
    for candidates in candidates_for(title):
        taken = set(db.session.scalars(queries.slugs_of_others(article_id, candidates)))
        for candidate in candidates:
            if candidate not in taken:
                return candidate
    raise AssertionError("the candidates have no end")


def add_tags(article_id: int, names: Sequence[str]) -> None:
    """Link the article with these tags, and create the new ones."""
    if not names:
        return
    # This waits for another writer that creates the same tag.
    rows = [{"name": name} for name in sorted(names)]
    db.session.execute(insert_or_ignore(db.session, Tag, rows))
    tags = db.session.scalars(queries.tags_among(names))
    db.session.add_all(ArticleTag(article_id=article_id, tag_id=tag.id) for tag in tags)


def record_event(event: events.EventName, article: Article, *, viewer: User) -> AnyRow:
    """Record the event, with the article as anonymous users see it; return the viewer's article."""
    db.session.flush()
    shown = get_article(slug=article.slug, viewer=viewer)
    public = get_article(slug=article.slug, viewer=None)
    events.record(
        event,
        article_id=article.id,
        author_id=article.author_id,
        data=schemas.ArticleResponse.model_validate({"article": public}),
    )
    return shown
