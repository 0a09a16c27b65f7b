"""System checks: `python manage.py check --database default`; `migrate` runs them first."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, router

from ..database import without_pool
from .adoption import needs_adoption


@register(Tags.database)
def check_tables(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Stop `migrate` before it creates tables that exist."""
    error = Error(
        "The tables of this database were made by another app.",
        hint="Run `python manage.py adopt`, then `python manage.py migrate`.",
        id="core.E001",
    )
    for alias in databases or []:
        if not router.allow_migrate_model(alias, get_user_model()):
            continue
        with without_pool(connections[alias]):
            if needs_adoption(connections[alias]):
                return [error]
    return []
