"""Which answers of which operations were seen."""

import re
from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from compare.prove.parity.stories import Request
from compare.run.contract import Operation

PAGES = re.compile(r"/|/api/(docs(/assets/[^/]+)?|redoc|openapi\.json)/?")
NOT_EXPECTED = frozenset({503})


class Coverage:
    """Counts answers by operation and status."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._counts: Counter[tuple[str, int]] = Counter()

    def count(self, request: Request, status: int) -> None:
        self._counts[self.name(request), status] += 1

    def name(self, request: Request) -> str:
        """The operation that a request is for, or what it is instead."""
        path = request.path
        if path.startswith("/api/") and path.endswith("/"):
            path = path.removesuffix("/")
        method = "GET" if request.method == "HEAD" else request.method
        known = False
        # A word, such as `feed`, comes before a parameter that it could be the value of.
        for operation in sorted(self._operations, key=lambda each: "{" in each.path):
            if operation.pattern.fullmatch(path):
                known = True
                if operation.method == method:
                    return "HEAD" if request.method == "HEAD" else operation.name
        if PAGES.fullmatch(path):
            known = True
            if method == "GET":
                return "pages"
        if not known:
            return "no route"
        return "OPTIONS" if method == "OPTIONS" else "other methods"

    def table(self) -> Table:
        """A row for each operation: how often each status was seen, and which never was."""
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
        for heading in ("", "answers", "not seen"):
            table.add_column(heading)
        for operation in self._operations:
            missing = operation.statuses - NOT_EXPECTED - self._seen(operation.name).keys()
            table.add_row(
                operation.name,
                self._cell(operation.name),
                Text("  ".join(map(str, sorted(missing))), "yellow"),
            )
        for name in ("HEAD", "OPTIONS", "other methods", "pages", "no route"):
            table.add_row(name, self._cell(name))
        return table

    def _seen(self, name: str) -> dict[int, int]:
        return {status: count for (each, status), count in self._counts.items() if each == name}

    def _cell(self, name: str) -> Text:
        # Without a space between them, a status and its number stay on one line.
        cells = [f"{status}×{count}" for status, count in sorted(self._seen(name).items())]
        return Text("  ".join(f"{cell:<7}" for cell in cells))
