"""gunicorn's configuration file, in a separate process as in production."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestCase

FOLDER = Path(__file__).parent.parent

SCRIPT = """
import runpy, sys
on_starting = runpy.run_path("gunicorn.conf.py")["on_starting"]
try:
    on_starting(None)
finally:
    assert "django" not in sys.modules
"""


class GunicornTests(TestCase):
    def test_the_check_before_the_start(self) -> None:
        """A failed check stops gunicorn, and the parent process never loads Django, for reloads."""
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "CONDUIT_DATABASE_URL": f"sqlite:///{folder}/x.sqlite3"}
            command = [sys.executable, "-c", SCRIPT]
            ended = subprocess.run(
                command, cwd=FOLDER, env=environment, capture_output=True, text=True
            )
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(
            ended.stderr, "conduit: the database is not migrated: run `python manage.py migrate`\n"
        )
