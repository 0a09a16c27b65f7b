import re

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet

from ..accounts.models import User
from ..accounts.queries import with_following
from ..articles.models import Article
from ..articles.services import ensure_article, get_article_for_change, lock_articles
from ..clock import now
from ..errors import Forbidden, NotFound, Unauthorized
from ..live import events
from ..live.models import Event
from . import schemas
from .models import Comment

MAX_ID = 2**63 - 1


def get_comments(*, slug: str, viewer: User | AnonymousUser) -> list[Comment]:
    comments = Comment.objects.for_viewer(viewer).for_article(slug)
    shown = [with_following(comment) for comment in comments]
    if not shown:  # without comments, a second query has to find out whether the article exists
        ensure_article(slug)
    return shown


@transaction.atomic
def create_comment(*, slug: str, author: User, body: str) -> Comment:
    article = get_article_for_change(slug)
    created_at = now()
    comment = Comment.objects.create(
        article=article, author=author, body=body, created_at=created_at, updated_at=created_at
    )
    created = Comment.objects.for_viewer(author).filter(pk=comment.pk).first()
    if created is None:  # the author has just been deleted
        raise Unauthorized(token="is invalid")
    shown = with_following(created)
    # Users do not follow themselves, so the author sees the comment as every reader does.
    events.record(
        "comment.created",
        article_id=article.pk,
        author_id=article.author_id,
        data=schemas.CommentResponse.model_validate({"comment": shown}),
    )
    return shown


@transaction.atomic
def delete_comment(*, slug: str, comment_id: str, user: User) -> None:
    article = get_article_for_change(slug)
    comment = article.comments.filter(pk=read_id(comment_id)).first()
    if comment is None:
        raise NotFound(comment="not found")
    if comment.author_id != user.pk:
        raise Forbidden(comment="forbidden")
    event = deletion_of(comment, article)
    comment.delete()
    events.record_all([event])


@transaction.atomic
def remove_comments(comments: QuerySet[Comment]) -> None:
    events.record_all(delete_comments(comments))


def delete_comments(comments: QuerySet[Comment]) -> list[Event]:
    """Delete comments; returns the events to record at the end of the transaction."""
    comments = Comment.objects.filter(pk__in=list(comments.values_list("pk", flat=True)))
    held = lock_articles(Article.objects.filter(pk__in=comments.values("article")))
    articles = {article.pk: article for article in held}
    deleted = list(comments.filter(article__in=held).order_by("pk"))
    Comment.objects.filter(pk__in=[comment.pk for comment in deleted]).delete()
    return [deletion_of(comment, articles[comment.article_id]) for comment in deleted]


def deletion_of(comment: Comment, article: Article) -> Event:
    return events.new_event(
        "comment.deleted",
        article_id=article.pk,
        author_id=article.author_id,
        data={"id": comment.pk, "slug": article.slug},
    )


def read_id(text: str) -> int:
    """The id of a comment from a path; raises `NotFound` if it is not valid."""
    digits = text.lstrip("0")  # leading zeros count towards Python's limit of 4,300 digits
    if not re.fullmatch("[0-9]{1,19}", digits, re.ASCII) or int(digits) > MAX_ID:
        raise NotFound(comment="not found")
    return int(digits)
