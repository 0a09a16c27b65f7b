"""The database's engine, in `base` where Django looks, and what its pool does with a connection."""

import selectors
from collections.abc import Generator
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus

# Windows has no `poll`; elsewhere `select` takes no more than 1,024 files.
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


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


def refuse_dropped(connection: Connection) -> None:
    """Notice a connection that PostgreSQL has dropped: on an idle one there is nothing to read.

    The pool then takes another; its own check costs each request a round trip.
    """
    with Selector() as unread:
        unread.register(connection.pgconn.socket, selectors.EVENT_READ)
        if unread.select(0):
            connection.close()  # otherwise the pool would take it back
            raise OperationalError("dropped by the server")
