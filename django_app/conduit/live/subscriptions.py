"""Which events a socket gets, and by which of its channels."""

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
    """An event, with the listeners who follow the author of its article."""

    id: int
    name: str
    article_id: int
    author_id: int
    data: str
    followers: frozenset[int]
    # The frames of the event, by channels: most sockets have the same ones.
    frames: dict[tuple[str, ...], str] = field(default_factory=dict)


class Backlog:
    """The newest events in order, for all sockets of the process.

    A reader may keep the list that it has taken, so it is replaced and never changed.
    """

    def __init__(self, size: int = 500) -> None:
        self.size = size
        self.published: list[PublishedEvent] = []

    def extend(self, published: list[PublishedEvent]) -> None:
        self.published = [*self.published, *published][-self.size :]

    def after(self, position: int) -> list[PublishedEvent] | None:
        """The events after this position; None if some of them are no longer in memory."""
        published = self.published
        if not published or position < published[0].id - 1:
            return None
        return published[position - published[0].id + 1 :]


@dataclass
class Subscription:
    """One channel of a socket: its article, if it has one, and the event that it starts after."""

    article_id: int | None
    since: int


class Subscriptions:
    """The channels of one socket, and the newest event that it has been sent or does not need."""

    def __init__(self, user_id: int | None) -> None:
        self.user_id = user_id
        self.position = 0
        self.channels: dict[str, Subscription] = {}
        self.subscribed_to_feed = False

    def add(self, channel: str, article_id: int | None, since: int) -> int:
        """Add a channel; returns the event after which events have not been sent yet."""
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
