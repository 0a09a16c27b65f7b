"""The database engine, in `base`, where Django looks for it, and its pool's connections."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, InternalError, OperationalError
from psycopg.pq import TransactionStatus


class BoundedConnection(Connection[Any]):
    """A connection that closes if the server does not answer a statement in time.

    If PostgreSQL has closed it, the error is always an `OperationalError`.
    """

    answer_timeout: float | None = None

    def wait(
        self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.answer_timeout)
        except OperationalError:
            if self.info.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise
        except InternalError as error:
            if self.broken:  # PostgreSQL has ended a transaction that was idle for too long
                raise OperationalError(str(error)) from error
            raise


def bounded_connection(timeout: int) -> type[BoundedConnection]:
    """Connections whose statements take no longer than `timeout` seconds; 0 means no limit."""
    # PostgreSQL ends the statement itself, unless it is stopped or cannot be reached.
    answer_timeout = timeout + 0.5 if timeout else None
    return type("BoundedConnection", (BoundedConnection,), {"answer_timeout": answer_timeout})


def release_connection() -> None:
    """Return this thread's connection to the pool, unless a transaction needs it.

    Call it before a wait for something else; the next query takes another connection. On
    PostgreSQL an open `iterator()` does not survive this. SQLite has no pool.
    """
    from django.db import connection  # the settings import this module

    if connection.vendor == "sqlite":
        return
    if connection.get_autocommit() and not connection.in_atomic_block:
        connection.close()


@contextmanager
def without_pool(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Open a temporary connection if there is none.

    A pool would retry and log each failure while the server is down; and a process that forks
    afterwards, as servers and parallel tests do, would share its connections with its children.
    """
    if connection.connection is not None:
        yield
        return
    options = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = {
        name: value for name, value in options.items() if name != "pool"
    }
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = options
