"""The next migration can be made, and the models say what the migrations do."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Table, func, select, text
from sqlalchemy.orm import Session

from conduit.articles.models import Article
from conduit.database.columns import Base, UTCDateTime
from conduit.database.engine import make_sync_engine, with_transactions
from conduit.seed import seed
from conduit.settings import load_settings

FOLDER = Path(__file__).parent.parent


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The migrations in a folder of their own, whose name has a percent sign."""
    folder = tmp_path / "feature%2Fx"
    shutil.copytree(FOLDER / "migrations", folder / "migrations")
    shutil.copy(FOLDER / "alembic.ini", folder)
    monkeypatch.chdir(folder)
    return Config("alembic.ini")


DATABASE = "sqlite:///x%41?y.sqlite3"


@pytest.fixture
def migrated(copy: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """The same, with a database that is migrated and has rows."""
    monkeypatch.setenv("CONDUIT_DATABASE_URL", DATABASE)
    load_settings.cache_clear()
    command.upgrade(copy, "head")
    with Session(with_transactions(make_sync_engine(DATABASE))) as session, session.begin():
        seed(session, "not a hash")
    yield copy
    load_settings.cache_clear()


def count_rows() -> list[int]:
    with Session(make_sync_engine(DATABASE)) as session:
        tables = Base.metadata.sorted_tables
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_next_migration(migrated: Config) -> None:
    """`alembic revision --autogenerate` finds nothing to change."""
    script = command.revision(migrated, "next", autogenerate=True)
    command.upgrade(migrated, "head")
    assert script is not None and not isinstance(script, list)
    assert "    pass" in Path(script.path).read_text()
    assert Path("x%41?y.sqlite3").exists()


def test_an_added_column(migrated: Config) -> None:
    """The migration of a new column applies and can be taken back, and no row is lost."""
    before = count_rows()
    table = Article.__table__
    assert isinstance(table, Table)
    table.append_column(Column("published_at", UTCDateTime))
    try:
        command.revision(migrated, "publish", autogenerate=True)
    finally:
        table._columns.remove(table.c.published_at)
    for move, revision in ((command.upgrade, "head"), (command.downgrade, "-1")):
        move(migrated, revision)
        assert count_rows() == before


def test_a_migration_that_loses_an_index(migrated: Config) -> None:
    """A remade table without its indexes is refused, and the database stays as it was."""
    before = count_rows()
    script = command.revision(migrated, "longer")
    assert script is not None and not isinstance(script, list)
    path = Path(script.path)
    change = 'with op.batch_alter_table("users", recreate="always"):\n        pass'
    path.write_text(path.read_text().replace("pass", change, 1))
    with pytest.raises(SystemExit, match="users_email_key|users_username_key"):
        command.upgrade(migrated, "head")
    assert count_rows() == before
    with Session(make_sync_engine(DATABASE)) as session:
        found = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'index'"))
        assert "users_email_key" in set(found)
