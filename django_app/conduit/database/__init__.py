"""The database's engine, in `base` where Django looks, and the connections of its pool."""

from collections.abc import Generator
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus


class BoundedConnection(Connection[Any]):
    """A connection that is closed where the server does not answer a statement in time."""

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


def bounded_connection(timeout: int) -> type[BoundedConnection]:
    """Connections whose statements take no longer than `timeout` seconds; 0 is no bound."""
    # The server says by itself that it has given up, unless it is stopped or out of reach.
    answer_timeout = timeout + 0.5 if timeout else None
    return type("BoundedConnection", (BoundedConnection,), {"answer_timeout": answer_timeout})
