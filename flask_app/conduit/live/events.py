"""The outbox: an event is written in the transaction of its change."""

from datetime import timedelta
from typing import Any, Literal

from flask import current_app
from pydantic_core import to_json
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from ..clock import now
from ..database import db
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


def record(name: EventName, *, article_id: int, author_id: int, data: Any) -> None:
    """Write an event; call it last in the transaction.

    The counter's row stays locked until the commit, so that events are committed in the order
    of their ids. Everything that does not need the lock is done before.
    """
    session = db.session
    content = to_json(data, by_alias=True).decode()
    prune(session)
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # The foreign keys are deferred: they would lock the rows that they refer to after the
        # counter. A removal of these rows locks in the opposite order.
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        session.execute(select(func.pg_notify(NOTIFICATIONS, "")))  # sent at the commit
    number = update(EventCounter).values(value=EventCounter.value + 1)
    event_id = session.execute(number.returning(EventCounter.value)).scalar_one()
    event = insert(Event).values(
        id=event_id,
        name=name,
        article_id=article_id,
        author_id=author_id,
        data=content,
        created_at=now(),
    )
    session.execute(event)


def prune(session: Session) -> None:
    """Delete up to 100 expired events: more than one write adds, so that none stay."""
    kept_from = now() - timedelta(seconds=current_app.config["EVENT_RETENTION"])
    # Ordered by time to use its index; ordered by id, each write would read all kept events.
    over = (
        select(Event.id).where(Event.created_at < kept_from).order_by(Event.created_at).limit(100)
    )
    # Rows that another writer is deleting are skipped.
    over = over.with_for_update(skip_locked=True)
    session.execute(delete(Event).where(Event.id.in_(over)))
