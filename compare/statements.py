"""How many SQL statements a read takes, as the tests of each app promise it."""

import ast
import re
from collections.abc import Iterator

from compare.apps import App
from compare.handlers import Operation


def statements_of(app: App, operation: Operation) -> range | None:
    """The fewest and the most, without the one that checks a token; None where none is promised."""
    method, _, route = operation.route.partition(" ")
    if method != "GET":
        return None
    path = re.compile(re.sub(r"\\{\w+\\}", "[^/?]+", re.escape(route)) + r"(\?.*)?")
    numbers = [number for asked, number in promises(app) if path.fullmatch(asked)]
    return range(min(numbers), max(numbers) + 1) if numbers else None


def promises(app: App) -> Iterator[tuple[str, int]]:
    """Pairs of a path and a number, which `tests/test_statements.py` has as literals."""
    tree = ast.parse((app.folder / "tests" / "test_statements.py").read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=str(path)), ast.Constant(value=int(number))]):
                yield path, number
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(value=str(path)), ast.Constant(value=int(number)):
                            yield path, number
