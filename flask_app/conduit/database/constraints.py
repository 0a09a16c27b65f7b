"""Recognizes or avoids violations of unique constraints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Index, Insert, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .columns import Base

# How many times a write is retried because another writer took its unique value.
MAX_ATTEMPTS = 100
TOO_MANY_ATTEMPTS = f"other writers took the value first {MAX_ATTEMPTS} times"
# SQLAlchemy has ON CONFLICT only for each dialect, although both databases support it.
INSERTS: Mapping[str, Callable[..., Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def is_unique_violation(error: IntegrityError, *names: str) -> bool:
    """Whether the error is a violation of one of these unique constraints or indexes."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name in names)
    # SQLite's message has the name of an index on an expression, but the columns of all others.
    failed = str(error.orig).removeprefix("UNIQUE constraint failed: ")
    return failed in {f"index '{name}'" for name in names} | {
        ", ".join(f"{table.name}.{column.name}" for column in unique.columns)
        for table in Base.metadata.tables.values()
        for unique in (*table.constraints, *table.indexes)
        if isinstance(unique, UniqueConstraint | Index) and unique.name in names
    }


def insert_or_ignore(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> Insert:
    """An insert that leaves out the rows that would violate a unique constraint."""
    into = INSERTS[session.get_bind().dialect.name](model)
    statement: Insert = into.values(rows).on_conflict_do_nothing()
    return statement
