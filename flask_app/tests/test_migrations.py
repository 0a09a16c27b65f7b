"""The next migration can be made, and the models say what the migrations do."""

import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from conduit.database.engine import make_engine

FOLDER = Path(__file__).parent.parent


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The migrations in a folder of their own, whose name has a percent sign."""
    folder = tmp_path / "feature%2Fx"
    shutil.copytree(FOLDER / "migrations", folder / "migrations")
    shutil.copy(FOLDER / "alembic.ini", folder)
    monkeypatch.chdir(folder)
    return Config("alembic.ini")


def test_next_migration(copy: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """`alembic revision --autogenerate` makes one that applies, and finds nothing to change."""
    monkeypatch.setenv("CONDUIT_DATABASE_URL", "sqlite:///x%41?y.sqlite3")
    from conduit.settings import get_settings

    get_settings.cache_clear()
    try:
        command.upgrade(copy, "head")
        script = command.revision(copy, "next", autogenerate=True)
        command.upgrade(copy, "head")
    finally:
        get_settings.cache_clear()
    assert script is not None and not isinstance(script, list)
    assert "    pass" in Path(script.path).read_text()
    assert Path("x%41?y.sqlite3").exists()
    tables = inspect(make_engine("sqlite:///x%41?y.sqlite3")).get_table_names()
    assert "users" in tables
