"""Pieces of source by name, so that a text shows the current code.

A locator is a path and a name in it: `conduit/errors.py::shape` is a function, a class or an
assignment, `conduit/errors.py::Refusal.__init__` what a class has, `conduit/errors.py` the file.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from compare.run.apps import APPS, BY_NAME, App
from compare.run.terminal import Failed

ROW = re.compile(r"\{\{ pieces (?P<locators>[^{}]+) \}\}")


@dataclass(frozen=True)
class Piece:
    path: Path
    """As in the locator: relative to the folder that was searched."""
    name: str
    """As in the locator; empty for a whole file."""
    first_line: int
    last_line: int
    """Both counted from 1 and part of the piece."""
    text: str
    """With its decorators and the comment above it, at the left margin, with a final newline."""


def find(locator: str, root: Path) -> Piece:
    """The piece that the locator names below `root`; `Failed` with the nearest name if missing."""
    path, _, name = locator.partition("::")
    file = root / path
    if not file.is_file():
        files = (str(each.relative_to(root)) for each in root.rglob(f"*{file.suffix}"))
        raise Failed(f"{locator}: {root.name} has no file {path}{nearest(path, files)}")
    text, lines = read(file)
    if not name:
        return Piece(Path(path), "", 1, len(lines), text)
    try:
        places = places_in(text)
    except SyntaxError as error:
        raise Failed(f"{locator}: line {error.lineno} of {path} is not valid Python") from None
    if name not in places:
        raise Failed(f"{locator}: {root.name}/{path} has no {name}{nearest(name, places)}")
    first, last = places[name]
    while first > 1 and is_comment(lines[first - 2], beside=lines[first - 1]):
        first -= 1
    return Piece(Path(path), name, first, last, at_margin(lines[first - 1 : last]))


@cache
def read(file: Path) -> tuple[str, list[str]]:
    """The text of a file, and its lines."""
    text = file.read_text("utf-8")
    return text, text.splitlines()


@cache
def parse(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def places_in(source: str) -> Mapping[str, tuple[int, int]]:
    """For each name, the first and last line of its first definition."""
    places: dict[str, tuple[int, int]] = {}
    for name, node in named(parse(source).body):
        decorators = getattr(node, "decorator_list", [])
        first = min(each.lineno for each in (node, *decorators))
        places.setdefault(name, (first, node.end_lineno or node.lineno))
    return places


def named(body: Iterable[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inner) | ast.FunctionDef(name=name, body=inner):
                yield within + name, node
                yield from named(inner, f"{within}{name}.")
            case ast.AsyncFunctionDef(name=name, body=inner):
                yield within + name, node
                yield from named(inner, f"{within}{name}.")
            case ast.Assign(targets=targets):
                yield from ((within + name, node) for each in targets for name in names_in(each))
            case ast.AnnAssign(target=target) | ast.TypeAlias(name=target):
                yield from ((within + name, node) for name in names_in(target))


def names_in(target: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def is_comment(line: str, *, beside: str) -> bool:
    """Whether the line is a comment with the other line's indentation."""
    margin = len(beside) - len(beside.lstrip())
    return line[:margin].isspace() == bool(margin) and line[margin:].startswith("#")


def at_margin(lines: list[str]) -> str:
    """The lines without the indentation of the first; a line with less is unchanged."""
    margin = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return "".join(f"{line.removeprefix(margin)}\n" for line in lines)


def nearest(name: str, others: Iterable[str]) -> str:
    near = get_close_matches(name, list(others), n=1, cutoff=0)
    return f": the nearest is {near[0]}" if near else ""


def read_row(line: str) -> dict[App, Piece | None] | None:
    """The pieces that a line with only `{{ pieces … }}` stands for, by app; None for other lines.

    The line has one locator for all three apps, or `app=locator` for each; `-` means no piece.
    """
    row = ROW.fullmatch(line.strip())
    if row is None:
        return None
    words = row["locators"].split()
    if len(words) == 1 and "=" not in words[0]:
        words = [f"{app.name}={words[0]}" for app in APPS]
    locators = dict(word.partition("=")[::2] for word in words)
    if len(words) != len(APPS) or locators.keys() != BY_NAME.keys():
        raise Failed(f"{line.strip()}: give one locator, or {'=… '.join(BY_NAME)}=…")
    return {
        app: None if locators[app.name] == "-" else find(locators[app.name], app.folder)
        for app in APPS
    }
