"""How often each operation gave each status."""

import re
from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from compare.prove.parity.engine.stories import Step
from compare.run.contract import Operation

NOT_EXPECTED = frozenset({503})
OTHERS = ("HEAD", "OPTIONS", "other methods", "pages", "no route")


class Coverage:
    """Counts answers by operation and status; `pages` matches the other paths that have a GET."""

    def __init__(self, operations: Sequence[Operation], pages: re.Pattern[str]) -> None:
        self._operations = operations
        self._pages = pages
        self._counts: Counter[tuple[str, int]] = Counter()

    def count(self, request: Step, status: int) -> None:
        self._counts[self.name(request), status] += 1

    def name(self, request: Step) -> str:
        """The operation that a request is for, or one of `OTHERS`."""
        path = request.path.removesuffix("/") or "/"
        method = "GET" if request.method == "HEAD" else request.method
        # A literal path, such as `/feed`, is preferred to a path with a parameter.
        operations = sorted(self._operations, key=lambda operation: "{" in operation.path)
        there = [each for each in operations if each.pattern.fullmatch(path)]
        names = [operation.name for operation in there if operation.method == method]
        if self._pages.fullmatch(path) and method == "GET":
            names.append("pages")
        if names:
            return "HEAD" if request.method == "HEAD" and there else names[0]
        if not there and not self._pages.fullmatch(path):
            return "no route"
        return "OPTIONS" if method == "OPTIONS" else "other methods"

    def table(self) -> Table:
        """How often each operation had each status, and which expected ones never came."""
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column("answers", overflow="fold")
        table.add_column("not seen", overflow="fold")
        for operation in self._operations:
            seen = self._seen(operation.name)
            missing = sorted(operation.statuses - NOT_EXPECTED - seen.keys())
            table.add_row(operation.name, cell(seen), Text("  ".join(map(str, missing)), "yellow"))
        for name in OTHERS:
            table.add_row(name, cell(self._seen(name)))
        return table

    def _seen(self, name: str) -> dict[int, int]:
        return {status: count for (each, status), count in self._counts.items() if each == name}


def cell(seen: dict[int, int]) -> Text:
    # Without a space between them, a status and its count stay on one line.
    counts = (f"{status}×{count}" for status, count in sorted(seen.items()))
    return Text("  ".join(f"{each:<7}" for each in counts))
