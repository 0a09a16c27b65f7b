"""The checks before the server starts: `python -m conduit.check`."""

import multiprocessing
import sys
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from .database.engine import make_sync_engine
from .settings import Settings, load_settings

VERSION_TABLE = "alembic_version_fastapi"
MIGRATIONS = Path(__file__).parent.parent / "migrations"
# With this exit code uvicorn ends; after any other it restarts the worker, forever.
WORKER_CANNOT_START = 3


def find_problem(settings: Settings, *, may_be_unavailable: bool) -> str | None:
    """What is wrong with the database and what to do, in one line; None if nothing is."""
    engine = make_sync_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            history = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            current = set(history.get_current_heads())
    except SQLAlchemyError as error:
        if may_be_unavailable:
            return None
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        return f"the database of CONDUIT_DATABASE_URL cannot be reached: {reason}"
    finally:
        engine.dispose()
    script = ScriptDirectory(str(MIGRATIONS))
    known = {revision.revision for revision in script.walk_revisions()}
    heads = set(script.get_heads())
    if len(heads) > 1:
        return "two migrations follow the same one: run `alembic merge heads`"
    # A revision that this code does not know was made by newer code: this code still works.
    if not current or current & (known - heads):
        return "the database is not migrated: run `alembic upgrade head`"
    return None


def require() -> None:
    """End the process with one line if the settings or the database are wrong.

    A uvicorn worker may start while the database is unavailable: it then responds with 503.
    """
    is_worker = multiprocessing.parent_process() is not None
    try:
        if sys.flags.optimize > 1:
            raise SystemExit(
                "conduit: Python drops docstrings, which the OpenAPI document needs:"
                " unset PYTHONOPTIMIZE, or set it to 1"
            )
        problem = find_problem(load_settings(), may_be_unavailable=is_worker)
        if problem:
            raise SystemExit(f"conduit: {problem}")
    except SystemExit as stop:
        if not is_worker:
            raise
        print(stop.code, file=sys.stderr)
        raise SystemExit(WORKER_CANNOT_START) from None


if __name__ == "__main__":
    require()
