"""Django's PostgreSQL backend, with a pool that tells a busy database from one that is away."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

PATIENCE = 2  # seconds


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection of the pool, which says alike that all are in use and that none can be had.

        So after each of its timeouts, of a second, the database itself is asked: away, it
        refuses at once.
        """
        for _ in range(PATIENCE):
            try:
                return super().get_new_connection(conn_params)
            except PoolTimeout as timeout:
                last = timeout
                psycopg.connect(**conn_params).close()
        raise last
