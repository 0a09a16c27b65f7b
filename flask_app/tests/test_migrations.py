"""The next migration can be generated, and the models match the migrations."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session

from conduit import create_app
from conduit.accounts.models import User
from conduit.articles.models import Article
from conduit.check import find_problem
from conduit.cli import seed
from conduit.database import db
from conduit.database.columns import Base, UTCDateTime, cascade
from conduit.database.engine import make_engine

FOLDER = Path(__file__).parent.parent


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The migrations in a separate folder, with a percent sign in its name."""
    folder = tmp_path / "feature%2Fx"
    shutil.copytree(FOLDER / "migrations", folder / "migrations")
    shutil.copy(FOLDER / "alembic.ini", folder)
    monkeypatch.chdir(folder)
    return Config("alembic.ini")


DATABASE = "sqlite:///x%41?y.sqlite3"


@pytest.fixture
def empty(copy: Config) -> Iterator[Config]:
    """The same, in an application with an empty database."""
    app = create_app({"DATABASE_URL": DATABASE})
    with app.app_context():
        yield copy
    app.extensions["database"].engine.dispose()


@pytest.fixture
def migrated(empty: Config) -> Config:
    """The same, with a database that is migrated and has rows."""
    command.upgrade(empty, "head")
    with db.begin() as session:
        seed(session, "not a hash")
    return empty


def count_rows() -> list[int]:
    with Session(make_engine(DATABASE)) as session:
        tables = Base.metadata.sorted_tables
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_next_migration(migrated: Config) -> None:
    """`flask db revision` finds nothing to change."""
    script = command.revision(migrated, "next", autogenerate=True)
    command.upgrade(migrated, "head")
    assert script is not None and not isinstance(script, list)
    assert "    pass" in Path(script.path).read_text()
    assert Path("x%41?y.sqlite3").exists()


def read_schema() -> dict[str, str]:
    """The names of all tables and indexes, and whether a table has AUTOINCREMENT."""
    with Session(make_engine(DATABASE)) as session:
        rows = session.execute(
            text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        ).all()
    return {name: "AUTOINCREMENT" if "AUTOINCREMENT" in sql else "" for name, sql in rows}


@pytest.mark.parametrize("model", [Article, User])
def test_an_added_column(migrated: Config, model: type[Base]) -> None:
    """The migration of a new column can be applied and reverted, and nothing is lost."""
    rows, schema = count_rows(), read_schema()
    table = model.__table__
    assert isinstance(table, Table)
    table.append_column(Column("published_at", UTCDateTime, index=True))
    [index] = [index for index in table.indexes if "published_at" in index.columns]
    try:
        command.revision(migrated, "publish", autogenerate=True)
    finally:
        table._columns.remove(table.c.published_at)
        table.indexes.remove(index)
    command.upgrade(migrated, "head")
    assert count_rows() == rows
    assert read_schema() == schema | {f"ix_{table.name}_published_at": ""}
    command.downgrade(migrated, "-1")
    assert count_rows() == rows
    assert read_schema() == schema


def write_migration(config: Config, name: str, upgrade: str, downgrade: str = "pass") -> None:
    script = command.revision(config, name)
    assert script is not None and not isinstance(script, list)
    path = Path(script.path)
    # The upgrade comes first.
    text = path.read_text().replace("    pass", f"    {upgrade}", 1)
    path.write_text(text.replace("    pass\n", f"    {downgrade}\n"))


RECREATE = 'with op.batch_alter_table("users", recreate="always"): ...'


@pytest.mark.parametrize(
    ("options", "lost"),
    [
        ("", "3 lost: AUTOINCREMENT, users_email_key, users_username_key"),
        (', table_kwargs={"sqlite_autoincrement": True}', "2 lost: users_email_key"),
    ],
)
def test_a_migration_that_loses_something(migrated: Config, options: str, lost: str) -> None:
    """A migration that recreates a table without all its parts is refused and changes nothing."""
    rows, schema = count_rows(), read_schema()
    write_migration(migrated, "longer", RECREATE.replace(")", f"{options})"))
    with pytest.raises(SystemExit, match=lost):
        command.upgrade(migrated, "head")
    assert count_rows() == rows
    assert read_schema() == schema


def test_a_loss_on_an_empty_database(empty: Config) -> None:
    """A loss is refused too if the same command creates the table, or recreates it twice."""
    write_migration(empty, "longer", RECREATE)
    write_migration(empty, "again", RECREATE)
    with pytest.raises(SystemExit, match="3 lost: AUTOINCREMENT"):
        command.upgrade(empty, "head")
    assert read_schema() == {}


def test_an_index_that_is_dropped_on_purpose(migrated: Config) -> None:
    """A migration may drop an index, also if another one of the command recreates the table."""
    schema = read_schema()
    remake = (
        'with op.batch_alter_table("articles", table_kwargs={"sqlite_autoincrement": True},'
        ' recreate="always"): ...'
    )
    drop = 'op.execute("drop index articles_author_idx;")'
    create = 'op.create_index("articles_author_idx", "articles", ["author_id", "id"])'
    write_migration(migrated, "remake", remake, remake)
    write_migration(migrated, "drop", drop, create)
    command.upgrade(migrated, "head")
    assert "articles_author_idx" not in read_schema()
    command.downgrade(migrated, "-2")
    assert read_schema() == schema


