from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from .models import Event, EventCounter


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the services write: the admin shows them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "article_id", "author_id", "created_at"]
    list_filter = ["name", "created_at"]
    search_fields = ["=article_id", "=author_id"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(EventCounter)
class EventCounterAdmin(ReadOnlyAdmin):
    list_display = ["value"]
