"""The log: one line for each request, and failures, on standard error."""

import logging
import logging.config
import time
from collections.abc import Callable

# The beginnings of uvicorn's messages about sockets, which our own log line replaces.
SOCKET_MESSAGES = (
    '%s - "WebSocket ',
    "connection open",
    "connection closed",
    "connection rejected",
    "ASGI callable returned without sending handshake",
    "ASGI callable returned without completing handshake",
)


class UTCFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


def without_repetition() -> Callable[[logging.LogRecord], bool]:
    """A filter against repetition: drops sockets, and exceptions that middleware has logged.

    uvicorn's lines about sockets also have the query, which may contain a token.
    """

    def is_new(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        is_logged = getattr(error, "is_logged", False)
        return not (is_logged or str(record.msg).startswith(SOCKET_MESSAGES))

    return is_new


def configure(level: str) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": UTCFormatter,
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                }
            },
            "filters": {"no_repetition": {"()": without_repetition}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "conduit": {"level": level},
                "conduit.database": {"level": "WARNING"},  # the pool's own lines
                # The line of `conduit.request` has all of this, and no query string.
                "uvicorn.access": {"level": "CRITICAL"},
                "uvicorn.error": {"filters": ["no_repetition"]},
            },
        }
    )
