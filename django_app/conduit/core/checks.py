"""System checks: `python manage.py check --database default`; `migrate` runs them first."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from ..database import without_pool
from .adoption import needs_adoption


@register(Tags.database)
def check_tables(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Let `migrate` stop before it makes tables that are there."""
    error = Error(
        "The tables of this database were made by another app.",
        hint="Run `python manage.py adopt`, then `python manage.py migrate`.",
        id="core.E001",
    )
    for alias in databases or []:
        with without_pool(connections[alias]):
            if needs_adoption(connections[alias]):
                return [error]
    return []
