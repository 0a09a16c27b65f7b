from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..accounts.models import User
from ..accounts.queries import seen_by
from ..database import AnyRow, db
from ..database.constraints import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, insert_unless_there, violates
from ..errors import Forbidden, NotFound, Unavailable
from ..live import events
from ..schemas import now
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
    return read_article(db.session, slug=slug, viewer=viewer)


def read_article(session: Session, *, slug: str, viewer: User | None) -> AnyRow:
    parameters = {"slug": slug, **seen_by(viewer)}
    article = session.execute(queries.whole_for_viewer(), parameters).one_or_none()
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
    with db.begin() as session:
        save(session, article, title=title)
        set_tags(session, article.id, tag_list)
        return record_event(session, "article.created", article, viewer=author)


def update_article(*, slug: str, user: User, changes: dict[str, Any]) -> AnyRow:
    """Change the given fields; the slug changes only if the new title gives another one."""
    changes = dict(changes)
    tag_list = changes.pop("tag_list", None)
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
        save(session, article, **changes)
        if tag_list is not None:
            set_tags(session, article.id, tag_list)
        return record_event(session, "article.updated", article, viewer=user)


def delete_article(*, slug: str, user: User) -> None:
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        if article.author_id != user.id:
            raise Forbidden(article="forbidden")
        session.delete(article)
        events.record(
            session,
            "article.deleted",
            article_id=article.id,
            author_id=article.author_id,
            data={"slug": article.slug},
        )


def favorite_article(*, slug: str, user: User) -> AnyRow:
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        if session.scalar(queries.favorite_of(user, article)) is not None:
            return read_article(session, slug=slug, viewer=user)
        session.add(Favorite(user_id=user.id, article_id=article.id))
        return record_event(session, "article.favorited", article, viewer=user)


def unfavorite_article(*, slug: str, user: User) -> AnyRow:
    with db.begin() as session:
        article = get_article_for_change(session, slug)
        favorite = session.scalar(queries.favorite_of(user, article))
        if favorite is None:
            return read_article(session, slug=slug, viewer=user)
        session.delete(favorite)
        return record_event(session, "article.unfavorited", article, viewer=user)


def get_tags() -> Sequence[str]:
    """The hundred tags that most articles have, the most used first."""
    return db.session.scalars(queries.tags_in_use()).all()


def ensure_article(session: Session, slug: str) -> None:
    """Raise `NotFound` unless there is such an article."""
    if session.scalar(queries.id_of(slug)) is None:
        raise NotFound(article="not found")


def get_article_for_change(session: Session, slug: str) -> Article:
    """The article, locked until the commit; raises `NotFound`."""
    article = session.scalar(queries.for_change(slug))
    if article is None:
        raise NotFound(article="not found")
    return article


def save(session: Session, article: Article, **changes: Any) -> None:
    """Write the article with the changes, and with a free slug where the title asks for one."""
    article_id = article.id  # None for a new one
    title = changes.get("title", article.title)
    renamed = article_id is None or slug_of(title) != slug_of(article.title)
    for _ in range(MAX_ATTEMPTS):
        if renamed:
            changes["slug"] = find_free_slug(session, title, article_id)
        try:
            with session.begin_nested():
                for name, value in changes.items():
                    setattr(article, name, value)
                session.add(article)
            return
        except IntegrityError as error:
            if not violates(error, "articles_slug_key"):
                raise
            # Another writer took the slug first: then it is tried again with the next one.
            if article_id is not None:
                session.refresh(article)  # the rollback has expired it
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


def find_free_slug(session: Session, title: str, article_id: int | None) -> str:
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
    tags = session.scalars(queries.tags_among(names))
    session.add_all(ArticleTag(article_id=article_id, tag_id=tag.id) for tag in tags)


def record_event(
    session: Session, event: events.EventName, article: Article, *, viewer: User
) -> AnyRow:
    """Record the event, with the article as anyone sees it; return it as the viewer does."""
    session.flush()
    shown = read_article(session, slug=article.slug, viewer=viewer)
    public = read_article(session, slug=article.slug, viewer=None)
    events.record(
        session,
        event,
        article_id=article.id,
        author_id=article.author_id,
        data=schemas.ArticleResponse.model_validate({"article": public}),
    )
    return shown
