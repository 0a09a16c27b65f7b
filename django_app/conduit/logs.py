"""The log: one line for each request, and failures, on standard error."""

import logging
import time
from collections.abc import Callable

SOCKET_MESSAGES = ('"WebSocket ', "connection ", "without completing handshake")


class UTCFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


def without_sockets() -> Callable[[logging.LogRecord], bool]:
    """A filter: uvicorn logs sockets to `uvicorn.error`, with the query and its token."""
    return lambda record: not any(part in str(record.msg) for part in SOCKET_MESSAGES)
