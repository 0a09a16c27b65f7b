"""What is read side by side: the pieces of each app, matched with their counterparts."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from compare.read.chains import CONTRACT, LAYERS, Layer, Link, chain, shared_errors
from compare.run.apps import ROOT, App
from compare.run.contract import Operation, read_operations
from compare.run.pieces import Piece, find, named, parse, read_row
from compare.run.terminal import UsageError

TOPICS = ROOT / "docs" / "topics" / "en"
# What has another name in another framework, and yet is the same thing.
COUNTERPARTS = {
    "bp": "router",
    "CurrentUser": "login_required",
    "Viewer": "login_optional",
    "JSONList": "json_list",
    "HANDLERS": "register",
    "validation_error_from_error_contexts": "invalid",
    "ContractConfig": "install_contract",
    "ExactRenderer": "ExactJSON",
    "finish_method_not_allowed": "method_not_allowed",
}


@dataclass(frozen=True)
class Row:
    """A piece of each app, or None where an app has none."""

    pieces: tuple[Piece | None, ...]

    @property
    def equal(self) -> bool:
        """Whether all of the apps have it, and to the letter."""
        return len({piece and piece.text for piece in self.pieces}) == 1

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(piece.name for piece in self.pieces if piece))


@dataclass(frozen=True)
class Section:
    title: str
    rows: Sequence[Row]
    layer: Layer | None = None


@dataclass(frozen=True)
class Comparison:
    title: str
    apps: Sequence[App]
    sections: Sequence[Section]
    shared: frozenset[Piece] = frozenset()
    """What all operations have, and so says nothing of how alike the apps are in this one."""

    @property
    def rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    @property
    def of_contract(self) -> list[Row]:
        """What stands in `conduit/contract/`, if there is something beside it."""
        sections = [section for section in self.sections if section.layer is CONTRACT]
        if len(sections) == len(self.sections):
            return []
        return [row for section in sections for row in section.rows]

    @property
    def counted(self) -> list[Row]:
        apart = self.of_contract
        return [row for row in self.rows if row not in apart]

    @cached_property
    def lines(self) -> list[int]:
        """How many lines each app has, without those of the contract."""
        return count_lines(self.counted, len(self.apps))

    @cached_property
    def contract_lines(self) -> list[int]:
        return count_lines(self.of_contract, len(self.apps))

    @cached_property
    def pieces(self) -> list[int]:
        """How many pieces each app has, without those of the contract."""
        return [
            sum(row.pieces[number] is not None for row in self.counted)
            for number in range(len(self.apps))
        ]

    @cached_property
    def alike(self) -> float:
        """The part of the lines that stand in the counterparts of all the apps, from 0 to 1.

        Without the contract, and without what all operations share.
        """
        rows = [row for row in self.counted if self.shared.isdisjoint(filter(None, row.pieces))]
        common = sum(common_lines(row) for row in rows if None not in row.pieces)
        return len(self.apps) * common / sum(count_lines(rows, len(self.apps)))


def count_lines(rows: Sequence[Row], columns: int) -> list[int]:
    return [
        sum(piece.text.count("\n") for row in rows if (piece := row.pieces[number]))
        for number in range(columns)
    ]


def common_lines(row: Row) -> int:
    first, *others = (
        Counter(line.strip() for line in piece.text.splitlines()) for piece in row.pieces if piece
    )
    for other in others:
        first &= other
    return first.total()


def compare_operation(name: str, apps: Sequence[App], layer: Layer | None = None) -> Comparison:
    """The chain of an operation, or one layer of it."""
    operations = {operation.name: operation for operation in read_operations()}
    return of_operation(pick("operation", name, operations), apps, layer)


def of_operation(
    operation: Operation, apps: Sequence[App], layer: Layer | None = None
) -> Comparison:
    chains = [chain(app, operation) for app in apps]
    title = f"{operation.name}  {operation.route}  {operation.summary}"
    if layer:
        return Comparison(title, apps, by_layer(chains, [layer]))
    shared = frozenset(piece for app in apps for piece in shared_errors(app))
    return Comparison(title, apps, by_layer(chains, LAYERS), shared)


def by_layer(chains: Sequence[Sequence[Link]], layers: Sequence[Layer]) -> list[Section]:
    sections = []
    for layer in layers:
        columns = [[link.piece for link in links if link.layer is layer] for links in chains]
        if any(columns):
            sections.append(Section(layer.title, match(columns), layer))
    return sections


def compare_layer(layer: Layer, apps: Sequence[App]) -> Comparison:
    """A layer of all operations."""
    chains = [
        list(
            dict.fromkeys(link for operation in read_operations() for link in chain(app, operation))
        )
        for app in apps
    ]
    return Comparison(f"{layer.title}, of all operations", apps, by_layer(chains, [layer]))


def compare_file(name: str, apps: Sequence[App]) -> Comparison:
    """A file of each app, by what it defines."""
    paths = {str(path) for app in apps for path in source_files(app)}
    short = {path.removeprefix("conduit/"): path for path in sorted(paths)}
    path = name if name in paths else pick("file", name, short)
    columns = [list(pieces_of(app, path)) for app in apps]
    return Comparison(path, apps, [Section(path, match(columns))])


def source_files(app: App) -> Iterator[Path]:
    for place in ("conduit/**/*.py", "tests/*.py", "migrations/**/*.py", "*.py"):
        yield from (file.relative_to(app.folder) for file in app.folder.glob(place))


def pieces_of(app: App, path: str) -> Iterator[Piece]:
    """What the file has at its top level, and what comes before that as a piece of its own."""
    if not (app.folder / path).exists():
        return
    text = (app.folder / path).read_text("utf-8")
    definitions = [find(f"{path}::{name}", app.folder) for name in top_level(text)]
    head = min((piece.first_line for piece in definitions), default=text.count("\n") + 1)
    lines = text.splitlines()[: head - 1]
    while lines and not lines[-1]:
        lines.pop()
    if lines:
        yield Piece(Path(path), "imports", 1, len(lines), "".join(f"{line}\n" for line in lines))
    yield from definitions


def top_level(text: str) -> list[str]:
    body = [node for node in parse(text).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return list(dict.fromkeys(name for name, _ in named(body) if "." not in name))


def compare_topic(name: str, apps: Sequence[App]) -> Comparison:
    """The pieces that the text about a topic shows."""
    topics = {file.stem: file for file in sorted(TOPICS.glob("*.md"))}
    file = pick("topic", name, topics)
    title = ""
    sections: list[Section] = []
    rows: list[Row] = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#"):
            title = title or line.lstrip("# ")
            heading = line.lstrip("# ")
            rows = []
            sections.append(Section(heading, rows))
        elif (pieces := read_row(line)) is not None:
            rows.append(Row(tuple(pieces[app] for app in apps)))
    shown = [section for section in sections if section.rows]
    if not shown:
        raise UsageError(f"the text about {name} shows no pieces: read docs/topics/en/{name}.md")
    return Comparison(title, apps, shown)


def pick[Thing](kind: str, name: str, things: Mapping[str, Thing]) -> Thing:
    """The thing of that name; if there is none, `UsageError` suggests the nearest name."""
    if name in things:
        return things[name]
    near = get_close_matches(name, things, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"give one of {', '.join(things)}"
    raise UsageError(f"there is no {kind} {name!r}: {hint}")


def match(columns: Sequence[Sequence[Piece]]) -> list[Row]:
    """Rows of counterparts, in the order of the first column that has each."""
    rows: list[list[Piece | None]] = []
    for number, column in enumerate(columns):
        place = 0
        for piece in column:
            counterpart = find_counterpart(rows, piece, number)
            if counterpart is None:
                row: list[Piece | None] = [None] * len(columns)
                row[number] = piece
                rows.insert(place, row)
                place += 1
            else:
                rows[counterpart][number] = piece
                place = counterpart + 1
    return [Row(tuple(row)) for row in rows]


def find_counterpart(
    rows: Sequence[Sequence[Piece | None]], piece: Piece, column: int
) -> int | None:
    """Of the rows where the column is free, the one with the same name, best in the same file."""
    best = None
    for number, row in enumerate(rows):
        others = [other for other in row if other]
        if row[column] is None and any(key(other) == key(piece) for other in others):
            if any(other.path == piece.path for other in others):
                return number
            best = number if best is None else best
    return best


def key(piece: Piece) -> str:
    name = piece.name.rpartition(".")[2]
    return COUNTERPARTS.get(name, name)
