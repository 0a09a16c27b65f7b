"""`serve` starts one app."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from compare.run.apps import ROOT, free_port


def test_serve(tmp_path: Path) -> None:
    """The app is migrated and answers, on the server that is given, until a signal ends it."""
    port = free_port()
    database = tmp_path / "own.sqlite3"
    arguments = ["--port", str(port), "--database", f"sqlite:///{database}"]
    with subprocess.Popen(
        [sys.executable, "-m", "compare", "serve", "flask", "--server", "waitress", *arguments],
        cwd=ROOT,
        env=os.environ | {"CONDUIT_ENV": "development"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert wait_for(f"http://127.0.0.1:{port}/api/tags", process) == {"tags": []}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode == 0
    assert database.exists()


def wait_for(url: str, process: subprocess.Popen[str]) -> object:
    with httpx2.Client(trust_env=False) as client:
        while process.poll() is None:
            try:
                return client.get(url).json()
            except httpx2.TransportError:
                time.sleep(0.1)
    raise AssertionError(process.stderr and process.stderr.read())
