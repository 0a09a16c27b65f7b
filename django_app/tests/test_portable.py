"""The app can be imported and responds without the modules and functions that Windows lacks."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestCase

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
import importlib, pkgutil, conduit, django
django.setup()
for module in pkgutil.walk_packages(conduit.__path__, "conduit."):
    # These modules check the database.
    if module.name not in ("conduit.asgi", "conduit.wsgi"):
        importlib.import_module(module.name)
from django.test import Client
assert Client().get("/api/health").status_code == 200
"""


class PortableTests(TestCase):
    def test_without_posix(self) -> None:
        """Every module can be imported, and the app responds."""
        with tempfile.TemporaryDirectory() as folder:
            environment = {
                **os.environ,
                "CONDUIT_DATABASE_URL": f"sqlite:///{folder}/x.sqlite3",
                "DJANGO_SETTINGS_MODULE": "conduit.settings",
            }
            command = [sys.executable, "-c", SCRIPT]
            ended = subprocess.run(
                command, cwd=FOLDER, env=environment, capture_output=True, text=True
            )
        self.assertEqual(ended.returncode, 0, ended.stderr)
