"""Which events a socket gets, and through which of its channels."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from . import messages

OF_ARTICLES = {
    "article.created",
    "article.updated",
    "article.deleted",
    "article.favorited",
    "article.unfavorited",
}
OF_ONE_ARTICLE = (OF_ARTICLES - {"article.created"}) | {"comment.created", "comment.deleted"}


@dataclass(frozen=True, slots=True)
class News:
    """An event, with those users among the listeners who follow the article's author."""

    id: int
    name: str
    article_id: int
    author_id: int
    data: str
    followers: frozenset[int]


class Backlog:
    """The newest events, one after another, for all sockets of the process."""

    def __init__(self, size: int = 500) -> None:
        self.news: deque[News] = deque(maxlen=size)

    def extend(self, news: Iterable[News]) -> None:
        self.news.extend(news)

    def after(self, position: int) -> list[News] | None:
        """The events after that one; none where some of them are not held (any more)."""
        if not self.news or position < self.news[0].id - 1:
            return None
        return list(islice(self.news, position - self.news[0].id + 1, None))


@dataclass
class Subscription:
    """One channel of a socket: of which article, if it is an article's, and since which event."""

    article_id: int | None
    since: int


class Subscriptions:
    """The channels of one socket, and the last event that it was told of, or need not be."""

    def __init__(self, user_id: int | None) -> None:
        self.user_id = user_id
        self.position = 0
        self.channels: dict[str, Subscription] = {}
        self.asked_for_feed = False

    def add(self, channel: str, article_id: int | None, since: int) -> int:
        """Listen to a channel; returns the event after which to read what has not been told."""
        self.channels.pop(channel, None)
        start = min(since, self.position) if self.channels else since
        self.channels[channel] = Subscription(article_id, since)
        return start

    def remove(self, channel: str) -> None:
        self.channels.pop(channel, None)

    def replay(self, news: News, channel: str) -> str | None:
        """The frame of an event that is read for a new channel: none if it was sent before."""
        names = self.names_for(news)
        if news.id <= self.position and names != [channel]:
            return None
        return frame(news, names)

    def advance(self, news: News) -> str | None:
        """The frame of the next event, if there is one for this socket."""
        if news.id <= self.position:
            return None
        self.position = news.id
        return frame(news, self.names_for(news))

    def names_for(self, news: News) -> list[str]:
        return [
            name
            for name, subscription in self.channels.items()
            if subscription.since < news.id and self.concerns(news, name, subscription)
        ]

    def concerns(self, news: News, name: str, subscription: Subscription) -> bool:
        if name == "articles":
            return news.name in OF_ARTICLES
        if name == "feed":
            return news.name in OF_ARTICLES and self.user_id in news.followers
        return news.name in OF_ONE_ARTICLE and subscription.article_id == news.article_id


def frame(news: News, channels: list[str]) -> str | None:
    return messages.event(news.id, channels, news.name, news.data) if channels else None
