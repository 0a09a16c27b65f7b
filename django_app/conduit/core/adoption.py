"""Taking over a database whose tables another app made: what the command `adopt` does."""

import re
from typing import Any, cast

from django.apps import apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.introspection import FieldInfo
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

# A column's type, its length where it has one, and whether it takes nulls.
Column = tuple[str, int | None, bool]

# The migrations of the tables that all three frameworks share: those that make them, and those
# that change them, which leave out what another app has done already.
FIRST = [(label, "0001_initial") for label in ("accounts", "articles", "comments", "live")]
LATER = [("accounts", "0003_password_session")]
SHARED = {label for label, _ in FIRST}


def needs_adoption(connection: BaseDatabaseWrapper) -> bool:
    """Whether the shared tables exist, but no migration of this app has created them."""
    models = [model for label in SHARED for model in apps.get_app_config(label).get_models()]
    if {model._meta.db_table for model in models}.isdisjoint(
        connection.introspection.table_names()
    ):
        return False
    applied = MigrationRecorder(connection).applied_migrations()
    return SHARED.isdisjoint(label for label, _ in applied)


def find_deviations(connection: BaseDatabaseWrapper) -> list[str]:
    """How the tables differ from the newest shared schema; empty if an earlier one matches."""
    present = set(connection.introspection.table_names())
    loader = MigrationLoader(connection)
    for number in range(len(LATER) + 1):
        models = loader.project_state(FIRST + LATER[:number]).apps.get_models()
        differences = [
            difference
            for model in models
            if model._meta.app_label in SHARED
            for difference in differences_of(connection, model, present)
        ]
        if not differences:
            break
    return differences


def adopt(connection: BaseDatabaseWrapper) -> None:
    """Record the first migrations as applied: `migrate` then does what is missing."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    with transaction.atomic(using=connection.alias):
        for label, name in FIRST:
            recorder.record_applied(label, name)


def differences_of(
    connection: BaseDatabaseWrapper, model: type[Model], present: set[str]
) -> list[str]:
    """How the database differs from the model: columns, types, nulls, and names."""
    table = model._meta.db_table
    if table not in present:
        return [f"there is no table {table}"]
    introspection = connection.introspection
    with connection.cursor() as cursor:
        columns = {
            column.name: found_in(connection, column)
            for column in introspection.get_table_description(cursor, table)
        }
        constraints = introspection.get_constraints(cursor, table)
    expected = {field.column: wanted_of(field) for field in model._meta.local_fields}
    names = {part.name for part in [*model._meta.constraints, *model._meta.indexes]}
    found = {
        name
        for name, constraint in constraints.items()
        if not constraint["foreign_key"] and not constraint["primary_key"]
    }
    return [
        *(f"{table}.{name}" for name in columns.keys() ^ expected.keys()),
        *(
            f"{table}.{name} is {columns[name]} instead of {expected[name]}"
            for name in columns.keys() & expected.keys()
            if columns[name] != expected[name]
        ),
        *(f"{name} on {table}" for name in found ^ names),
    ]


def found_in(connection: BaseDatabaseWrapper, column: FieldInfo) -> Column:
    kind = connection.introspection.get_field_type(cast(Any, column.type_code), column)
    length = re.search(r"\d+", str(column.type_code))  # SQLite reports the type as text
    size = length and int(length[0]) if connection.vendor == "sqlite" else column.display_size
    return without_auto(kind), size if kind == "CharField" else None, column.null_ok


def wanted_of(field: Any) -> Column:
    kind = (field.target_field if field.is_relation else field).get_internal_type()
    size = field.max_length if kind == "CharField" else None
    return without_auto(kind), size, field.null


def without_auto(kind: str) -> str:
    """SQLite does not report the sizes of integers, nor how a key is generated."""
    return "Integer" if kind.endswith(("AutoField", "IntegerField")) else kind
