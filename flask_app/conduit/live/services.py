from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import timedelta

from flask import current_app
from sqlalchemy.orm import Session

from ..articles import queries as articles
from ..clock import now
from . import queries
from .messages import MessageError
from .subscriptions import PublishedEvent


def get_start(
    session: Session, *, channel: str, since: int | None, user_id: int | None
) -> tuple[int | None, int]:
    """The ids of the channel's article, if any, and the newest event; raises `MessageError`."""
    article_id = get_article_of_channel(session, channel=channel, user_id=user_id)
    newest = get_newest(session)
    if since is not None:
        require_kept(session, since=since, newest=newest)
    return article_id, newest


def get_article_of_channel(session: Session, *, channel: str, user_id: int | None) -> int | None:
    """The id of the channel's article, None for a channel of many; raises `MessageError`."""
    if channel == "articles":
        return None
    if channel == "feed":
        if user_id is None:
            raise MessageError(token="is missing")
        return None
    kind, _, slug = channel.partition(":")
    if kind != "article":
        raise MessageError(channel="is invalid")
    article_id = session.scalar(articles.id_of(slug))
    if article_id is None:
        raise MessageError(channel="not found")
    return article_id


def get_newest(session: Session) -> int:
    return session.scalars(queries.newest()).one()


def require_kept(session: Session, *, since: int, newest: int) -> None:
    """Raise `MessageError` if `since` is no event's id, or if later events have been deleted."""
    if not 0 <= since <= newest:
        raise MessageError(since="is invalid")
    kept_from = now() - timedelta(seconds=current_app.config["EVENT_RETENTION"])
    oldest = session.scalar(queries.oldest_since(kept_from))
    if since < newest and (oldest is None or since < oldest - 1):
        raise MessageError(since="is too old")


def get_published(
    session: Session, *, after: int, get_listeners: Callable[[], Collection[int]]
) -> list[PublishedEvent]:
    """The next events, with the users who follow their authors.

    The listeners are read after the events: a socket that subscribes later starts after
    these events.
    """
    events = session.execute(queries.after(after)).all()
    followers: dict[int, set[int]] = defaultdict(set)
    listeners = get_listeners()
    if events and listeners:
        authors = {event.author_id for event in events}
        for follower_id, author_id in session.execute(queries.follows(listeners, authors)):
            followers[author_id].add(follower_id)
    return [
        PublishedEvent(
            id=event.id,
            name=event.name,
            article_id=event.article_id,
            author_id=event.author_id,
            data=event.data,
            followers=frozenset(followers[event.author_id]),
        )
        for event in events
    ]
