"""What gunicorn has to know; the command line says where to listen and with how many workers."""

from typing import Any

from conduit import check

worker_class = "conduit.worker.PatientWorker"
threads = 16
graceful_timeout = 3
control_socket_disable = True
# What the contract says a request may be (BASE-3).
limit_request_line = 4000
limit_request_field_size = 8002  # with the end of the line
# gunicorn would accept these headers from any process on this machine.
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}


def on_starting(server: Any) -> None:
    """Check once, in the parent: a replacement worker must start without the database, too."""
    check.require()
