"""What the admins of all domains share: no text is changed on its way, and no writer overwritten."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse


class ExactText(forms.CharField):
    """Text as it was typed: not trimmed, and with the line ends that it had before a browser."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "strip": False})

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\r\n", "\n") if value else value)


class ConduitAdmin(admin.ModelAdmin):
    ordering = ["-id"]
    show_full_result_count = False
    formfield_overrides: ClassVar[Any] = {
        models.CharField: {"form_class": ExactText},
        models.TextField: {"form_class": ExactText},
    }

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Django's own; the form says it where another writer was faster."""
        try:
            return super().changeform_view(request, *args, **options)
        except IntegrityError:
            return super().changeform_view(request, *args, **options)


class HoldingAdmin(ConduitAdmin):
    """Holds a row from the form's check until the commit."""

    def get_object(self, request: HttpRequest, *args: Any) -> Any:
        row = super().get_object(request, *args)
        if row is not None and request.method == "POST" and transaction.get_connection().in_atomic_block:
            return self.model.objects.for_change().filter(pk=row.pk).first()
        return row


class UnchangedAdmin(ConduitAdmin):
    """Rows that are added and deleted; there is nothing in them to change."""

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
