"""Which events a socket gets, and through which of its channels."""

from dataclasses import dataclass, field

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
    # What was made of it, by channels: most sockets have the same ones.
    frames: dict[tuple[str, ...], str] = field(default_factory=dict)


class Backlog:
    """The newest events, one after another, for all sockets of the process.

    Readers in other threads keep what they have taken, so it is replaced and never changed.
    """

    def __init__(self, size: int = 500) -> None:
        self.size = size
        self.news: list[News] = []

    def extend(self, news: list[News]) -> None:
        self.news = [*self.news, *news][-self.size :]

    def after(self, position: int) -> list[News] | None:
        """The events after that one; none where some of them are not held (any more)."""
        news = self.news
        if not news or position < news[0].id - 1:
            return None
        return news[position - news[0].id + 1 :]


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
    key = tuple(channels)
    if key and key not in news.frames:
        news.frames[key] = messages.event(news.id, channels, news.name, news.data)
    return news.frames.get(key)
