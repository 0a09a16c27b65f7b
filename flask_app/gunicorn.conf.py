"""What gunicorn has to know; the command line says where to listen and with how many workers."""

from typing import Any

from conduit import check

worker_class = "gthread"
threads = 16
graceful_timeout = 3
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Refuse to start in the parent: a worker that cannot start would be started again."""
    check.require()
