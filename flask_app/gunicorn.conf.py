"""What gunicorn has to know; the command line says where to listen and with how many workers."""

import signal
import sys
from typing import Any

from conduit import check
from conduit.settings import load_settings

worker_class = "conduit.worker.PatientWorker"
# A socket keeps a thread for as long as it is open, so there are threads for them on top.
threads = 16 + load_settings().LIVE_SOCKETS
worker_connections = threads + 1000
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
    check.require(load_settings().DATABASE_URL)


def on_reload(server: Any) -> None:
    """Forget the app, which this file has loaded, so that new workers load the new code."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "conduit"]:
        del sys.modules[name]


def post_worker_init(worker: Any) -> None:
    """Close the sockets when the worker has to end, since it waits for them otherwise."""

    def end(number: int, frame: Any) -> None:
        worker_exit(None, worker)
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, end)


def worker_exit(server: Any, worker: Any) -> None:
    """Close the sockets of a worker that ends by itself, as with `--max-requests`."""
    app = getattr(worker, "wsgi", None)  # none where the app did not load, and in the parent
    if hub := getattr(app, "extensions", {}).get("hub"):
        hub.stop()
