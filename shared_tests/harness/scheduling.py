"""Which tests one worker of pytest-xdist runs together."""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Tests that share a server, a browser, or a database that comes and goes: started once, in one
# worker.
TOGETHER = {
    "test_database_away.py": "fragile",
    "test_docs_in_browser.py": "browser",
    "test_failures.py": "restricted",
    "test_farewell.py": "farewell",
    "test_production.py": "production",
    "test_restricted.py": "restricted",
    "test_slugs.py": "restricted",
    "test_tags.py": "restricted",
}


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """By function, but for the files whose tests belong together.

    (The groups of pytest-xdist itself are lost on a pytest whose node ids cannot be changed.)
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        file = path.rpartition("/")[2]
        if file in TOGETHER:
            return TOGETHER[file]
        if file == "test_schema.py":
            return "postgres" if "[postgres" in test else "sqlite"
        if file == "test_process.py":
            return nodeid
        return nodeid.partition("[")[0]
