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
class PublishedEvent:
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
        self.published: list[PublishedEvent] = []

    def extend(self, published: list[PublishedEvent]) -> None:
        self.published = [*self.published, *published][-self.size :]

    def after(self, position: int) -> list[PublishedEvent] | None:
        """The events after that one; none where some of them are not held (any more)."""
        published = self.published
        if not published or position < published[0].id - 1:
            return None
        return published[position - published[0].id + 1 :]


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

    def replay(self, published: PublishedEvent, channel: str) -> str | None:
        """The frame of an event that is read for a new channel: none if it was sent before."""
        names = self.names_for(published)
        if published.id <= self.position and names != [channel]:
            return None
        return frame(published, names)

    def advance(self, published: PublishedEvent) -> str | None:
        """The frame of the next event, if there is one for this socket."""
        if published.id <= self.position:
            return None
        self.position = published.id
        return frame(published, self.names_for(published))

    def names_for(self, published: PublishedEvent) -> list[str]:
        return [
            name
            for name, subscription in self.channels.items()
            if subscription.since < published.id and self.concerns(published, name, subscription)
        ]

    def concerns(self, published: PublishedEvent, name: str, subscription: Subscription) -> bool:
        if name == "articles":
            return published.name in OF_ARTICLES
        if name == "feed":
            return published.name in OF_ARTICLES and self.user_id in published.followers
        return published.name in OF_ONE_ARTICLE and subscription.article_id == published.article_id


def frame(published: PublishedEvent, channels: list[str]) -> str | None:
    key = tuple(channels)
    if key and key not in published.frames:
        published.frames[key] = messages.event(
            published.id, channels, published.name, published.data
        )
    return published.frames.get(key)
