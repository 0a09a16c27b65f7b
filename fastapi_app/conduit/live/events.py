"""The outbox: an event is written in the transaction of its change."""

from datetime import timedelta
from typing import Any, Literal

from pydantic_core import to_json
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from .models import Event, EventCounter

NOTIFICATIONS = "conduit_events"

EventName = Literal[
    "article.created",
    "article.updated",
    "article.deleted",
    "article.favorited",
    "article.unfavorited",
    "comment.created",
    "comment.deleted",
]


async def record(
    session: AsyncSession, name: EventName, *, article_id: int, author_id: int, data: Any
) -> None:
    """Write an event; call it last in the transaction.

    The counter's row stays locked until the commit, so that events are committed in the order
    of their ids. Everything that does not need the lock is done before.
    """
    content = to_json(data, by_alias=True).decode()
    await prune(session)
    await session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # The foreign keys are deferred: they would lock the rows that they refer to after the
        # counter. A removal of these rows locks in the opposite order.
        await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await session.execute(select(func.pg_notify(NOTIFICATIONS, "")))  # sent at the commit
    number = update(EventCounter).values(value=EventCounter.value + 1)
    event_id = (await session.execute(number.returning(EventCounter.value))).scalar_one()
    event = insert(Event).values(
        id=event_id,
        name=name,
        article_id=article_id,
        author_id=author_id,
        data=content,
        created_at=now(),
    )
    await session.execute(event)


async def prune(session: AsyncSession) -> None:
    """Delete up to 100 expired events: more than one write adds, so that none stay."""
    kept_from = now() - timedelta(seconds=session.info["event_retention"])
    # Ordered by time to use its index; ordered by id, each write would read all kept events.
    over = (
        select(Event.id).where(Event.created_at < kept_from).order_by(Event.created_at).limit(100)
    )
    # Rows that another writer is deleting are skipped.
    over = over.with_for_update(skip_locked=True)
    await session.execute(delete(Event).where(Event.id.in_(over)))
