"""`mirror`: whether the three apps have the same structure, so that a difference has a meaning.

It reads the source of the apps and imports none of them.
The files that may differ are in `mirror.toml`, and the pieces in `counterparts.toml`, each with a
sentence that says why.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from compare.read.chains import chain
from compare.read.comparison import source_files
from compare.read.counterparts import (
    COUNTERPARTS,
    HEAD,
    MIRROR,
    Break,
    Counterparts,
    counterparts_of,
    locator_of,
    piece_at,
    pieces_of,
    read_breaks,
    read_rows,
)
from compare.read.handlers import Handler, read_handlers
from compare.read.pages import check_pages, write_pages
from compare.run.apps import APPS, BY_NAME, ROOT, App
from compare.run.contract import Operation, read_operations
from compare.run.pieces import Piece, find
from compare.run.terminal import Failed, out

DOCSTRING = re.compile(r'^    """(.*?)"""', re.DOTALL | re.MULTILINE)

MENTION = re.compile(r"`(conduit/[^`]+::[^`]+)`")


def mirror(
    write: Annotated[
        bool,
        typer.Option("--write", help="Update what README.md and docs/ show, then check."),
    ] = False,
) -> None:
    """Check that the three apps have the same files, handlers and pieces."""
    identical = tomllib.loads(MIRROR.read_text("utf-8"))["identical"]
    breaks = read_breaks()
    rows = list(read_rows(COUNTERPARTS.read_text("utf-8")))
    operations = read_operations()
    handlers = {app: read_handlers(app) for app in APPS}
    pieces = {app: every_piece(app) for app in APPS}
    if write:
        write_pages()
    problems = [
        *check_files(breaks),
        *check_identical(identical),
        *check_handlers(operations, handlers),
        *check_rows(rows),
        *check_pieces(pieces),
        *check_pages(),
    ]
    for problem in problems:
        out.print(f"[bold red]✗[/] {escape(problem)}", soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    out.print(
        f"The mirror holds: {len(operations)} operations in the same places,"
        f" {len(breaks)} breaks with a reason each, {len(rows)} rows of counterparts.",
        soft_wrap=True,
    )


def check_files(breaks: Sequence[Break]) -> Iterator[str]:
    """Every file is in all three apps, or on the list of breaks."""
    files = {app.name: files_of(app) for app in APPS}
    unused = set(breaks)
    for path in sorted(set().union(*files.values())):
        having = frozenset(name for name in files if path in files[name])
        if len(having) == len(APPS):
            continue
        covering = {each for each in breaks if each.covers(path, having)}
        unused -= covering
        if not covering:
            yield (
                f"{path}: only in {', '.join(sorted(having))}: mirror it in the others,"
                f" or give the reason in compare/read/{MIRROR.name}"
            )
    for each in sorted(unused, key=lambda each: each.path):
        yield f"{each.path}: not in the apps any more: remove it from compare/read/{MIRROR.name}"


def files_of(app: App) -> set[str]:
    paths = (path.relative_to(app.folder) for path in app.folder.rglob("*") if path.is_file())
    return {str(path) for path in paths if is_source(path)}


def is_source(path: Path) -> bool:
    """Whether it is not a cache or a database, which a running app leaves in its folder."""
    hidden = any(part.startswith((".", "__pycache__")) for part in path.parts)
    return not hidden and ".sqlite3" not in path.name


def check_identical(groups: Sequence[Mapping[str, Sequence[str]]]) -> Iterator[str]:
    """Some files are the same, byte for byte, in some of the apps."""
    for group in groups:
        first, *others = (BY_NAME[name] for name in group["apps"])
        for path in group["paths"]:
            for other in others:
                here, there = first.folder / path, other.folder / path
                if not here.exists() or not there.exists():
                    yield f"{path}: should be in {first.name} and in {other.name}"
                elif here.read_bytes() != there.read_bytes():
                    yield (
                        f"{path}: should be the same in both: see"
                        f" diff {here.relative_to(ROOT)} {there.relative_to(ROOT)}"
                    )


def check_handlers(
    operations: Sequence[Operation], handlers: Mapping[App, Sequence[Handler]]
) -> Iterator[str]:
    """Each operation has its handler, in the same file of each app, in the contract's order."""
    summaries = {operation.name: operation.summary for operation in operations}
    order = list(summaries)
    places = {handler.name: handler.file for handler in handlers[APPS[0]]}
    for app, present in handlers.items():
        names = [handler.name for handler in present]
        for name in order:
            if names.count(name) != 1:
                yield f"{app.name}: {name} has {names.count(name)} handlers, not one"
        for handler in present:
            where = f"{app.folder.name}/{handler.file}: {handler.name}"
            if handler.name not in summaries:
                yield f"{where}: is no operation of spec/openapi.yaml"
            elif handler.docstring != summaries[handler.name]:
                yield (
                    f"{where}: its docstring is {handler.docstring!r},"
                    f" its summary in spec/openapi.yaml {summaries[handler.name]!r}"
                )
            if handler.name in places and handler.file != places[handler.name]:
                yield f"{where}: is in {places[handler.name]} of {APPS[0].name}"
        for file, group in groupby(present, key=lambda handler: handler.file):
            found = [handler.name for handler in group if handler.name in summaries]
            wanted = sorted(found, key=order.index)
            if found != wanted:
                yield (
                    f"{app.folder.name}/{file}: its handlers are not in the contract's order,"
                    f" which is {', '.join(wanted)}"
                )


