"""A comparison in columns for the terminal, as many as it is wide enough for."""

import keyword
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO
from itertools import batched
from textwrap import wrap

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from compare.read.comparison import Comparison, Row, Section
from compare.run.alignment import STYLES, Mark, align_texts
from compare.run.apps import App
from compare.run.logical import Span
from compare.run.pieces import Piece

# Colours of the terminal's own palette alone, since only it knows whether it is light or dark.
COMMENT = Style(italic=True, color="bright_black")
DECORATOR = Style(color="cyan")
KEYWORD = Style(color="magenta")
NAME = Style(bold=True)
NUMBER = Style(color="blue")
STRING = Style(color="green")
BY_TYPE = {
    tokenize.COMMENT: COMMENT,
    tokenize.NUMBER: NUMBER,
    tokenize.STRING: STRING,
    tokenize.FSTRING_START: STRING,
    tokenize.FSTRING_MIDDLE: STRING,
    tokenize.FSTRING_END: STRING,
}
PLAIN = Style()
BOLD = Style(bold=True)
ITALIC = Style(italic=True)
DIM = Style(dim=True)
MARK = Style(bold=True, underline=True)
HEADING = Style(bold=True, reverse=True)
SIGNS = {mark: Style.parse(style) for mark, style in STYLES.items()}
# The narrowest terminals in which code can be read in three columns, and in two.
WIDE, MIDDLE = 160, 100
GAP = len(" │ ")
# After what a line of code is broken best.
BREAK = re.compile(r"[,(\[{] ?| (?=\S)")

Runs = list[tuple[str, Style]]


@dataclass(frozen=True)
class Column:
    """A piece, with the apps that have it so."""

    apps: Sequence[App]
    piece: Piece | None


class Panes:
    """What `diff` prints."""

    def __init__(self, comparison: Comparison, *, full: bool) -> None:
        self.comparison = comparison
        self.full = full

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.width = options.max_width
        wanted = 3 if self.width >= WIDE else 2 if self.width >= MIDDLE else 1
        self.columns = min(wanted, len(self.comparison.apps))
        yield from self.head()
        for section in self.comparison.sections:
            yield from self.section(section)

    def head(self) -> RenderResult:
        found = self.comparison
        yield from self.prose(found.title, BOLD)
        layers = [section.layer.name for section in found.sections if section.layer]
        if layers or len(found.sections) == 1:
            yield self.overview()
        if len(layers) > 1:
            yield from self.prose(f"--layer NAME shows one of them: {', '.join(layers)}")
        if self.columns < len(found.apps):
            needed = f"Two columns need a terminal of {MIDDLE} columns, three need {WIDE}"
            yield from self.prose(f"{needed}; this one has {self.width}.", DIM)

    def overview(self) -> Table:
        """How much the apps have in each layer, and how alike it is."""
        found = self.comparison
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_footer=len(found.sections) > 1)
        left_out = [section.title for section in found.sections if section not in found.own]
        table.add_column("", f"Without {' and '.join(left_out)}" if left_out else "All")
        total = found.size
        for app, lines, pieces in zip(found.apps, total.lines, total.pieces, strict=True):
            title = Text(f"{app.title}\nlines / pieces", app.colour)
            table.add_column(title, f"{lines} / {pieces}", justify="right")
        table.add_column("alike", f"{total.alike:.0%}", justify="right")
        for section in found.sections:
            numbers = zip(section.size.lines, section.size.pieces, strict=True)
            cells = (f"{lines} / {pieces}" for lines, pieces in numbers)
            table.add_row(section.title, *cells, f"{section.size.alike:.0%}")
        return table

    def prose(self, text: str, style: Style = PLAIN) -> Iterator[Segment]:
        for line in wrap(text, self.width):
            yield from one_line([(line, style)])

    def section(self, section: Section) -> RenderResult:
        if section.text:
            from rich.markdown import Markdown  # takes as long to import as all the rest

            yield from one_line([])
            yield Markdown(section.text)
        if section.title:
            yield from one_line([])
            yield from one_line([(set_cell_size(f" {section.title}", self.width), HEADING)])
        folded = [row for row in section.rows if row.equal and not self.full]
        said = ""
        for row in section.rows:
            if row.equal and self.full:
                yield from self.panel([Column(self.comparison.apps, row.pieces[0])], [0], row)
            elif not row.equal:
                if row.why and row.why != said:
                    yield from one_line([])
                    yield from self.prose(row.why, ITALIC)
                said = row.why
                yield from self.row(row)
        if folded:
            yield from one_line([])
            yield from self.prose(self.equal_names(folded), DIM)

    def equal_names(self, rows: Sequence[Row]) -> str:
        lines = sum(row.pieces[0].text.count("\n") for row in rows if row.pieces[0])
        names = ", ".join(name for row in rows for name in row.names)
        all_of_them = "all three" if len(self.comparison.apps) == 3 else "both"
        return f"= equal in {all_of_them}, {lines} lines (--full shows them): {names}"

    def row(self, row: Row) -> Iterator[Segment]:
        columns = self.columns_of(row)
        for numbers in batched(range(len(columns)), self.columns):
            if any(columns[number].piece for number in numbers):
                yield from self.panel(columns, numbers, row)

    def columns_of(self, row: Row) -> list[Column]:
        """One for each app; where they would not fit, one for all the apps that have the same."""
        sides = list(zip(self.comparison.apps, row.pieces, strict=True))
        if self.columns == len(sides):
            return [Column([app], piece) for app, piece in sides]
        texts = dict.fromkeys(piece.text for piece in row.pieces if piece)
        columns = []
        for text in texts:
            same = [(app, piece) for app, piece in sides if piece and piece.text == text]
            columns.append(Column([app for app, _ in same], same[0][1]))
        absent = [app for app, piece in sides if piece is None]
        return [*columns, Column(absent, None)] if absent else columns

    def panel(
        self, columns: Sequence[Column], numbers: Sequence[int], row: Row
    ) -> Iterator[Segment]:
        """Some of the columns, beside each other."""
        width = (self.width - 1 - GAP * (len(numbers) - 1)) // len(numbers)
        yield from one_line([])
        yield from beside([[title(columns[number])] for number in numbers], width, Mark.EQUAL)
        colours = [coloured(column.piece.text) if column.piece else [] for column in columns]
        texts = [column.piece.text if column.piece else None for column in columns]
        for found in align_texts(texts):
            cells = []
            for number in numbers:
                spans = found.spans[number]
                runs = [
                    marked(colours[number][at], spans.get(at, ())) for at in found.lines[number]
                ]
                equal = found.mark is Mark.EQUAL
                cells.append(
                    [[(text, DIM) for text, _ in each] for each in runs] if equal else runs
                )
            yield from beside(cells, width, found.mark)


