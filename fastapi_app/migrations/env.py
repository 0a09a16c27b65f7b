"""Alembic's entry: `alembic upgrade head`, also on a database that another app made."""

import warnings
from collections.abc import Callable
from typing import Any, Literal

from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, event, inspect, text
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.types import TypeEngine

from conduit.check import VERSION_TABLE
from conduit.comments import models as comments
from conduit.database.columns import Base
from conduit.database.engine import make_sync_engine, with_transactions
from conduit.live import models as live
from conduit.settings import load_settings

FIRST_REVISION = "0001"
OF_OTHER_APPS = ("django_", "auth_", "users_groups", "users_user_permissions", "alembic_version")
# Importing them has filled the metadata, with the models that they point to.
MODELS = (comments, live)


def migrate(connection: Connection) -> None:
    shared = Base.metadata.tables
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # A batch operation drops the table, which would delete the rows that refer to it.
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_name=is_own,
        compare_type=compare_type,
        render_item=render_item,
        user_module_prefix="columns.",  # as script.py.mako imports it
        transactional_ddl=True,  # on SQLite too, where Alembic would commit each migration
        # Alembic compares check constraints only with this plugin.
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        on_version_apply=lambda **_: check(),
    )
    # Only now: Alembic takes a connection that has a transaction for one of its caller.
    check = make_check(connection) if on_sqlite else lambda: None
    present = set(inspect(connection).get_table_names())
    made_by_another_app = VERSION_TABLE not in present and not present.isdisjoint(shared)
    with context.begin_transaction():
        if made_by_another_app and moves_database():
            require_same([f"no table {name}" for name in sorted(set(shared) - present)])
            # Later migrations leave out what is there already.
            context.get_context().stamp(context.script, FIRST_REVISION)
        context.run_migrations()
        if made_by_another_app and moves_database():
            require_same(find_differences(context.get_context(), connection))


def is_own(name: str | None, kind: str, parents: Any) -> bool:
    """Whether autogenerate looks at it; it leaves the tables of the other apps alone."""
    return kind != "table" or not str(name).startswith(OF_OTHER_APPS)


def moves_database() -> bool:
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


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A default that is true or false as both databases understand it; the rest as usual."""
    default = getattr(item, "arg", None)
    if kind == "server_default" and isinstance(default, True_ | False_):
        return "sa.true()" if isinstance(default, True_) else "sa.false()"
    return False


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


def read_sqlite_parts(connection: Connection) -> dict[str, set[str]]:
    """What each table has that a batch operation can lose."""
    parts: dict[str, set[str]] = {}
    for name, sql in connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    ):
        parts[name] = {"AUTOINCREMENT"} if "AUTOINCREMENT" in sql else set()
    for name, table in connection.execute(
        text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    ):
        parts[table].add(name)
    return parts


def make_check(connection: Connection) -> Callable[[], None]:
    """A check after each migration on SQLite: a batch operation must not lose anything.

    SQLAlchemy reads neither AUTOINCREMENT nor indexes on expressions from SQLite, so a batch
    operation, which remakes the table, has to name them. An index is lost on purpose only by
    DROP INDEX. The check ends with one line, and with the database as it was.
    """
    before = read_sqlite_parts(connection)
    dropped: set[str] = set()

    @event.listens_for(connection, "before_cursor_execute")
    def note_dropped(_: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip()[:10].upper() == "DROP INDEX":
            dropped.add(statement.split()[-1].strip('";'))

    def check() -> None:
        nonlocal before
        after = read_sqlite_parts(connection)
        lost: list[Any] = list(connection.execute(text("PRAGMA foreign_key_check")).all())
        for table in sorted(before.keys() & after.keys()):
            lost += sorted(before[table] - after[table] - dropped)
        if lost:
            raise SystemExit(
                "conduit: the migration would lose rows, indexes or AUTOINCREMENT; it has to"
                " create again what the remade table had, or to drop an index with op.drop_index"
                f" ({len(lost)} lost: {', '.join(map(str, lost[:5]))})"
            )
        before = after
        dropped.clear()

    return check


if context.is_offline_mode():
    raise SystemExit("conduit: migrations look at the database, so that there is no --sql")
engine = with_transactions(make_sync_engine(load_settings().database_url))
with engine.connect() as connection, warnings.catch_warnings():
    # SQLAlchemy cannot read indexes on expressions from SQLite, and says so each time.
    warnings.filterwarnings("ignore", ".*expression-based index")
    migrate(connection)
    connection.commit()
engine.dispose()
