"""Which tests one worker of pytest-xdist runs together, and which are begun first."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Files and tests that share servers, a browser, or a database that comes and goes: started once,
# in one worker. What takes longest is begun first, so that no worker is left waiting for it.
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
    "farewell": ("test_farewell.py",),
    "production": ("test_production.py", "test_first_event"),
}
SCOPES = {place: scope for scope, places in TOGETHER.items() for place in places}


def scope_of(nodeid: str) -> str:
    """The name that a test has in common with those that run in the same worker."""
    file, function = _place(nodeid)
    if scope := SCOPES.get(file) or SCOPES.get(function):
        return scope
    if file == "test_schema.py":
        return "postgres" if "[postgres" in nodeid else "sqlite"
    if file == "test_process.py":
        return nodeid
    return nodeid.partition("[")[0]


def turn_of(nodeid: str) -> int:
    """A number to sort by: those that belong together, those that start processes, the rest."""
    scopes = [*TOGETHER, "process"]
    scope = "process" if _place(nodeid)[0] == "test_process.py" else scope_of(nodeid)
    return scopes.index(scope) if scope in scopes else len(scopes)


def _place(nodeid: str) -> tuple[str, str]:
    path, _, test = nodeid.partition("::")
    return path.rpartition("/")[2], test.partition("[")[0]


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """By scope, in the order of the collection.

    (The groups of pytest-xdist itself are lost on a pytest whose node ids cannot be changed.)
    """

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
