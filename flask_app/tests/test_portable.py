"""The app can be imported and responds without the modules and functions that Windows lacks."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent

SCRIPT = """
import os, select, signal, socket, sys
for module, names in {
    select: ["poll", "epoll", "kqueue", "devpoll"],
    socket: ["MSG_DONTWAIT"],
    signal: ["SIGHUP", "SIGUSR1", "SIGQUIT", "SIGALRM"],
    os: ["fork", "getuid", "sched_getaffinity"],
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
import importlib, pkgutil, conduit
for module in pkgutil.walk_packages(conduit.__path__, "conduit."):
    # This module checks the database.
    if module.name != "conduit.wsgi":
        importlib.import_module(module.name)
client = conduit.create_app().test_client()
assert client.get("/api/health").status_code == 200
"""


def test_without_posix(tmp_path: Path) -> None:
    """Every module can be imported, and the app responds."""
    environment = {**os.environ, "CONDUIT_DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite3'}"}
    command = [sys.executable, "-c", SCRIPT]
    ended = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
