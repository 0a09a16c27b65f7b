"""The next migration can be made, and the models say what the migrations do."""

import shutil
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import inspect

from conduit import cli, create_app
from conduit.database.engine import make_engine
from conduit.settings import Settings

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
    """`flask db revision` makes one that applies, and finds nothing to change."""
    monkeypatch.setenv("CONDUIT_DATABASE_URL", "sqlite:///x%41?y.sqlite3")
    monkeypatch.setattr(cli, "alembic_config", lambda: copy)
    run = create_app(Settings()).test_cli_runner().invoke
    for arguments in (["upgrade"], ["revision", "-m", "next"], ["upgrade"], ["current"]):
        done = run(args=["db", *arguments])
        assert done.exit_code == 0, done.exception
    (script,) = Path("migrations/versions").glob("*_next.py")
    assert "    pass" in script.read_text()
    assert Path("x%41?y.sqlite3").exists()
    tables = inspect(make_engine("sqlite:///x%41?y.sqlite3")).get_table_names()
    assert "users" in tables