type Pieces = Mapping[App, Mapping[str, Piece]]
"""All pieces of each app, by their locators."""


def every_piece(app: App) -> Mapping[str, Piece]:
    """All pieces of `conduit/` that `diff` and the pages show, except imports."""
    files = sorted(str(path) for path in source_files(app) if path.parts[0] == "conduit")
    links = (link.piece for operation in read_operations() for link in chain(app, operation))
    pieces = [*(piece for path in files for piece in pieces_of(app, path)), *links]
    return {locator_of(piece): piece for piece in pieces if piece.name != HEAD}


def check_rows(rows: Sequence[Counterparts]) -> Iterator[str]:
    """Each row names existing pieces, each piece once, and pieces that differ."""
    named: set[tuple[str, str]] = set()
    for row in rows:
        texts = set()
        for app, locator in row.locators.items():
            if (app, locator) in named:
                yield f"{COUNTERPARTS.name}: {locator} of {app} is in two rows"
            named.add((app, locator))
            try:
                texts.add(find(locator, BY_NAME[app].folder).text)
            except Failed as failure:
                yield f"{COUNTERPARTS.name}: {failure.message}"
        for locator in MENTION.findall(row.why):
            if not any(piece_at(app, locator) for app in APPS):
                yield f"{COUNTERPARTS.name}: no app has {locator}, which a sentence names"
        locators = list(dict.fromkeys(row.locators.values()))
        if len(row.locators) == len(APPS) and len(texts) == len(locators) == 1:
            yield f"{COUNTERPARTS.name}: {locators[0]} is equal in all apps: remove it"


def check_pieces(pieces: Pieces) -> Iterator[str]:
    """A piece that an app lacks needs a sentence that says what this app has instead."""
    for app, present in pieces.items():
        for locator, piece in present.items():
            found = counterparts_of(app, locator)
            if found.why or len(found.locators) == len(APPS):
                continue
            lacking = [each for each in APPS if each.name not in found.locators]
            titles = " and ".join(each.title for each in lacking)
            alike = [f" ({each})" for other in lacking for each in suggested(piece, other, pieces)]
            yield (
                f"{app.folder.name}/{locator}: give its counterpart in {titles}, or what does the"
                f" job there, in compare/read/{COUNTERPARTS.name}{''.join(alike)}"
            )


def suggested(piece: Piece, other: App, pieces: Pieces) -> Iterator[str]:
    """Pieces of the other app with the same docstring that no row names yet."""
    words = docstring(piece)
    for locator, each in pieces[other].items():
        if words and docstring(each) == words and not counterparts_of(other, locator).by_hand:
            yield f"{other.name} has the same docstring in {locator}"


def docstring(piece: Piece) -> str | None:
    found = DOCSTRING.search(piece.text)
    return found and found[1]
