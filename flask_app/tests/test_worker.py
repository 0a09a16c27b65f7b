"""The gunicorn worker: cases that would take too long to test with requests."""

import logging
import runpy
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask
from gunicorn.workers.gthread import ThreadWorker

import worker
from conduit.live.connection import Connection
from conduit.live.hub import Hub
from conduit.settings import Settings

FOLDER = Path(__file__).parent.parent


def test_a_response_that_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread stops sending a response that its client does not read."""

    def answer(_: Any, request: Any, connection: Any) -> bool:
        connection.sock.sendall(bytes(50_000_000))
        return True

    monkeypatch.setattr(ThreadWorker, "handle_request", answer)
    monkeypatch.setattr(worker, "RESPONSE_TIMEOUT", 0.2)
    serving = object.__new__(worker.PatientWorker)  # without the open files of a running worker
    serving.log = logging.getLogger("gunicorn.error")
    server, client = socket.socketpair()
    with server, client:
        kept = serving.handle_request(SimpleNamespace(headers=[]), SimpleNamespace(sock=server))
    assert kept is False


def test_a_worker_that_ends(app: Flask) -> None:
    """A worker that ends closes its sockets, if it has loaded the application."""
    worker_exit = runpy.run_path(str(FOLDER / "gunicorn.conf.py"))["worker_exit"]
    worker_exit(None, SimpleNamespace())
    hub = Hub(app.config, app.extensions["database"])
    worker_exit(None, SimpleNamespace(wsgi=SimpleNamespace(extensions={"hub": hub})))
    assert hub.stopping


def test_a_reload() -> None:
    """gunicorn's parent process never loads the app, so that new workers load the new code."""
    code = (
        "import runpy, sys, worker; runpy.run_path('gunicorn.conf.py');"
        " assert not {'conduit', 'flask'} & {name.partition('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], cwd=FOLDER, check=True)


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a thread for each socket that the settings allow."""
    monkeypatch.delenv("CONDUIT_LIVE_SOCKETS", raising=False)
    threads = runpy.run_path(str(FOLDER / "gunicorn.conf.py"))["threads"]
    assert threads == 16 + Settings().LIVE_SOCKETS


def test_a_socket_over_tls() -> None:
    """A TLS socket accepts no flags, so a frame is sent without flags."""
    tls = Mock(spec=ssl.SSLSocket)
    tls.send.side_effect = lambda data, flags: len(data) if flags == 0 else 1 / 0
    assert Connection(tls).send(b"frame") == 5
