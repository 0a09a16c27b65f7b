import re
from collections.abc import Sequence

from ..accounts.models import User
from ..accounts.queries import seen_by
from ..articles.services import ensure_article, get_article_for_change
from ..clock import now
from ..database import AnyRow, db
from ..errors import Forbidden, NotFound, Unauthorized
from ..live import events
from . import queries, schemas
from .models import Comment

MAX_ID = 2**63 - 1


def get_comments(*, slug: str, viewer: User | None) -> Sequence[AnyRow]:
    parameters = {"slug": slug, **seen_by(viewer)}
    rows = db.session.execute(queries.for_article(), parameters).all()
    if not rows:  # without comments, a second statement has to find out whether the article exists
        ensure_article(slug)
    return rows


def create_comment(*, slug: str, author: User, body: str) -> AnyRow:
    with db.begin():
        article = get_article_for_change(slug)
        created_at = now()
        comment = Comment(
            article_id=article.id,
            author_id=author.id,
            body=body,
            created_at=created_at,
            updated_at=created_at,
        )
        db.session.add(comment)
        db.session.flush()
        created = queries.for_viewer().where(Comment.id == comment.id)
        shown = db.session.execute(created, seen_by(author)).one_or_none()
        if shown is None:  # the author has just been deleted
            raise Unauthorized(token="is invalid")
        # Users do not follow themselves, so the author sees the comment as every reader does.
        events.record(
            "comment.created",
            article_id=article.id,
            author_id=article.author_id,
            data=schemas.CommentResponse.model_validate({"comment": shown}),
        )
        return shown


def delete_comment(*, slug: str, comment_id: str, user: User) -> None:
    with db.begin():
        article = get_article_for_change(slug)
        comment = db.session.scalar(queries.of_article(article.id, read_id(comment_id)))
        if comment is None:
            raise NotFound(comment="not found")
        if comment.author_id != user.id:
            raise Forbidden(comment="forbidden")
        db.session.delete(comment)
        events.record(
            "comment.deleted",
            article_id=article.id,
            author_id=article.author_id,
            data={"id": comment.id, "slug": article.slug},
        )


def read_id(text: str) -> int:
    """The id of a comment from a path; raises `NotFound` if it is not valid."""
    digits = text.lstrip("0")  # leading zeros count towards Python's limit of 4,300 digits
    if not re.fullmatch("[0-9]{1,19}", digits, re.ASCII) or int(digits) > MAX_ID:
        raise NotFound(comment="not found")
    return int(digits)
