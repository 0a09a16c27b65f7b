"""Which pieces of the three apps belong together, and a sentence that says why they differ.

`counterparts.toml` has what is paired by hand, and every piece that not all of the apps have.
What it does not name is paired if the path and the name are the same.
Where a file is in some apps only, `mirror.toml` has the sentence for all that is in it.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from compare.read.source import load
from compare.run.apps import APPS, BY_NAME, App
from compare.run.pieces import Piece, find, named, parse
from compare.run.terminal import Failed

COUNTERPARTS = Path(__file__).with_name("counterparts.toml")
MIRROR = Path(__file__).with_name("mirror.toml")
# The name of the piece before the definitions of a file.
HEAD = "imports"


@dataclass(frozen=True)
class Break:
    """Files that only some of the apps have."""

    path: str
    apps: frozenset[str]
    reason: str

    def covers(self, path: str, apps: frozenset[str]) -> bool:
        return apps == self.apps and fnmatch(path, self.path)


@dataclass(frozen=True)
class Counterparts:
    locators: Mapping[str, str]
    """By the name of the app; an app that is missing has no such piece."""
    why: str = ""
    """Why they differ, or what an app without such a piece has instead."""
    by_hand: bool = False


@cache
def read_breaks() -> Sequence[Break]:
    entries = tomllib.loads(MIRROR.read_text("utf-8"))["break"]
    return [Break(entry["path"], frozenset(entry["apps"]), entry["reason"]) for entry in entries]


def read_rows(text: str) -> Iterator[Counterparts]:
    """The rows of the file; an entry may have many, with one sentence for all of them."""
    try:
        entries = tomllib.loads(text)["rows"]
    except tomllib.TOMLDecodeError as error:
        raise Failed(f"{COUNTERPARTS.name} is not valid TOML: {error}") from None
    for entry in entries:
        columns = columns_of(entry)
        lengths = {len(locators) for locators in columns.values()}
        if len(lengths) != 1 or 0 in lengths or not entry.get("why") or not is_known(entry):
            raise Failed(
                f"{COUNTERPARTS.name}: {entry}: give `why`, and `pieces` for all or some `apps`,"
                f" or lists of the same length for some of {', '.join(BY_NAME)}"
            )
        for row in zip(*columns.values(), strict=True):
            yield Counterparts(dict(zip(columns, row, strict=True)), entry["why"], by_hand=True)


def columns_of(entry: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The locators of an entry, by app."""
    if "pieces" in entry:
        return {app: entry["pieces"] for app in entry.get("apps", BY_NAME)}
    return {app: entry[app] for app in BY_NAME if app in entry}


def is_known(entry: Mapping[str, Any]) -> bool:
    """Whether all keys of the entry are known."""
    usual = {"pieces", "apps"} if "pieces" in entry else BY_NAME.keys()
    return entry.keys() <= {*usual, "why"} and set(entry.get("apps", ())) <= BY_NAME.keys()


@cache
def by_hand() -> Mapping[tuple[str, str], Counterparts]:
    """The rows of the file, by app and locator."""
    return {
        (app, locator): row
        for row in read_rows(COUNTERPARTS.read_text("utf-8"))
        for app, locator in row.locators.items()
    }


@cache
def counterparts_of(app: App, locator: str) -> Counterparts:
    if (app.name, locator) in by_hand():
        return by_hand()[app.name, locator]
    having = {
        each.name: locator
        for each in APPS
        if (each.name, locator) not in by_hand() and piece_at(each, locator)
    }
    path = locator.partition("::")[0]
    reasons = [each.reason for each in read_breaks() if each.covers(path, frozenset(having))]
    return Counterparts(having, reasons[0] if reasons else "")


@cache
def piece_at(app: App, locator: str) -> Piece | None:
    """The piece, if the app has it."""
    path, _, name = locator.partition("::")
    pieces = {piece.name: piece for piece in pieces_of(app, path)}
    if name in pieces:
        return pieces[name]
    try:
        return find(locator, app.folder)
    except Failed:
        return None


@cache
def pieces_of(app: App, path: str) -> Sequence[Piece]:
    """The definitions at the top level of the file, and what comes before them as one piece.

    In a class such as a `QuerySet`, whose methods are used one by one, each method is a piece.
    """
    if not (app.folder / path).exists():
        return []
    text = (app.folder / path).read_text("utf-8")
    definitions = load(app.folder, path).definitions
    pieces = []
    for name in top_level(text):
        piece = find(f"{path}::{name}", app.folder)
        methods = []
        if name in definitions and definitions[name].is_chainable:
            methods = [find(f"{path}::{each}", app.folder) for each in methods_of(text, name)]
        pieces += [head_of(piece, methods), *methods] if methods else [piece]
    return [*imports_of(Path(path), text, pieces), *pieces]


def imports_of(path: Path, text: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    last = min((piece.first_line for piece in pieces), default=text.count("\n") + 1) - 1
    whole = Piece(path, HEAD, 1, last, "".join(text.splitlines(keepends=True)[:last]))
    if whole.text.strip():
        yield without_last_lines(whole)


def head_of(piece: Piece, methods: Sequence[Piece]) -> Piece:
    """The part of a class before its methods."""
    last = min(method.first_line for method in methods) - 1
    lines = piece.text.splitlines(keepends=True)[: last - piece.first_line + 1]
    return without_last_lines(Piece(piece.path, piece.name, piece.first_line, last, "".join(lines)))


def without_last_lines(piece: Piece) -> Piece:
    """The piece without the empty lines at its end."""
    text = piece.text.rstrip() + "\n"
    return Piece(
        piece.path, piece.name, piece.first_line, piece.first_line + text.count("\n") - 1, text
    )


def top_level(text: str) -> list[str]:
    return [name for name in names_of(text) if "." not in name]


def methods_of(text: str, name: str) -> list[str]:
    return [each for each in names_of(text) if each.rpartition(".")[0] == name]


@cache
def names_of(text: str) -> list[str]:
    return list(dict.fromkeys(name for name, _ in named(parse(text).body)))


def locator_of(piece: Piece) -> str:
    return f"{piece.path}::{piece.name}"
