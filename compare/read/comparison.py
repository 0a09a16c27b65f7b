"""What is read side by side: the pieces of each app, with their counterparts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from compare.read.chains import Link, chain
from compare.read.counterparts import counterparts_of, locator_of, piece_at, pieces_of
from compare.run.apps import APPS, ROOT, App
from compare.run.contract import Operation, read_operations
from compare.run.layers import CONTRACT, ERRORS, LAYERS, Layer
from compare.run.pieces import Piece, read_row
from compare.run.terminal import UsageError

TOPICS = ROOT / "docs" / "topics" / "en"
# Layers that are nearly the same in every operation.
SHARED = (ERRORS, CONTRACT)
# More names than this are too many for a message.
MAX_NAMES = 30


@dataclass(frozen=True)
class Row:
    """A piece of each app, or None where an app has none."""

    pieces: tuple[Piece | None, ...]
    why: str = ""
    """Why the pieces differ, or what an app has instead of a missing one."""

    @property
    def equal(self) -> bool:
        """Whether all apps have the piece, with the same text."""
        return len({piece and piece.text for piece in self.pieces}) == 1

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(piece.name for piece in self.pieces if piece))


@dataclass(frozen=True)
class Size:
    lines: Sequence[int]
    """Of each app, as the number of pieces."""
    pieces: Sequence[int]
    alike: float
    """The share of the lines that the counterparts in all apps have, from 0 to 1."""


@dataclass(frozen=True)
class Section:
    title: str
    rows: Sequence[Row]
    layer: Layer | None = None
    text: str = ""
    """The text before the rows, as Markdown."""

    @cached_property
    def size(self) -> Size:
        return size_of(self.rows)


@dataclass(frozen=True)
class Comparison:
    title: str
    apps: Sequence[App]
    sections: Sequence[Section]

    @property
    def rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    @property
    def own(self) -> Sequence[Section]:
        """The sections without the shared layers, or all if there are no others."""
        own = [section for section in self.sections if section.layer not in SHARED]
        return own or self.sections

    @cached_property
    def size(self) -> Size:
        return size_of([row for section in self.own for row in section.rows])


def size_of(rows: Sequence[Row]) -> Size:
    columns = list(zip(*(row.pieces for row in rows), strict=True))
    lines = [sum(piece.text.count("\n") for piece in column if piece) for column in columns]
    common = sum(common_lines(row) for row in rows if None not in row.pieces)
    return Size(
        lines,
        [len(column) - column.count(None) for column in columns],
        len(columns) * common / sum(lines),
    )


def common_lines(row: Row) -> int:
    first, *others = (
        Counter(line.strip() for line in piece.text.splitlines()) for piece in row.pieces if piece
    )
    for other in others:
        first &= other
    return first.total()


def compare_operation(
    name: str, apps: Sequence[App], layers: Sequence[Layer] = LAYERS
) -> Comparison:
    """The chain of an operation, or some layers of it."""
    found = of_operation(pick("operation", name, operations_by_name()), apps, layers)
    if not found.sections:
        raise UsageError(f"{name} has no piece in {', '.join(layer.name for layer in layers)}")
    return found


def operations_by_name() -> Mapping[str, Operation]:
    return {operation.name: operation for operation in read_operations()}


def of_operation(
    operation: Operation, apps: Sequence[App], layers: Sequence[Layer] = LAYERS
) -> Comparison:
    title = f"{operation.name}  {operation.route}  {operation.summary}"
    chains = [chain(app, operation) for app in apps]
    return Comparison(
        title, apps, [each for each in by_layer(apps, chains) if each.layer in layers]
    )


def by_layer(apps: Sequence[App], chains: Sequence[Sequence[Link]]) -> Iterator[Section]:
    """The rows of chains by layer; if a row has pieces in two layers, by that of the first app."""
    layers: dict[Piece, Layer] = {}
    for link in (link for links in chains for link in links):
        layers.setdefault(link.piece, link.layer)
    rows: dict[Layer, list[Row]] = {layer: [] for layer in LAYERS}
    for row in match(apps, [[link.piece for link in links] for links in chains]):
        first = next(piece for piece in row.pieces if piece in layers)
        rows[layers[first]].append(row)
    return (Section(layer.title, rows[layer], layer) for layer in LAYERS if rows[layer])


def compare_layers(layers: Sequence[Layer], apps: Sequence[App]) -> Comparison:
    """Layers of all operations."""
    found = [of_operation(operation, apps, layers) for operation in read_operations()]
    sections = [section for comparison in found for section in comparison.sections]
    merged = [
        Section(
            layer.title,
            list(
                dict.fromkeys(row for each in sections if each.layer is layer for row in each.rows)
            ),
            layer,
        )
        for layer in LAYERS
        if layer in layers
    ]
    title = ", ".join(section.title for section in merged)
    return Comparison(f"{title}, of all operations", apps, merged)


def files_by_name() -> Mapping[str, str]:
    """The paths of all files, by the names that `diff` takes."""
    paths = sorted({str(path) for app in APPS for path in source_files(app)})
    return {path.removeprefix("conduit/"): path for path in paths}


def source_files(app: App) -> Iterator[Path]:
    for place in ("conduit/**/*.py", "tests/*.py", "migrations/**/*.py", "*.py"):
        yield from (file.relative_to(app.folder) for file in app.folder.glob(place))


def compare_file(name: str, apps: Sequence[App]) -> Comparison:
    """A file of each app, by what it defines."""
    path = pick("file", name.removeprefix("conduit/"), files_by_name())
    rows = match(apps, [pieces_of(app, path) for app in apps])
    if not rows:
        raise UsageError(f"{path} defines nothing in {' and '.join(app.title for app in apps)}")
    return Comparison(path, apps, [Section(path, rows)])


def compare_topic(name: str, apps: Sequence[App]) -> Comparison:
    """The text about a topic, and the pieces that it shows."""
    file = pick("topic", name, topics_by_name())
    title, *lines = file.read_text("utf-8").splitlines()
    sections = [
        Section("", [], text=part) if isinstance(part, str) else Section("", [part])
        for part in parts_of(lines, apps)
    ]
    return Comparison(title.lstrip("# "), apps, sections)


def topics_by_name() -> Mapping[str, Path]:
    return {file.stem: file for file in sorted(TOPICS.glob("*.md"))}


def parts_of(lines: Sequence[str], apps: Sequence[App] = APPS) -> Iterator[str | Row]:
    """The parts in order: Markdown texts and rows of pieces."""
    text: list[str] = []
    for line in lines:
        pieces = read_row(line)
        if pieces is None:
            text.append(line)
        else:
            yield "\n".join(text)
            text = []
            yield Row(tuple(pieces[app] for app in apps))
    yield "\n".join(text)


def pick[Thing](kind: str, name: str, things: Mapping[str, Thing]) -> Thing:
    """The thing of that name; if there is none, `UsageError` suggests the nearest names."""
    if name in things:
        return things[name]
    near = get_close_matches(name, things, n=3, cutoff=0.4)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif len(things) <= MAX_NAMES:
        hint = f"give one of {', '.join(things)}"
    else:
        hint = "./triptych diff lists the operations, and docs/topics/ has the topics"
    raise UsageError(f"there is no {kind} {name!r}: {hint}")


def match(apps: Sequence[App], columns: Sequence[Sequence[Piece]]) -> list[Row]:
    """Rows of counterparts, in the order of the first column that has each."""
    rows: list[Row] = []
    for app, column in zip(apps, columns, strict=True):
        place = 0
        for piece in column:
            row = row_of(app, piece, apps)
            if row not in rows:
                rows.insert(place, row)
            place = rows.index(row) + 1
    return rows


def row_of(app: App, piece: Piece, apps: Sequence[App]) -> Row:
    """The piece with its counterparts, wherever these are."""
    found = counterparts_of(app, locator_of(piece))
    pieces = tuple(
        piece_at(each, found.locators[each.name]) if each.name in found.locators else None
        for each in apps
    )
    # The reason why an app lacks a file does not explain a difference between the others.
    return Row(pieces, found.why if found.by_hand or None in pieces else "")
