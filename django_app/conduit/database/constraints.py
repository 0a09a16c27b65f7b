"""Which constraint a write has violated."""

from django.apps import apps
from django.db import IntegrityError
from django.db.models import UniqueConstraint

# How many times a write is retried because another writer took its unique value.
MAX_ATTEMPTS = 100
TOO_MANY_ATTEMPTS = f"other writers took the value first {MAX_ATTEMPTS} times"


def is_unique_violation(error: IntegrityError, *names: str) -> bool:
    """Whether one of these unique constraints was violated."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name in names
    # SQLite's message has the name of an index on an expression, but the columns of a constraint.
    failed = str(error).removeprefix("UNIQUE constraint failed: ")
    return failed in {f"index '{name}'" for name in names} | {
        ", ".join(f"{model._meta.db_table}.{field}" for field in constraint.fields)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint) and constraint.name in names
    }
