from django.db import models
from django.db.models import Q

from .queries import EventQuerySet


class Event(models.Model):
    """The outbox of events, written in the transaction of the change.

    It has no foreign keys, since it remains when the article is deleted.
    """

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=32)
    article_id = models.BigIntegerField()
    author_id = models.BigIntegerField()
    data = models.TextField()
    created_at = models.DateTimeField()

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = "events"
        indexes = [models.Index(fields=["created_at"], name="events_created_idx")]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"


class EventCounter(models.Model):
    """The one row that numbers the events; an update locks it until the commit."""

    id = models.SmallIntegerField(primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        db_table = "event_counter"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="event_counter_one_row_check")
        ]

    def __str__(self) -> str:
        return str(self.value)
