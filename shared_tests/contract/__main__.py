"""Runs Schemathesis against an app: `python -m shared_tests.contract flask --seed 7`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from shared_tests.harness import register
from shared_tests.harness.apps import APPS, ROOT
from shared_tests.harness.databases import Databases
from shared_tests.harness.servers import Launcher, Server, stop_all

CONFIG = Path(__file__).with_name("schemathesis.toml")


def main() -> int:
    """Start the app on a new database and run Schemathesis, whose exit code is returned."""
    parser = argparse.ArgumentParser(prog="python -m shared_tests.contract", description=__doc__)
    parser.add_argument("app", choices=APPS)
    app, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = APPS[app.app]
        launcher = Launcher(chosen, chosen.default_server, Databases(folder, None), folder, folder)
        try:
            return fuzz(launcher.start(), folder, options)
        finally:
            stop_all()


def fuzz(server: Server, folder: Path, options: list[str]) -> int:
    """Run Schemathesis with all its checks, authenticated as one of two users."""
    people = [register(server.client, name) for name in ("one", "other")]
    users = folder / "users.json"
    users.write_text(json.dumps({"auth": [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Token {token}"}]}
        for name, token in (("one", people[0].token), ("other", people[1].token))
    ]}))  # fmt: skip
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{server.url}/api/openapi.json", "--checks", "all", *options),
    ]
    environment = {**os.environ, "CONDUIT_USERS": str(users)}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


sys.exit(main())
