"""Copies of the app and its tests, in which a file is changed and the tests are run."""

import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compare.run.apps import ROOT, App
from compare.run.processes import Processes, TimedOut, failure
from compare.run.terminal import Failed, KeptLog

Outcome = Literal["killed", "killed by own tests", "did not start", "timed out", "survived"]

NEAR = {
    "accounts": ("test_accounts", "test_profiles", "test_follow", "test_tokens"),
    "articles": ("test_articles", "test_favorites", "test_feed_and_filters"),
    "comments": ("test_comments",),
    "": ("test_bodies", "test_errors_order", "test_accounts"),
}
"""The files of the suite that are most likely to see a change in a folder of the app."""

NEAR_MODULE = {
    "api": ("test_openapi", "test_errors_order"),
    "auth": ("test_tokens", "test_errors_order"),
    "schemas": ("test_openapi", "test_bodies"),
}
"""The same for a module, in any folder."""

ON_POSTGRES = {"auth", "errors", "health", "queries", "services"}
"""Modules with locks, with errors of the database, or with statements."""

ORDINARY = "not process and not live and not browser"
# Tests that start, stop or configure servers or open sockets, which takes longer.
OTHERS = "(process or live) and not browser"

TIMEOUT_FACTOR = 3.0
"""A part of the tests may take this many times as long as the longest part takes unchanged."""
LONG = 600.0
"""The limit in seconds if the longest part was not measured."""

NO_START = re.compile("the server did not start|migrate failed|the check failed")
FIRST_FAILURE = re.compile(
    r"^(?:FAILED|ERROR) \S*?(?P<pytest>[^/\s]+\.py\S*)|^(?:FAIL|ERROR): (?P<django>\S+)",
    re.MULTILINE,
)

OWN_TESTS = "own tests"
PYTEST = ("-m", "pytest", "-x", "-q", "--tb=line", "-rfE", "-p", "no:cacheprovider")
# The suite needs only one plugin, and the one of Hypothesis takes a second to load.
OF_THE_SUITE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# As in tox.ini; the suite sets these for its servers.
OF_OWN_TESTS = {"CONDUIT_LOG_LEVEL": "WARNING", "CONDUIT_PASSWORD_HASHING": "fast"}


@dataclass(frozen=True)
class Part:
    """A part of the tests, as arguments of Python."""

    name: str
    arguments: Sequence[str]


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    test: str = ""
    """The test that failed first."""


def parts_for(app: App, path: str) -> list[Part]:
    """The whole suite without the browser, tests near the file first; then the app's own tests."""
    folder, module = path.split("/")[1], Path(path).stem
    names = dict.fromkeys([*NEAR_MODULE.get(module, ()), *NEAR.get(folder, NEAR[""])])
    near = [f"shared_tests/{name}.py" for name in names]
    rest = [f"--ignore={name}" for name in near]
    suite = (*PYTEST, "--basetemp", "temporary", "-p", "xdist.plugin", "--app", app.name)
    own = [*PYTEST, "--basetemp", "temporary", "tests"]
    if app.name == "django":
        own = ["manage.py", "test", "--failfast"]
    parts = [
        Part("near", [*suite, *near, "-m", ORDINARY]),
        Part("ordinary", [*suite, "shared_tests", *rest, "-m", ORDINARY]),
        Part("others", [*suite, "shared_tests", "-m", OTHERS]),
    ]
    if module in ON_POSTGRES:
        postgres = ("-m", "not browser", "--database", "postgres")
        parts.append(Part("on PostgreSQL", [*suite, "shared_tests", *postgres]))
    return [*parts, Part(OWN_TESTS, own)]


class Tree:
    """A copy of the app and of the suite."""

    def __init__(self, app: App, processes: Processes, root: Path, original: Path = ROOT) -> None:
        self._app = app
        self._root = root
        self._processes = processes
        self._writes = 0
        no_data = shutil.ignore_patterns("*.sqlite3*", ".*")
        for name in (app.folder.name, "shared_tests", "spec"):
            # Copied with the times of the files, so that existing bytecode stays valid.
            shutil.copytree(original / name, root / name, ignore=no_data)
        shutil.copy2(original / "pyproject.toml", root)

    async def run_unchanged(self) -> float:
        """The number of seconds that a part of the tests may take."""
        longest = 0.0
        for part in parts_for(self._app, "conduit/errors.py"):
            start = time.monotonic()
            verdict = await self._run(part, LONG)
            if verdict.outcome != "survived":
                raise Failed(
                    f"{self._app.name} fails without any change, in {verdict.test}: fix that first"
                )
            longest = max(longest, time.monotonic() - start)
        return TIMEOUT_FACTOR * longest

    async def try_change(self, path: str, code: str, limit: float) -> Verdict:
        """The verdict of the tests on the app with this file changed."""
        file = self._root / self._app.folder.name / path
        original, times = file.read_text("utf-8"), file.stat()
        self._write(file, code)
        try:
            for part in parts_for(self._app, path):
                verdict = await self._run(part, limit)
                if verdict.outcome != "survived":
                    break
            return verdict
        finally:
            file.write_text(original, "utf-8")
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _write(self, file: Path, code: str) -> None:
        """Write with a unique time: Python checks bytecode by time in seconds and by size."""
        file.write_text(code, "utf-8")
        self._writes += 1
        os.utime(file, (time.time(), time.time() - 10 * self._writes))

    async def _run(self, part: Part, limit: float) -> Verdict:
        own = part.name == OWN_TESTS
        record = KeptLog(part.name)
        command = [sys.executable, *part.arguments]
        env = os.environ | (OF_OWN_TESTS if own else OF_THE_SUITE)
        folder = self._root / self._app.folder.name if own else self._root
        try:
            code = await self._processes.call(record, command, cwd=folder, env=env, timeout=limit)
        except TimedOut:
            return Verdict("timed out", part.name)
        if code == 0:
            return Verdict("survived")
        text = "\n".join(record.lines)
        found = FIRST_FAILURE.search(text)
        # 2: pytest could not import a test, because of the change.
        if code not in ((1, 2) if own else (1,)) or found is None:
            raise failure(record, f"no tests were run in {self._root}")
        test = found["pytest"] or found["django"]
        if own:
            return Verdict("killed by own tests", test)
        return Verdict("did not start" if NO_START.search(text) else "killed", test)
