"""Tests that are left out on the second server of an app; docs/differences.md says why."""

import re
from functools import cache

from .apps import ROOT

PAGE = ROOT / "docs" / "differences.md"
# The server, the app, the difference, and the tests that detect it.
ROW = re.compile(r"^\| (\w+) \| (\w+) \| [^|]+ \| ((?:`test_\w+`(?:, )?)+) \|$", re.MULTILINE)


@cache
def left_out(app: str, server: str) -> frozenset[str]:
    """The names of the tests that are left out if this server runs this app."""
    rows = ROW.findall(PAGE.read_text("utf-8"))
    found = [tests for of_server, of_app, tests in rows if (of_server, of_app) == (server, app)]
    return frozenset(re.findall(r"test_\w+", " ".join(found)))


def all_left_out() -> frozenset[str]:
    """The names of all tests that are left out on some server."""
    rows = ROW.findall(PAGE.read_text("utf-8"))
    return frozenset().union(*(left_out(app, server) for server, app, _ in rows))
