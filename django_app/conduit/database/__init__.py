"""The database's engine, in `base` where Django looks, and how its pool sees a dropped link."""

from select import POLLIN, poll

from psycopg import Connection, OperationalError


def refuse_dropped(connection: Connection) -> None:
    """Notice a connection that PostgreSQL has dropped: on an idle one there is nothing to read.

    The pool then takes another; its own check costs each request a round trip.
    """
    unread = poll()
    unread.register(connection.pgconn.socket, POLLIN)
    if unread.poll(0):
        connection.close()  # else the pool would take it back
        raise OperationalError("dropped by the server")
