"""The outbox: an event is written in the transaction of its change."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.transaction import TransactionManagementError
from pydantic_core import to_json

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


def record(name: EventName, *, article_id: int, author_id: int, data: Any) -> None:
    """Write an event; call it last in the transaction.

    The counter's row stays locked until the commit, so that events are committed in the order
    of their ids. Everything that does not need the lock is done before.
    """
    record_all([new_event(name, article_id=article_id, author_id=author_id, data=data)])


def new_event(name: EventName, *, article_id: int, author_id: int, data: Any) -> Event:
    """An event without its number, for `record_all`."""
    content = to_json(data, by_alias=True).decode()
    return Event(name=name, article_id=article_id, author_id=author_id, data=content)


def record_all(events: Sequence[Event]) -> None:
    """Write many events as `record` writes one: in few statements, since other writers wait."""
    if not events:
        return
    if not connection.in_atomic_block:
        raise TransactionManagementError("events are recorded in a transaction: use atomic()")
    prune(100 * len(events))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # The foreign keys are deferred: they would lock the rows that they refer to after
            # the counter. A removal of these rows locks in the opposite order.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"NOTIFY {NOTIFICATIONS}")  # sent at the commit
    counter = EventCounter(pk=1, value=F("value") + len(events))
    counter.save(update_fields=["value"])  # and reads the new value back
    for number, event in enumerate(events, start=counter.value - len(events) + 1):
        event.id, event.created_at = number, now()
    Event.objects.bulk_create(events, batch_size=200)  # one statement has a time limit


def prune(limit: int) -> None:
    """Delete up to `limit` expired events: more than are added, so that none stay."""
    kept_from = now() - timedelta(seconds=settings.EVENT_RETENTION)
    # Rows that another writer is deleting are skipped.
    over = Event.objects.select_for_update(skip_locked=True).filter(created_at__lt=kept_from)
    # Ordered by time to use its index; ordered by id, each write would read all kept events.
    over = over.order_by("created_at")[:limit]
    Event.objects.filter(pk__in=over.values("pk")).delete()
