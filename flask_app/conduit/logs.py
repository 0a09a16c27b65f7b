"""The log: one line for each request, and failures, on standard error."""

import logging
import logging.config
import re
import time
import uuid

from flask import g, request

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class UTCFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


def is_not_a_request(record: logging.LogRecord) -> bool:
    """Whether to keep a line of Werkzeug: its lines about requests have the query, with tokens."""
    return " - - [" not in str(record.msg)


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
            "filters": {"no_requests": {"()": lambda: is_not_a_request}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "conduit": {"level": level},
                "conduit.database": {"level": "WARNING"},  # the pool's own lines
                "werkzeug": {"level": "INFO", "filters": ["no_requests"]},
            },
        }
    )


def get_request_id() -> str:
    """The id of the request, which is the client's if it has sent a usable one."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return str(g.request_id)
