"""The checks before the server starts: `python -m conduit.check`."""

import multiprocessing
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import django
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.db.migrations.executor import MigrationExecutor

from .database import without_pool

# With this exit code uvicorn ends; after any other it restarts the worker, forever.
WORKER_CANNOT_START = 3


def find_problem(*, may_be_unavailable: bool) -> str | None:
    """What is wrong with the database and what to do, in one line; None if nothing is."""
    from .core.adoption import needs_adoption  # models can be imported only after the setup

    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with without_pool(connection):
            made_by_another = needs_adoption(connection)
            executor = MigrationExecutor(connection)
    except (DatabaseError, InterfaceError) as error:
        if may_be_unavailable:
            return None
        reason = str(error).partition("\n")[0]
        return f"the database of CONDUIT_DATABASE_URL cannot be reached: {reason}"
    if made_by_another:
        return (
            "the database was made by another app:"
            " run `python manage.py adopt`, then `python manage.py migrate`"
        )
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "the database is not migrated: run `python manage.py migrate`"
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
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conduit.settings")
        django.setup()
        # Uvicorn's workers import this in their event loop, where Django refuses to query.
        with ThreadPoolExecutor() as threads:
            problem = threads.submit(find_problem, may_be_unavailable=is_worker).result()
        if problem:
            raise SystemExit(f"conduit: {problem}")
    except SystemExit as stop:
        if not is_worker:
            raise
        print(stop.code, file=sys.stderr)
        raise SystemExit(WORKER_CANNOT_START) from None


if __name__ == "__main__":
    require()