def title(column: Column) -> Runs:
    names: Runs = []
    for app in column.apps:
        names += [(" = ", PLAIN)] if names else []
        names += [(app.title, Style(bold=True, color=app.colour))]
    if column.piece is None:
        return [*names, ("  has no such piece", DIM)]
    path = str(column.piece.path).removeprefix("conduit/")
    return [*names, (f"  {path}:{column.piece.first_line}", DIM), (f" {column.piece.name}", PLAIN)]


@cache
def coloured(text: str) -> Sequence[Runs]:
    """The lines of the text, each as runs of one style.

    By Python's own tokenizer, which is in C: Pygments takes ten times as long, and that is felt.
    """
    lines = text.splitlines()
    found: list[Runs] = [[] for _ in lines]
    places = [0] * len(lines)

    def add(line: int, end: int, style: Style) -> None:
        if part := lines[line][places[line] : end]:
            found[line].append((part, style))
            places[line] = end

    before = "\n"
    for token in tokenize.generate_tokens(StringIO(text).readline):
        style = style_of(token, before)
        (first, start), (last, end) = token.start, token.end
        if style is not PLAIN:
            add(first - 1, start, PLAIN)
            for line in range(first - 1, last - 1):
                add(line, len(lines[line]), style)
            add(last - 1, end, style)
        if token.type != tokenize.COMMENT:
            before = token.string if style is not DECORATOR else "@"
    for line in range(len(lines)):
        add(line, len(lines[line]), PLAIN)
    return found


def style_of(token: tokenize.TokenInfo, before: str) -> Style:
    """The style of a token, by its type and the token before it."""
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return KEYWORD
        if before in {"def", "class"}:
            return NAME
        return DECORATOR if before == "@" else PLAIN
    if token.string == "@" and not before.strip():
        return DECORATOR
    if token.string == "." and before == "@":
        return DECORATOR
    return BY_TYPE.get(token.type, PLAIN)


def marked(runs: Runs, spans: Sequence[Span]) -> Runs:
    """The runs, with the words at the spans marked."""
    found: Runs = []
    place = 0
    for start, end in spans:
        found += cut(runs, place, start)
        found += [(text, style + MARK) for text, style in cut(runs, start, end)]
        place = end
    return [*found, *cut(runs, place, sum(len(text) for text, _ in runs))] if spans else runs


def beside(cells: Sequence[Sequence[Runs]], width: int, mark: Mark) -> Iterator[Segment]:
    """Cells of one row: each line is wrapped, and filled up to the width."""
    folded = [[part for runs in cell for part in fold(runs, width)] for cell in cells]
    for number in range(max(map(len, folded))):
        yield Segment(mark.value, SIGNS[mark])
        for place, lines in enumerate(folded):
            runs = lines[number] if number < len(lines) else []
            yield from (Segment(text, style) for text, style in runs)
            if place < len(folded) - 1:
                used = width_of("".join(text for text, _ in runs))
                yield Segment(" " * (width - used) + " │ ", DIM)
        yield Segment.line()


def width_of(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def one_line(runs: Runs) -> Iterator[Segment]:
    yield from (Segment(text, style) for text, style in runs)
    yield Segment.line()


def fold(runs: Runs, width: int) -> list[Runs]:
    """The runs in lines of at most the width, broken where code can be, and indented further."""
    text = "".join(text for text, _ in runs)
    if width_of(text) <= width:
        return [runs]
    margin = min(len(text) - len(text.lstrip()) + 4, width // 2)
    lines: list[Runs] = []
    start, room, indent = 0, width, ""
    while start < len(text):
        end = start + len(set_cell_size(text[start:], room).rstrip() or text[start])
        if end < len(text):
            breaks = [found.end() for found in BREAK.finditer(text, start, end + 1)]
            end = max((each for each in breaks if start + room // 3 < each <= end), default=end)
        lines.append([(indent, PLAIN), *cut(runs, start, end)])
        start = end + len(text[end:]) - len(text[end:].lstrip())
        room, indent = width - margin, " " * margin
    return lines


def cut(runs: Runs, start: int, end: int) -> Iterator[tuple[str, Style]]:
    """What of the runs is between two places of their text."""
    place = 0
    for text, style in runs:
        if part := text[max(start - place, 0) : max(end - place, 0)]:
            yield part, style
        place += len(text)
