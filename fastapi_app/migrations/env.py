"""Alembic's environment script; it also migrates a database that another app created."""

import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, DropIndexOp, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, ForeignKeyConstraint, Integer, event, inspect, text
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeEngine

from conduit.check import VERSION_TABLE
from conduit.comments import models as comments
from conduit.database.columns import Base
from conduit.database.engine import make_sync_engine, with_transactions
from conduit.live import models as live
from conduit.settings import load_settings

FIRST_REVISION = "0001"
# The tables that this revision creates; the models may have more by now.
FIRST_TABLES = {
    *("users", "follows", "articles", "tags", "article_tags", "favorites", "comments"),
    *("events", "event_counter"),
}
PREFIXES_OF_OTHER_APPS = (
    "django_",
    "auth_",
    "users_groups",
    "users_user_permissions",
    "alembic_version",
)
# Importing these has filled the metadata, also with the models that they import. Add a new module
# of models here: otherwise the migrations do not see it.
MODELS = (comments, live)


def migrate(connection: Connection) -> None:
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # A batch operation drops the table, which would delete the rows that refer to it.
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_name=is_own,
        include_object=partial(is_compared, connection) if on_sqlite else None,
        process_revision_directives=partial(add_indexes, connection) if on_sqlite else None,
        compare_type=compare_type,
        render_item=render_item,
        transactional_ddl=True,  # on SQLite too, where Alembic would commit each migration
        # Alembic compares check constraints only with this plugin.
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        on_version_apply=lambda **_: check(),
    )
    # Not earlier: if the connection is in a transaction, Alembic leaves the commit to the caller.
    check = make_check(connection) if on_sqlite else lambda: None
    present = set(inspect(connection).get_table_names())
    made_by_another_app = VERSION_TABLE not in present and not present.isdisjoint(FIRST_TABLES)
    with context.begin_transaction():
        if made_by_another_app and moves_database():
            require_same([f"no table {name}" for name in sorted(FIRST_TABLES - present)])
            # Later migrations leave out what is there already.
            context.get_context().stamp(context.script, FIRST_REVISION)
        context.run_migrations()
        if made_by_another_app and moves_database():
            require_same(find_differences(context.get_context(), connection))


def is_own(name: str | None, kind: str, parents: Any) -> bool:
    """Whether autogenerate reads this object; it ignores the tables of the other apps."""
    is_table_of_another = kind == "table" and str(name).startswith(PREFIXES_OF_OTHER_APPS)
    return name in Base.metadata.tables or not is_table_of_another


