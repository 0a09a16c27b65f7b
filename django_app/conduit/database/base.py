"""Django's PostgreSQL backend, with a pool that skips connections which the server has closed."""

import selectors
from typing import Any

import psycopg
from django.db.backends.postgresql import base

# Windows has no `poll`; on other systems `select` takes at most 1,024 files.
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """The first connection of the pool that PostgreSQL has not dropped.

        The pool can check connections itself, but pauses for a second or more after each failure.
        """
        connection = super().get_new_connection(conn_params)
        if self.pool:
            for _ in range(self.pool.max_size):
                if not is_dropped(connection):
                    break
                connection.close()  # so that the pool opens another in its place
                self.pool.putconn(connection)
                connection = super().get_new_connection(conn_params)
        return connection


def is_dropped(connection: psycopg.Connection[Any]) -> bool:
    """Whether an idle connection has something to read, which means that it was closed."""
    with Selector() as unread:
        unread.register(connection.pgconn.socket, selectors.EVENT_READ)
        return bool(unread.select(0))
