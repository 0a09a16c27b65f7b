"""Alembic's entry: `alembic upgrade head`, also on a database that another app made."""

from alembic import context
from alembic.autogenerate import compare_metadata
from conduit.check import VERSION_TABLE
from conduit.comments import models as comments
from conduit.database import Base, get_sync_engine
from conduit.live import models as live
from conduit.settings import get_settings
from sqlalchemy import Connection, inspect

# Importing them has filled the metadata, with the models that they point to.
MODELS = (comments, live)


def migrate(connection: Connection) -> None:
    shared = Base.metadata.tables
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_name=lambda name, kind, parents: kind != "table" or name in shared,
    )
    present = set(inspect(connection).get_table_names())
    with context.begin_transaction():
        if VERSION_TABLE not in present and present & set(shared):
            adopt()
        context.run_migrations()


def adopt() -> None:
    """Record the newest schema as ours where another app made it; refuse one that differs."""
    migration = context.get_context()
    differences = compare_metadata(migration, Base.metadata)
    if differences:
        raise SystemExit(
            "conduit: the database was made by something else and differs from this app's "
            f"schema ({len(differences)} differences, the first: {differences[0]})"
        )
    migration.stamp(context.script, "head")


with get_sync_engine(get_settings()).connect() as connection:
    migrate(connection)
    connection.commit()
