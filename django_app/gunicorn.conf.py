"""gunicorn's settings; the command line has the address and the number of workers."""

import subprocess
import sys
from typing import Any

worker_class = "worker.PatientWorker"
threads = 16
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

    It runs in its own process, since each worker must load Django, so that SIGHUP loads new
    code.
    """
    if code := subprocess.call([sys.executable, "-m", "conduit.check"]):
        raise SystemExit(code)
