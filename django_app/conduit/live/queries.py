from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Min, QuerySet

if TYPE_CHECKING:
    from .models import Event  # noqa: F401


class EventQuerySet(QuerySet["Event"]):
    def oldest_since(self, moment: datetime) -> int | None:
        oldest: int | None = self.filter(created_at__gte=moment).aggregate(id=Min("pk"))["id"]
        return oldest

    def after(self, position: int) -> EventQuerySet:
        return self.filter(pk__gt=position).order_by("pk")[:100]
