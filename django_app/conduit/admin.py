"""What the admins of all domains share: exact text, and rows that are locked while they change."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from .database.constraints import is_unique_violation
from .errors import ApiError

# Characters: a longer field gets a text area, since a one-line input drops line feeds.
LONGEST_LINE = 254


class ExactText(forms.CharField):
    """Text as it was typed: not trimmed, and with line feeds instead of a browser's CR LF."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "strip": False})

    def to_python(self, value: Any) -> Any:
        return super().to_python(with_line_feeds(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(with_line_feeds(initial), data)


def with_line_feeds(text: Any) -> Any:
    """The text without the CR that a form puts before each line feed."""
    return text.replace("\r\n", "\n") if text else text


class ConduitAdmin(admin.ModelAdmin):
    ordering = ["-id"]
    show_full_result_count = False
    formfield_overrides: ClassVar[Any] = {
        models.CharField: {"form_class": ExactText},
        models.TextField: {"form_class": ExactText},
        models.SlugField: {"form_class": forms.SlugField},
    }

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **options: Any
    ) -> Any:
        is_text = isinstance(db_field, models.CharField) and not db_field.choices
        if is_text and (db_field.max_length or 0) > LONGEST_LINE:
            options["widget"] = AdminTextareaWidget({"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **options)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Django's view, retried once if another writer took a unique value after the check.

        An error of a service is shown above a newly loaded form, since the row may have changed.
        """
        try:
            try:
                return super().changeform_view(request, *args, **options)
            except IntegrityError as error:
                if not is_unique_violation(error, *unique_constraints(self.model)):
                    raise
                return super().changeform_view(request, *args, **options)
        except ApiError as error:
            if error.status >= 500:
                raise
            for field, [message] in error.errors.items():
                messages.error(request, f"{field} {message}")
            return HttpResponseRedirect(request.path)


def unique_constraints(model: type[models.Model]) -> list[str]:
    constraints = model._meta.constraints
    return [each.name for each in constraints if isinstance(each, models.UniqueConstraint)]


class LockingAdmin(ConduitAdmin):
    """Locks a row from the form's check until the commit."""

    def get_object(self, request: HttpRequest, *args: Any) -> Any:
        row = super().get_object(request, *args)
        in_transaction = transaction.get_connection().in_atomic_block
        if row is not None and request.method == "POST" and in_transaction:
            return self.model.objects.for_change().filter(pk=row.pk).first()
        return row


class UnchangedAdmin(ConduitAdmin):
    """Rows that can be added and deleted, but not changed."""

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