def moves_database() -> bool:
    """Whether the command moves the database to a revision; `alembic current` only reads it."""
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


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Render defaults for both databases, and types with their import; the rest as usual."""
    default = getattr(item, "arg", None)
    if kind == "server_default" and isinstance(default, True_ | False_):
        return "sa.true()" if isinstance(default, True_) else "sa.false()"
    if kind == "server_default" and isinstance(default, now):
        return "sa.func.now()"
    if kind == "type" and type(item).__module__.startswith("conduit."):
        context.imports.add(f"import {type(item).__module__}")
    return False


# On SQLite, SQLAlchemy can read neither all foreign keys nor indexes on expressions.
KEYS_OF_TABLE = text("SELECT * FROM pragma_foreign_key_list(:table)")


def is_compared(connection: Connection, item: Any, *_: Any) -> bool:
    """Whether autogenerate compares this object; it skips foreign keys that match the models.

    Whether they are deferred is not compared, because SQLite does not report it.
    """
    if not isinstance(item, ForeignKeyConstraint):
        return True
    columns = {(item.table.name, column) for column in item.column_keys}
    differing = read_sqlite_keys(connection) ^ wanted_keys()
    return any(key[:2] in columns for key in differing)


def add_indexes(connection: Connection, *directives: Any) -> None:
    """Add new indexes on expressions to a generated migration."""
    script: MigrationScript = directives[-1][0]
    assert script.upgrade_ops and script.downgrade_ops
    there = read_sqlite_indexes(connection)
    there |= {str(op[1].name) for op in script.upgrade_ops.as_diffs() if op[0] == "add_index"}
    for index in (index for table in Base.metadata.sorted_tables for index in table.indexes):
        is_on_columns = all(isinstance(each, Column) for each in index.expressions)
        if not is_on_columns and index.name not in there:
            script.upgrade_ops.ops.append(CreateIndexOp.from_index(index))
            script.downgrade_ops.ops.insert(0, DropIndexOp.from_index(index))


def read_sqlite_indexes(connection: Connection) -> set[str]:
    return set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'index'")))


def read_sqlite_keys(connection: Connection) -> set[tuple[Any, ...]]:
    """The foreign keys of the tables of the models."""
    return {
        (table, key["from"], key["table"], key["on_delete"], key["on_update"])
        for table in Base.metadata.tables
        for key in connection.execute(KEYS_OF_TABLE, {"table": table}).mappings()
    }


def wanted_keys() -> set[tuple[Any, ...]]:
    return {
        (
            *(table.name, key.parent.name, key.column.table.name),
            *(key.ondelete or "NO ACTION", key.onupdate or "NO ACTION"),
        )
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
    }


def find_differences(migration: MigrationContext, connection: Connection) -> list[Any]:
    differences = compare_metadata(migration, Base.metadata)
    if connection.dialect.name == "sqlite":
        keys = ("add_fk", "remove_fk")
        differences = [difference for difference in differences if difference[0] not in keys]
        indexes = {i.name for table in Base.metadata.tables.values() for i in table.indexes}
        differences += sorted(map(str, indexes - read_sqlite_indexes(connection)))
        differences += read_sqlite_keys(connection) ^ wanted_keys()
    return list(differences)


def require_same(differences: list[Any]) -> None:
    """Exit with one line and an unchanged database if the schema is not this app's."""
    if differences:
        raise SystemExit(
            "conduit: the database was made by something else and differs from this app's "
            f"schema ({len(differences)} differences, the first: {differences[0]})"
        )


def read_sqlite_parts(connection: Connection) -> dict[str, set[str]]:
    """The indexes and AUTOINCREMENT of each table, which a batch operation can lose."""
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


def count_dangling(connection: Connection) -> Counter[tuple[str, str]]:
    """The number of rows by table and parent table whose row in the parent table is missing."""
    found = connection.execute(text("PRAGMA foreign_key_check"))
    return Counter((table, parent) for table, _, parent, _ in found)


def make_check(connection: Connection) -> Callable[[], None]:
    """A check after each migration on SQLite: a batch operation must not lose anything.

    SQLAlchemy reads neither AUTOINCREMENT nor indexes on expressions from SQLite, so a batch
    operation, which recreates the table, has to name them. Only DROP INDEX removes an index on
    purpose. If the check fails, it exits with one line and an unchanged database.
    """
    before = read_sqlite_parts(connection)
    dangling = count_dangling(connection)
    dropped: set[str] = set()

    @event.listens_for(connection, "before_cursor_execute")
    def note_dropped(_: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip()[:10].upper() == "DROP INDEX":
            dropped.add(statement.split()[-1].strip('";'))

    def check() -> None:
        nonlocal before
        if more := count_dangling(connection) - dangling:
            table, parent = min(more)
            raise SystemExit(
                f"conduit: after the migration, {more.total()} rows would refer to rows that are"
                f" gone, the first in {table} to {parent}: on SQLite a migration does not cascade,"
                " so delete the rows that refer to them, too"
            )
        after = read_sqlite_parts(connection)
        lost: list[str] = []
        for table in sorted(before.keys() & after.keys()):
            lost += sorted(before[table] - after[table] - dropped)
        if lost:
            raise SystemExit(
                "conduit: the migration would lose indexes or AUTOINCREMENT; it has to"
                " create again what the table had, or to drop an index with op.drop_index"
                f" ({len(lost)} lost: {', '.join(lost[:5])})"
            )
        before = after
        dropped.clear()

    return check


if context.is_offline_mode():
    raise SystemExit("conduit: these migrations read the database, so --sql is not supported")
engine = with_transactions(make_sync_engine(load_settings().database_url))
with engine.connect() as connection, warnings.catch_warnings():
    # SQLAlchemy cannot read indexes on expressions from SQLite, and warns each time.
    warnings.filterwarnings("ignore", ".*expression-based index")
    migrate(connection)
    connection.commit()
engine.dispose()
