"""The number of SQL statements of a read, from the tests of each app."""

import ast
from collections.abc import Iterator

from compare.run.apps import App
from compare.run.contract import Operation, read_operations


def statements_of(app: App, operation: Operation) -> range | None:
    """The fewest and the most, without the one for the token; None if no test has a number."""
    if operation.method != "GET":
        return None
    numbers = [
        number
        for path, number in expected_numbers(app)
        if operation_of(path.partition("?")[0]) == operation
    ]
    return range(min(numbers), max(numbers) + 1) if numbers else None


def operation_of(path: str) -> Operation:
    """The operation of a GET: `/api/articles/feed` is the feed, and not the article `feed`."""
    matching = [
        each for each in read_operations() if each.method == "GET" and each.pattern.fullmatch(path)
    ]
    return min(matching, key=lambda each: each.path.count("{"))


def expected_numbers(app: App) -> Iterator[tuple[str, int]]:
    """The pairs of a path and a number that are literals in `tests/test_statements.py`."""
    tree = ast.parse((app.folder / "tests" / "test_statements.py").read_text("utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=str(path)), ast.Constant(value=int(number))]):
                yield path, number
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(value=str(path)), ast.Constant(value=int(number)):
                            yield path, number
