"""gunicorn's settings; the command line has the address and the number of workers."""

import os
import signal
import subprocess
import sys
from typing import Any

worker_class = "worker.PatientWorker"
# A socket uses a thread for as long as it is open, so there are more threads for them. The check
# refuses a setting that is not a number; the default is that of conduit/settings.py.
sockets = os.environ.get("CONDUIT_LIVE_SOCKETS", "")
threads = 16 + (int(sockets) if sockets.isdecimal() else 200)
worker_connections = threads + 1000
graceful_timeout = 3
control_socket_disable = True
# The contract's limits for a request (BASE-3).
limit_request_line = 4000
limit_request_field_size = 8002  # with the end of the line
# gunicorn would accept these headers from any process on this machine.
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}


def on_starting(server: Any) -> None:
    """Check once: a replacement worker must start without the database, too.

    It runs in its own process, since each worker must load the app, so that SIGHUP loads new
    code.
    """
    if code := subprocess.call([sys.executable, "-m", "flask", "--app", "conduit", "check"]):
        raise SystemExit(code)


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
