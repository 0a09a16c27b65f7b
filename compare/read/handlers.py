"""The handlers of an app, read from its source."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compare.run.apps import App
from compare.run.contract import METHODS
from compare.run.pieces import parse

# Where handlers are; the pages of contract/docs.py have routes too, but are no operations.
PLACES = ("conduit/**/api.py", "conduit/health.py")


@dataclass(frozen=True)
class Handler:
    """A function with a route."""

    name: str
    docstring: str
    file: Path
    """Relative to the app's folder, so that the same file of another app equals it."""


@cache
def read_handlers(app: App) -> list[Handler]:
    files = sorted(file for place in PLACES for file in app.folder.glob(place))
    return [handler for file in files for handler in handlers_of(file, app.folder)]


def handlers_of(file: Path, folder: Path) -> Iterator[Handler]:
    for node in parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_routed(node):
            yield Handler(node.name, ast.get_docstring(node) or "", file.relative_to(folder))


def is_routed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is decorated with something like `@router.get(…)`."""
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in METHODS
        for decorator in function.decorator_list
    )
