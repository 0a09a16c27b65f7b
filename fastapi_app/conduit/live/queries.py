from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from ..accounts.models import Follow
from .models import Event, EventCounter


def newest() -> Select[int]:
    """The id of the newest event, whether or not it is still kept."""
    return select(EventCounter.value)


def oldest_since(moment: datetime) -> Select[Any]:
    """The id of the oldest event since then, or NULL."""
    return select(func.min(Event.id)).where(Event.created_at >= moment)


def after(position: int) -> Select[int, str, int, int, str]:
    """The next events, with the columns that sockets need."""
    events = select(Event.id, Event.name, Event.article_id, Event.author_id, Event.data)
    return events.where(Event.id > position).order_by(Event.id).limit(100)


def follows(followers: Collection[int], authors: Collection[int]) -> Select[int, int]:
    return select(Follow.follower_id, Follow.followed_id).where(
        Follow.follower_id.in_(followers), Follow.followed_id.in_(authors)
    )
