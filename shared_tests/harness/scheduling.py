"""Which tests one pytest-xdist worker runs together, and which start first."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Files and tests that share a server, a browser, or a database that is stopped: they run in one
# worker, which starts it once. The slowest start first, so that no worker waits for them.
TOGETHER = {
    "browser": ("test_docs_in_browser.py",),
    "pair": ("test_live_servers.py",),
    "restricted": (
        "test_failures.py",
        "test_restricted.py",
        "test_slugs.py",
        "test_tags.py",
        "test_events_are_kept_for_a_while",
        "test_upgrade_at_another_host",
    ),
    "fragile": ("test_database_away.py",),
    "shutdown": ("test_shutdown.py",),
    "production": ("test_production.py", "test_first_event"),
}
SCOPES = {place: scope for scope, places in TOGETHER.items() for place in places}


def scope_of(nodeid: str) -> str:
    """The name of the group of tests that run in the same worker."""
    file, function = _place(nodeid)
    if scope := SCOPES.get(file) or SCOPES.get(function):
        return scope
    if file == "test_schema.py":
        return "postgres" if "[postgres" in nodeid else "sqlite"
    if file == "test_process.py":
        return nodeid
    return nodeid.partition("[")[0]


def turn_of(nodeid: str) -> int:
    """The sort key: grouped tests first, then those that start processes, then the others."""
    scopes = [*TOGETHER, "process"]
    scope = "process" if _place(nodeid)[0] == "test_process.py" else scope_of(nodeid)
    return scopes.index(scope) if scope in scopes else len(scopes)


def _place(nodeid: str) -> tuple[str, str]:
    path, _, test = nodeid.partition("::")
    return path.rpartition("/")[2], test.partition("[")[0]


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Schedule by scope, in the order of the collection.

    (The groups of pytest-xdist do not work, because they need node ids that can be changed.)
    """

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
