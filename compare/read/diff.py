"""`diff`: what each app has for the same thing, side by side in the terminal."""

import gc
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated

import typer
from rich import box
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from compare.read.comparison import (
    SHARED,
    Comparison,
    compare_file,
    compare_layers,
    compare_operation,
    compare_topic,
    files_by_name,
    of_operation,
    operations_by_name,
    pick,
    topics_by_name,
)
from compare.read.panes import Panes
from compare.run.alignment import LineRow, Mark, align_texts
from compare.run.apps import App, AppsOption, choose_apps
from compare.run.contract import read_operations
from compare.run.layers import BY_NAME as LAYERS_BY_NAME
from compare.run.layers import LAYERS, Layer
from compare.run.pieces import Piece
from compare.run.terminal import UsageError, out, paged

CONTEXT = 3


def layer_named(name: str) -> Layer:
    return pick("layer", name, LAYERS_BY_NAME)


def diff(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[SUBJECT]",
            help="An operation, a topic such as errors, or a file such as comments/api.py."
            " Without it, the operations are listed.",
        ),
    ] = None,
    app: AppsOption = None,
    layers: Annotated[
        list[Layer] | None,
        typer.Option(
            "--layer",
            metavar="LAYER",
            parser=layer_named,
            help=f"Show only this layer: {', '.join(LAYERS_BY_NAME)}. Repeat the option for"
            " several.",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show also the code that is equal in all apps.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print a unified diff.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the list of operations as JSON.")
    ] = False,
    pager: Annotated[
        bool, typer.Option("--pager/--no-pager", help="Print through $PAGER in a terminal.")
    ] = True,
) -> None:
    """Show how the apps differ: an operation's whole call chain, a layer, a file or a topic.

    The exit code is 1 if the apps differ.
    """
    # This command needs no garbage collection, which would take a tenth of its time.
    gc.disable()
    chosen = choose_apps(app)
    if len(chosen) == 1:
        raise UsageError("one app cannot be compared: give --app twice, or leave it out")
    if as_json and (subject or layers or plain or full):
        raise UsageError("--json is for the list of all operations: give it alone")
    comparison = choose(subject, chosen, layers or [])
    if as_json:
        out.print(json.dumps(sizes(chosen), indent=2), markup=False, soft_wrap=True)
        return
    with paged(pager):
        if comparison is None:
            list_operations(chosen)
        elif plain:
            # Not as text, in which Rich would replace the tabs.
            out.print(Segments(map(Segment, unified(comparison))), soft_wrap=True)
        else:
            out.print(Panes(comparison, full=full))
    if comparison and not all(row.equal for row in comparison.rows):
        raise typer.Exit(1)


def choose(subject: str | None, apps: Sequence[App], layers: Sequence[Layer]) -> Comparison | None:
    if subject is None:
        return compare_layers(layers, apps) if layers else None
    operations, topics, files = operations_by_name(), topics_by_name(), files_by_name()
    name = subject.removeprefix("conduit/")
    known = dict.fromkeys([*operations] if layers else [*operations, *topics, *files], name)
    pick("operation" if layers else "operation, topic or file", name, known)
    if name in operations:
        return compare_operation(name, apps, layers or LAYERS)
    return compare_file(name, apps) if name in files else compare_topic(name, apps)


def list_operations(apps: Sequence[App]) -> None:
    """Every operation, with the size of its chain in each app, and how alike they are."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("operation", overflow="fold")
    for app in apps:
        table.add_column(Text(f"{app.title}\nlines", app.color), justify="right", no_wrap=True)
    table.add_column("alike", justify="right", no_wrap=True)
    for operation in read_operations():
        size = of_operation(operation, apps).size
        table.add_row(operation.name, *map(str, size.lines), f"{size.alike:.0%}")
    out.print(table)
    out.print(
        "Lines of the whole call chain, without the layers"
        f" {' and '.join(layer.name for layer in SHARED)}.\n"
        "Alike is the share of the lines that all apps have.\n"
        "To show one: [bold]./triptych diff create_article[/]",
        soft_wrap=True,
    )


def sizes(apps: Sequence[App]) -> list[dict[str, object]]:
    """Every operation, with the size of its chain in each app, as in the list."""
    listed: list[dict[str, object]] = []
    for operation in read_operations():
        size = of_operation(operation, apps).size
        by_app = {
            app.name: {"lines": lines, "pieces": pieces}
            for app, lines, pieces in zip(apps, size.lines, size.pieces, strict=True)
        }
        listed.append({"operation": operation.name, "alike": size.alike, "apps": by_app})
    return listed


def unified(comparison: Comparison) -> Iterator[str]:
    """A unified diff from each app to the next, piece by piece; equal ones are left out."""
    for row in comparison.rows:
        if row.why and not row.equal:
            yield f"# {row.why}\n"
        sides = list(zip(comparison.apps, row.pieces, strict=True))
        for (app, before), (other, after) in pairwise(sides):
            for number, hunk in enumerate(hunks(before, after)):
                if number == 0:
                    yield f"--- {name_of(app, before)}\n"
                    yield f"+++ {name_of(other, after)}\n"
                yield from hunk_lines(hunk, before, after)


def name_of(app: App, piece: Piece | None) -> str:
    return f"{app.folder.name}/{piece.path}" if piece else "/dev/null"


def hunks(before: Piece | None, after: Piece | None) -> Iterator[Sequence[LineRow]]:
    """The rows that differ, with some equal ones around them.

    An equal line with other line breaks is in no hunk, since it would look like a change.
    """
    rows = align_texts([piece.text if piece else None for piece in (before, after)])
    hunk: list[LineRow] = []
    for place, row in enumerate(rows):
        near = rows[max(0, place - CONTEXT) : place + CONTEXT + 1]
        rewrapped = row.mark is Mark.EQUAL and lines_of(before, row, 0) != lines_of(after, row, 1)
        if any(map(differs, near)) and not rewrapped:
            hunk.append(row)
            continue
        if any(map(differs, hunk)):
            yield hunk
        hunk = []
    if any(map(differs, hunk)):
        yield hunk


def differs(row: LineRow) -> bool:
    return row.mark is not Mark.EQUAL


def lines_of(piece: Piece | None, row: LineRow, side: int) -> list[str]:
    lines = row.lines[side]
    return piece.text.splitlines(keepends=True)[lines.start : lines.stop] if piece else []


def hunk_lines(hunk: Sequence[LineRow], before: Piece | None, after: Piece | None) -> Iterator[str]:
    piece = after or before
    places = f"-{place(hunk, before, 0)} +{place(hunk, after, 1)}"
    yield f"@@ {places} @@ {piece.name if piece else ''}\n"
    for row in hunk:
        if differs(row):
            yield from (f"-{line}" for line in lines_of(before, row, 0))
            yield from (f"+{line}" for line in lines_of(after, row, 1))
        else:
            yield from (f" {line}" for line in lines_of(before, row, 0))


def place(hunk: Sequence[LineRow], piece: Piece | None, side: int) -> str:
    """The first line in the file, and the number of lines."""
    numbers = [number for row in hunk for number in row.lines[side]]
    start = numbers[0] + piece.first_line if piece and numbers else 0
    return f"{start},{len(numbers)}"
