"""`diff`: what each app has for the same thing, side by side in the terminal."""

import gc
import json
import re
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from itertools import pairwise
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from compare.read.chains import LAYERS, Layer
from compare.read.comparison import (
    Comparison,
    compare_file,
    compare_layer,
    compare_operation,
    compare_topic,
    of_operation,
    pick,
)
from compare.read.panes import Panes
from compare.run.apps import APPS, BY_NAME, App, app_named
from compare.run.contract import read_operations
from compare.run.pieces import Piece
from compare.run.terminal import UsageError, out

HUNK = re.compile(r"@@ -([\d,]+) \+([\d,]+) @@\n")

OperationArgument = Annotated[
    str | None, typer.Argument(metavar="[OPERATION]", help="All are listed, if none is given.")
]


def layer_named(name: str) -> Layer:
    return pick("layer", name, {layer.name: layer for layer in LAYERS})


def diff(
    operation: OperationArgument = None,
    apps: Annotated[
        list[App] | None,
        typer.Argument(metavar="[APP APP]", parser=app_named, help="All three, if none is given."),
    ] = None,
    layer: Annotated[
        Layer | None,
        typer.Option(
            metavar="LAYER",
            parser=layer_named,
            help=f"This layer alone: {', '.join(layer.name for layer in LAYERS)}.",
        ),
    ] = None,
    file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file, such as comments/api.py.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="A topic, such as errors.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also the pieces that are equal in all.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="A unified diff, for a pipe.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The list of operations as data.")
    ] = False,
) -> None:
    """Show how the apps differ: an operation's whole call chain, a layer, a file or a topic."""
    # It ends before there is anything to collect; looking for it takes a tenth of the time.
    gc.disable()
    if operation in BY_NAME:  # `diff flask fastapi --file …` names no operation
        apps, operation = [BY_NAME[operation], *(apps or [])], None
    chosen = list(dict.fromkeys(apps or APPS))
    if len(chosen) == 1:
        raise UsageError(f"{chosen[0].name} alone differs from nothing: give two apps, or none")
    if [file, topic, layer or operation].count(None) < 2:
        raise UsageError("an operation or a layer, --file and --topic exclude each other: give one")
    if as_json and (operation or layer or file or topic or plain or full):
        raise UsageError("--json is for the list of all operations: give it alone")
    comparison = choose(operation, chosen, layer, file, topic)
    if as_json:
        out.print(json.dumps(sizes(chosen), indent=2), markup=False, soft_wrap=True)
    elif comparison is None:
        list_operations(chosen)
    elif plain:
        for line in unified(comparison):
            out.file.write(line)
    else:
        out.print(Panes(comparison, full=full))


def choose(
    operation: str | None,
    apps: Sequence[App],
    layer: Layer | None,
    file: str | None,
    topic: str | None,
) -> Comparison | None:
    if file:
        return compare_file(file, apps)
    if topic:
        return compare_topic(topic, apps)
    if operation:
        return compare_operation(operation, apps, layer)
    if layer:
        return compare_layer(layer, apps)
    return None


def list_operations(apps: Sequence[App]) -> None:
    """Every operation, with the size of its chain in each app, and how alike they are."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("operation", no_wrap=True)
    for app in apps:
        table.add_column(Text(f"{app.title}\nlines", app.colour), justify="right")
    table.add_column(f"contract\n{'/'.join(app.title[:2] for app in apps)}", justify="right")
    table.add_column("alike", justify="right")
    for operation in read_operations():
        found = of_operation(operation, apps)
        contract = "/".join(map(str, found.contract_lines))
        lines = map(str, found.lines)
        table.add_row(operation.name, *lines, contract, f"{found.alike:.0%}")
    out.print(table)
    out.print(
        "Lines of the whole call chain; those in conduit/contract/ are apart.\n"
        "Alike is the part of the lines that all have, without the errors of all operations.\n"
        "One of them: [bold]./triptych diff create_article[/]",
        soft_wrap=True,
    )


def sizes(apps: Sequence[App]) -> list[dict[str, object]]:
    """Every operation, with the size of its chain in each app."""
    listed: list[dict[str, object]] = []
    for operation in read_operations():
        found = of_operation(operation, apps)
        columns = zip(apps, found.lines, found.contract_lines, found.pieces, strict=True)
        by_app = {
            app.name: {"lines": lines, "contractLines": contract, "pieces": pieces}
            for app, lines, contract, pieces in columns
        }
        listed.append({"operation": operation.name, "alike": found.alike, "apps": by_app})
    return listed


def unified(comparison: Comparison) -> Iterator[str]:
    """A unified diff from each app to the next, piece by piece; equal ones are left out."""
    for row in comparison.rows:
        sides = list(zip(comparison.apps, row.pieces, strict=True))
        for (app, before), (other, after) in pairwise(sides):
            yield from unified_piece(app, before, other, after)


def unified_piece(app: App, before: Piece | None, other: App, after: Piece | None) -> Iterator[str]:
    piece = before or after
    lines = unified_diff(
        before.text.splitlines(keepends=True) if before else [],
        after.text.splitlines(keepends=True) if after else [],
        f"{app.folder.name}/{before.path}" if before else "/dev/null",
        f"{other.folder.name}/{after.path}" if after else "/dev/null",
    )
    for line in lines:
        if found := HUNK.fullmatch(line):
            # Counted from the top of the file, not from that of the piece.
            removed = moved(found[1], before)
            added = moved(found[2], after)
            line = f"@@ -{removed} +{added} @@ {piece.name if piece else ''}\n"
        yield line


def moved(lines: str, piece: Piece | None) -> str:
    start, comma, length = lines.partition(",")
    return f"{int(start) + piece.first_line - 1}{comma}{length}" if piece else lines
