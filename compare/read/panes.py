"""A comparison in columns, as many as the terminal is wide enough for."""

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
from rich.cells import set_cell_size
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

# Only colors of the terminal's palette, since only the terminal knows if it is light or dark.
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
# The places after which a long line of code may be broken.
BREAK = re.compile(r"[,(\[{] ?| (?=\S)")


@dataclass(frozen=True)
class Column:
    """A piece, with the apps in which it has this text."""

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
        """The size of each layer in each app, and how alike they are."""
        found = self.comparison
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_footer=len(found.sections) > 1)
        left_out = [section.title for section in found.sections if section not in found.own]
        table.add_column("", f"Without {' and '.join(left_out)}" if left_out else "All")
        total = found.size
        for app, lines, pieces in zip(found.apps, total.lines, total.pieces, strict=True):
            title = Text(f"{app.title}\nlines / pieces", app.color)
            table.add_column(title, f"{lines} / {pieces}", justify="right")
        table.add_column("alike", f"{total.alike:.0%}", justify="right")
        for section in found.sections:
            numbers = zip(section.size.lines, section.size.pieces, strict=True)
            cells = (f"{lines} / {pieces}" for lines, pieces in numbers)
            table.add_row(section.title, *cells, f"{section.size.alike:.0%}")
        return table

    def prose(self, text: str, style: Style = PLAIN) -> Iterator[Text]:
        # Rich's own wrapping leaves a space at the end of each line.
        for line in wrap(text, self.width):
            yield Text.styled(line, style)

    def section(self, section: Section) -> RenderResult:
        if section.text:
            from rich.markdown import Markdown  # takes as long to import as all the rest

            yield Text()
            yield Markdown(section.text)
        if section.title:
            yield Text()
            yield Text.styled(set_cell_size(f" {section.title}", self.width), HEADING)
        folded = [row for row in section.rows if row.equal and not self.full]
        said = ""
        for row in section.rows:
            if row.equal and self.full:
                yield Text()
                yield Panel([Column(self.comparison.apps, row.pieces[0])], [0])
            elif not row.equal:
                if row.why and row.why != said:
                    yield Text()
                    yield from self.prose(row.why, ITALIC)
                said = row.why
                yield from self.row(row)
        if folded:
            yield Text()
            yield from self.prose(self.equal_names(folded), DIM)

    def equal_names(self, rows: Sequence[Row]) -> str:
        lines = sum(row.pieces[0].text.count("\n") for row in rows if row.pieces[0])
        names = ", ".join(name for row in rows for name in row.names)
        all_of_them = "all three" if len(self.comparison.apps) == 3 else "both"
        return f"= equal in {all_of_them}, {lines} lines (--full shows them): {names}"

    def row(self, row: Row) -> RenderResult:
        columns = self.columns_of(row)
        for numbers in batched(range(len(columns)), self.columns):
            if any(columns[number].piece for number in numbers):
                yield Text()
                yield Panel(columns, numbers)

    def columns_of(self, row: Row) -> list[Column]:
        """One for each app; if they do not fit, one for all apps with the same text."""
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


@dataclass(frozen=True)
class Panel:
    """Some of the columns, side by side: Rich's tables would not align their lines."""

    columns: Sequence[Column]
    numbers: Sequence[int]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        numbers = self.numbers
        width = (options.max_width - 1 - GAP * (len(numbers) - 1)) // len(numbers)

        def beside(cells: Sequence[Sequence[Text]], mark: Mark) -> Iterator[Segment]:
            """Cells of one row: each line is wrapped, and filled up to the width."""
            folded = [[part for line in cell for part in fold(line, width)] for cell in cells]
            for number in range(max(map(len, folded))):
                yield Segment(mark.value, SIGNS[mark])
                for place, lines in enumerate(folded):
                    part = lines[number] if number < len(lines) else Text()
                    yield from part.render(console)
                    if place < len(folded) - 1:
                        yield Segment(" " * (width - part.cell_len) + " │ ", DIM)
                yield Segment.line()

        yield from beside([[title(self.columns[number])] for number in numbers], Mark.EQUAL)
        pieces = [column.piece for column in self.columns]
        lines = [colored(piece.text) if piece else [] for piece in pieces]
        for found in align_texts([piece.text if piece else None for piece in pieces]):
            cells = []
            for number in numbers:
                spans = found.spans[number]
                cell = [marked(lines[number][at], spans.get(at, ())) for at in found.lines[number]]
                if found.mark is Mark.EQUAL:
                    cell = [Text.styled(line.plain, DIM) for line in cell]
                cells.append(cell)
            yield from beside(cells, found.mark)


def title(column: Column) -> Text:
    names = Text(" = ").join(
        Text.styled(app.title, Style(bold=True, color=app.color)) for app in column.apps
    )
    if column.piece is None:
        return Text.assemble(names, ("  has no such piece", DIM))
    path = str(column.piece.path).removeprefix("conduit/")
    return Text.assemble(
        names, (f"  {path}:{column.piece.first_line}", DIM), f" {column.piece.name}"
    )


@cache
def colored(text: str) -> Sequence[Text]:
    """The lines of the text in colors.

    By Python's tokenizer, which is written in C: Pygments takes ten times as long.
    """
    lines = [Text(line) for line in text.splitlines()]
    before = "\n"
    for token in tokenize.generate_tokens(StringIO(text).readline):
        style = style_of(token, before)
        (first, start), (last, end) = token.start, token.end
        if style is not PLAIN:
            for number in range(first, last + 1):
                from_ = start if number == first else 0
                lines[number - 1].stylize(style, from_, end if number == last else None)
        if token.type != tokenize.COMMENT:
            before = token.string if style is not DECORATOR else "@"
    return lines


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


def marked(line: Text, spans: Sequence[Span]) -> Text:
    """The line, with the words at the spans marked."""
    line = line.copy()
    for start, end in spans:
        line.stylize(MARK, start, end)
    return line


def fold(line: Text, width: int) -> list[Text]:
    """The line in parts that fit the width, broken between words, the rest with more indent."""
    if line.cell_len <= width:
        return [line]
    text = line.plain
    margin = min(len(text) - len(text.lstrip()) + 4, width // 2)
    parts: list[Text] = []
    start, room, indent = 0, width, ""
    while start < len(text):
        end = start + len(set_cell_size(text[start:], room).rstrip() or text[start])
        if end < len(text):
            breaks = [found.end() for found in BREAK.finditer(text, start, end + 1)]
            end = max((each for each in breaks if start + room // 3 < each <= end), default=end)
        parts.append(Text(indent) + line[start:end])
        start = end + len(text[end:]) - len(text[end:].lstrip())
        room, indent = width - margin, " " * margin
    return parts
