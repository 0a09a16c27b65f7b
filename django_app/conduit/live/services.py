from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings

from ..accounts.models import Follow
from ..articles.models import Article
from ..clock import now
from .messages import MessageError
from .models import Event, EventCounter
from .subscriptions import PublishedEvent


def get_start(*, channel: str, since: int | None, user_id: int | None) -> tuple[int | None, int]:
    """The ids of the channel's article, if any, and the newest event; raises `MessageError`."""
    article_id = get_article_of_channel(channel=channel, user_id=user_id)
    newest = get_newest()
    if since is not None:
        require_kept(since=since, newest=newest)
    return article_id, newest


def get_article_of_channel(*, channel: str, user_id: int | None) -> int | None:
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
    article_id = Article.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if article_id is None:
        raise MessageError(channel="not found")
    return article_id


def get_newest() -> int:
    return EventCounter.objects.values_list("value", flat=True).get()


def require_kept(*, since: int, newest: int) -> None:
    """Raise `MessageError` if `since` is no event's id, or if later events have been deleted."""
    if not 0 <= since <= newest:
        raise MessageError(since="is invalid")
    kept_from = now() - timedelta(seconds=settings.EVENT_RETENTION)
    oldest = Event.objects.oldest_since(kept_from)
    if since < newest and (oldest is None or since < oldest - 1):
        raise MessageError(since="is too old")


def get_published(
    *, after: int, get_listeners: Callable[[], Collection[int]]
) -> list[PublishedEvent]:
    """The next events, with the users who follow their authors.

    The listeners are read after the events: a socket that subscribes later starts after
    these events.
    """
    following = Event.objects.after(after).values_list(
        "id", "name", "article_id", "author_id", "data", named=True
    )
    events = list(following)
    followers: dict[int, set[int]] = defaultdict(set)
    listeners = get_listeners()
    if events and listeners:
        authors = {event.author_id for event in events}
        follows = Follow.objects.filter(follower__in=listeners, followed__in=authors)
        for follower_id, author_id in follows.values_list("follower", "followed"):
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
