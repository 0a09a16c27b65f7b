"""The checks before the server starts: `flask --app conduit check`."""

import sys
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from .database.engine import make_engine

VERSION_TABLE = "alembic_version_flask"
MIGRATIONS = Path(__file__).parent.parent / "migrations"


def find_problem(database_url: str) -> str | None:
    """What is wrong with the database and what to do, in one line; None if nothing is."""
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            history = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            current = set(history.get_current_heads())
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        return f"the database of CONDUIT_DATABASE_URL cannot be reached: {reason}"
    finally:
        engine.dispose()
    script = ScriptDirectory(str(MIGRATIONS))
    known = {revision.revision for revision in script.walk_revisions()}
    heads = set(script.get_heads())
    if len(heads) > 1:
        return "two migrations follow the same one: run `flask --app conduit db merge -m '…'`"
    # A revision that this code does not know was made by newer code: this code still works.
    if not current or current & (known - heads):
        return "the database is not migrated: run `flask --app conduit db upgrade`"
    return None


def require(database_url: str) -> None:
    """End the process with one line if the database or Python's options are wrong."""
    if sys.flags.optimize > 1:
        raise SystemExit(
            "conduit: Python drops docstrings, which the OpenAPI document needs:"
            " unset PYTHONOPTIMIZE, or set it to 1"
        )
    problem = find_problem(database_url)
    if problem:
        raise SystemExit(f"conduit: {problem}")