def test_a_migration_outside_of_a_transaction(migrated: Config) -> None:
    """`autocommit_block`, which PostgreSQL's CONCURRENTLY needs, works on SQLite too."""
    upgrade = (
        "with op.get_context().autocommit_block():\n"
        '        op.create_index("articles_title_idx", "articles", ["title"])'
    )
    write_migration(migrated, "index", upgrade)
    command.upgrade(migrated, "head")
    assert "articles_title_idx" in read_schema()


def test_columns_for_both_databases(migrated: Config) -> None:
    """A unique constraint has a name, so it can be dropped; a boolean default is not a number."""
    table = Article.__table__
    assert isinstance(table, Table)
    table.append_column(Column("code", String(9), unique=True))
    table.append_column(Column("pinned", Boolean, server_default=false()))
    uniques = (each for each in table.constraints if isinstance(each, UniqueConstraint))
    [unique] = [each for each in uniques if "code" in each.columns]
    try:
        script = command.revision(migrated, "code", autogenerate=True)
    finally:
        table.constraints.remove(unique)
        table._columns.remove(table.c.code)
        table._columns.remove(table.c.pinned)
    assert script is not None and not isinstance(script, list)
    text = Path(script.path).read_text()
    assert text.count("articles_code_key") == 2
    assert "server_default=sa.false()" in text


def generate(config: Config, name: str) -> str:
    script = command.revision(config, name, autogenerate=True)
    assert script is not None and not isinstance(script, list)
    return Path(script.path).read_text()


def test_a_new_table(migrated: Config) -> None:
    """A table, its default and its index on an expression are created, with any names."""
    table = Table(
        "auth_tokens",
        Base.metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(9)),
        Column("made", UTCDateTime, server_default=func.now()),
    )
    index = Index("auth_tokens_name_key", func.lower(table.c.name), unique=True)
    order = Table("order", Base.metadata, Column("id", Integer, primary_key=True))
    last = Index("order_id_idx", order.c.id.desc())
    try:
        first = generate(migrated, 'for "tokens"')
        command.upgrade(migrated, "head")
        second = generate(migrated, "nothing")
        with Session(make_engine(DATABASE)) as session:
            session.execute(insert(table), {"name": "a"})
    finally:
        Base.metadata.remove(table)
        Base.metadata.remove(order)
    assert "sa.func.now()" in first
    assert [first.count(str(each.name)) for each in (index, last)] == [2, 2]
    assert "    pass" in second


def test_a_column_that_refers_to_a_table(migrated: Config) -> None:
    """On SQLite such a column recreates the table, and then the models match the database."""
    rows, schema = count_rows(), read_schema()
    table = Article.__table__
    assert isinstance(table, Table)
    batch = (
        'with op.batch_alter_table("articles", table_kwargs={"sqlite_autoincrement": True})'
        " as batch:\n        "
    )
    add = 'batch.add_column(sa.Column("editor_id", sa.BigInteger()))\n        '
    add += (
        'batch.create_foreign_key("articles_editor_id_fkey", "users", ["editor_id"], ["id"],'
        ' ondelete="CASCADE", deferrable=True, initially="DEFERRED")'
    )
    drop = 'batch.drop_constraint("articles_editor_id_fkey", type_="foreignkey")\n        '
    write_migration(
        migrated, "editor", batch + add, batch + drop + 'batch.drop_column("editor_id")'
    )
    command.upgrade(migrated, "head")
    assert count_rows() == rows
    table.append_column(Column("editor_id", BigInteger, cascade("users.id")))
    [key] = table.c.editor_id.foreign_keys
    try:
        assert "    pass" in generate(migrated, "nothing")
    finally:
        assert key.constraint is not None
        table.constraints.remove(key.constraint)
        table.foreign_keys.remove(key)
        table._columns.remove(table.c.editor_id)
    command.downgrade(migrated, "-1")
    assert count_rows() == rows
    assert read_schema() == schema


def test_rows_that_refer_to_nothing(migrated: Config) -> None:
    """A migration may leave such rows from before as they are, but must not add any."""
    with Session(make_engine(DATABASE)) as session:
        session.execute(text("PRAGMA foreign_keys = OFF"))
        session.execute(text("DELETE FROM users WHERE username = 'ada'"))
        session.commit()
    write_migration(migrated, "empty", "pass")
    command.upgrade(migrated, "head")
    write_migration(
        migrated, "delete", "op.execute(\"DELETE FROM users WHERE username = 'guido'\")"
    )
    with pytest.raises(SystemExit, match="refer to rows that are gone"):
        command.upgrade(migrated, "head")


def test_two_heads(migrated: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two heads, made on two branches, are a problem that the check reports in one line."""
    monkeypatch.setattr("conduit.check.MIGRATIONS", Path("migrations"))
    for name in ("one", "two"):
        command.revision(migrated, name, head="0002", splice=True)
    assert "flask --app conduit db merge" in str(find_problem(DATABASE))


def test_a_table_without_a_model(migrated: Config) -> None:
    """A table whose model was removed is dropped, and the tables of other apps are ignored."""
    with Session(make_engine(DATABASE)) as session:
        for name in ("bookmarks", "django_session", "users_groups"):
            session.execute(text(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)"))
        session.commit()
    script = command.revision(migrated, "drop", autogenerate=True)
    assert script is not None and not isinstance(script, list)
    upgrade = Path(script.path).read_text().partition("def downgrade")[0]
    assert upgrade.count("drop_table") == 1
    assert 'op.drop_table("bookmarks")' in upgrade.replace("'", '"')
