from functools import lru_cache
from typing import Any

from sqlalchemy import Select, select

from ..accounts.models import User
from ..accounts.queries import author_seen_by
from .models import Comment


def seen_by(viewer: User | None) -> Select[*tuple[Any, ...]]:
    """Comments with their authors."""
    return seen_by_id(viewer.id if viewer else None)


@lru_cache(maxsize=64)
def seen_by_id(viewer_id: int | None) -> Select[*tuple[Any, ...]]:
    """Kept for the next request: to build the statement takes longer than to send it."""
    return select(
        Comment.id,
        Comment.created_at,
        Comment.updated_at,
        Comment.body,
        author_seen_by(viewer_id),
    ).join(Comment.author)


def for_article(comments: Select[*tuple[Any, ...]], article_id: int) -> Select[*tuple[Any, ...]]:
    return comments.where(Comment.article_id == article_id).order_by(Comment.id.desc())


def of_article(article_id: int, comment_id: int) -> Select[Comment]:
    return select(Comment).where(Comment.article_id == article_id, Comment.id == comment_id)
