from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from ..accounts.queries import author_for_viewer
from ..articles.queries import id_of
from .models import Comment


@cache
def for_viewer() -> Select[*tuple[Any, ...]]:
    """Comments with their authors."""
    return select(
        Comment.id,
        Comment.created_at,
        Comment.updated_at,
        Comment.body,
        author_for_viewer(),
    ).join(Comment.author)


@cache
def for_article() -> Select[*tuple[Any, ...]]:
    """The comments on the article of the parameter `slug`."""
    article_id = id_of(bindparam("slug")).scalar_subquery()
    comments = for_viewer().where(Comment.article_id == article_id)
    return comments.order_by(Comment.id.desc())


def of_article(article_id: int, comment_id: int) -> Select[Comment]:
    return select(Comment).where(Comment.article_id == article_id, Comment.id == comment_id)
