"""One line a request and what goes wrong, on standard error."""

import logging
import logging.config
import time
from collections.abc import Callable

TOLD_ALREADY = ('"WebSocket ', "connection ", "without completing handshake", "Exception in ASGI")


class UTCFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


def without_repetition() -> Callable[[logging.LogRecord], bool]:
    """A filter: uvicorn logs failures too, and sockets among its errors, with query and token."""
    return lambda record: not any(part in str(record.msg) for part in TOLD_ALREADY)


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
                # The line above tells more than the server's own, and no query string.
                "uvicorn.access": {"level": "CRITICAL"},
                "uvicorn.error": {"filters": ["no_repetition"]},
            },
        }
    )
