"""Alembic's entry: `alembic upgrade head`, also on a database that another app made."""

import warnings
from typing import Any

from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, inspect, text
from sqlalchemy.types import TypeEngine

from conduit.check import VERSION_TABLE
from conduit.comments import models as comments
from conduit.database.columns import Base
from conduit.database.engine import make_sync_engine, with_transactions
from conduit.live import models as live
from conduit.settings import load_settings

FIRST_REVISION = "0001"
# Importing them has filled the metadata, with the models that they point to.
MODELS = (comments, live)


def migrate(connection: Connection) -> None:
    shared = Base.metadata.tables
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_name=lambda name, kind, parents: kind != "table" or name in shared,
        compare_type=compare_type,
        user_module_prefix="columns.",  # as script.py.mako imports it
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,  # on SQLite too, where Alembic would commit each migration
        # Alembic compares check constraints only with this plugin.
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    if connection.dialect.name == "sqlite":
        # A batch operation drops the table, which would delete the rows that refer to it.
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    present = set(inspect(connection).get_table_names())
    made_by_another_app = VERSION_TABLE not in present and not present.isdisjoint(shared)
    with context.begin_transaction():
        if made_by_another_app and is_upgrade():
            require_same([f"no table {name}" for name in sorted(set(shared) - present)])
            # Later migrations leave out what is there already.
            context.get_context().stamp(context.script, FIRST_REVISION)
        context.run_migrations()
        if made_by_another_app and is_upgrade():
            require_same(find_differences(context.get_context(), connection))
        elif connection.dialect.name == "sqlite" and is_upgrade():
            require_intact(connection)


def is_upgrade() -> bool:
    """Whether the command moves the database to a revision; `alembic current` only looks."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def compare_type(
    context: MigrationContext,
    found_column: Column[Any],
    wanted_column: Column[Any],
    found: TypeEngine[Any],
    wanted: TypeEngine[Any],
) -> bool | None:
    """Whether the types differ; SQLite has one integer type with many names."""
    if context.dialect.name == "sqlite" and isinstance(found, Integer):
        return not isinstance(wanted, Integer)
    return None


def find_differences(migration: MigrationContext, connection: Connection) -> list[Any]:
    differences = compare_metadata(migration, Base.metadata)
    if connection.dialect.name == "sqlite":
        keys = ("add_fk", "remove_fk")
        differences = [difference for difference in differences if difference[0] not in keys]
        differences += find_sqlite_differences(connection)
    return list(differences)


def find_sqlite_differences(connection: Connection) -> list[Any]:
    """What SQLAlchemy cannot read from SQLite: all foreign keys, and indexes on expressions."""
    tables = Base.metadata.tables.values()
    indexes = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'index'"))
    keys = {
        (table.name, key["from"], key["table"], key["on_delete"])
        for table in tables
        for key in connection.execute(text(f"PRAGMA foreign_key_list({table.name})")).mappings()
    }
    return [
        *({index.name for table in tables for index in table.indexes} - set(indexes)),
        *keys.symmetric_difference(
            (table.name, key.parent.name, key.column.table.name, key.ondelete)
            for table in tables
            for key in table.foreign_keys
        ),
    ]


def require_same(differences: list[Any]) -> None:
    """End with one line, and with the database as it was, where the schema is not this app's."""
    if differences:
        raise SystemExit(
            "conduit: the database was made by something else and differs from this app's "
            f"schema ({len(differences)} differences, the first: {differences[0]})"
        )


def require_intact(connection: Connection) -> None:
    """End with one line, and with the database as it was, where a batch operation lost something.

    SQLAlchemy cannot read indexes on expressions from SQLite, so a migration that remakes such a
    table has to create them again.
    """
    lost = list(connection.execute(text("PRAGMA foreign_key_check")).all())
    if context.get_revision_argument() == context.get_head_revision():
        lost += find_sqlite_differences(connection)
    if lost:
        raise SystemExit(
            "conduit: the migration would lose rows or indexes; it has to create again what the"
            f" remade table had ({len(lost)} losses, the first: {lost[0]})"
        )


if context.is_offline_mode():
    raise SystemExit("conduit: migrations look at the database, so that there is no --sql")
engine = with_transactions(make_sync_engine(load_settings().database_url))
with engine.connect() as connection, warnings.catch_warnings():
    # SQLAlchemy cannot read indexes on expressions from SQLite, and says so each time.
    warnings.filterwarnings("ignore", ".*expression-based index")
    migrate(connection)
    connection.commit()
engine.dispose()
