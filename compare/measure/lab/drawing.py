"""The grid in the terminal: a row for each experiment, and a column for each app.

A line of text is two lanes high. The trains of a lane alternate between two shades, and the next
lane begins with the other shade, so that no two trains look like one.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from rich.console import Group
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from compare.measure.lab.cells import Cell, Track, Train, pool_name
from compare.measure.lab.reasons import number, why
from compare.run.terminal import out

MIN_CELL_WIDTH = 44
"""The width of a cell from which cells are drawn side by side."""
GUTTER = 10
MIN_FOLDED_LANES = 4
"""From this number of equal lines on, only the first, a count and the last are drawn."""
# Readable on light and on dark: none is close to white or to black.
SHADES = {
    "green": ("green", "#5faf5f"),
    "cyan": ("cyan", "#5fafaf"),
    "magenta": ("magenta", "#af5faf"),
}
AROUND = "bright_black"


def show_head(n: int, ms: int) -> None:
    out.print(
        Text(
            f"{number(n, 'request')} at once, each waiting {ms} ms; then one request with"
            f" {number(n, 'wait')} of {ms} ms. Each track is a thread (T) or an event loop (L),"
            " each train a request or a wait on it, from its start to its end as the app measured"
            " them. Trains of one event loop at the same time are drawn on separate lanes."
        )
    )


def show_row(cells: Sequence[Cell]) -> None:
    """Draw one experiment for each app, all with the same time scale."""
    experiment = cells[0].experiment
    path = experiment.path(n=cells[0].n, ms=cells[0].ms)
    out.print()
    out.print(Rule(Text.assemble((experiment.name, "bold"), f" · {experiment.title}"), style="dim"))
    out.print(Text(f"GET {path}", "dim"))
    span = max(end_of(cell) for cell in cells)
    beside = len(cells) > 1 and out.width >= MIN_CELL_WIDTH * len(cells)
    width = (out.width - 2 * (len(cells) - 1)) // len(cells) if beside else out.width
    drawn = [draw(cell, width, span) for cell in cells]
    if beside:
        grid = Table.grid(padding=(0, 2), pad_edge=False)
        for _ in drawn:
            grid.add_column(width=width)
        grid.add_row(*drawn)
        out.print(grid)
    else:
        for each in drawn:
            out.print(each)


def draw(cell: Cell, width: int, span: float) -> Group:
    reason = why(cell)
    mark = Text() if reason.fits else Text("≠ ", "bold red")
    return Group(
        Text(),
        Text.assemble((cell.app.title, f"bold {cell.app.color}"), f" on {cell.server}"),
        *draw_tracks(cell, width - GUTTER, span),
        draw_scale(cell, width - GUTTER, span),
        Text.assemble(*facts(cell)),
        Text(legend(cell), "dim"),
        Padding(Text.assemble(mark, reason.text), (0, 1, 0, 0)),
    )


def facts(cell: Cell) -> list[tuple[str, str] | str]:
    parts: list[tuple[str, str] | str] = [(f"{cell.total:.0f} ms", "bold"), " in all, "]
    parts += [(str(cell.peak), "bold"), " at once, "]
    parts += [number(len(cell.threads), "thread"), ", ", number(len(cell.loops), "event loop")]
    return parts


def legend(cell: Cell) -> str:
    """The names of the tracks' pools and loops, with the tracks of each."""
    pools = Counter((track.kind, name_of(track)) for track in cell.tracks)
    first = {"loop": 1, "thread": 1}
    parts = []
    for (kind, name), count in pools.items():
        letter = kind[0].upper()
        start, end = first[kind], first[kind] + count - 1
        first[kind] = end + 1
        tracks = f"{letter}{start}" if count == 1 else f"{letter}{start}–{letter}{end}"
        parts.append(f"{tracks}: {name}")
    return ", ".join(parts)


def name_of(track: Track) -> str:
    if track.kind == "loop":
        return f"{track.label.rpartition(' ')[0]} loop"
    return pool_name(track.label)


def end_of(cell: Cell) -> float:
    return max(train.end for _, _, train in cell.trains)


Place = tuple[str, Sequence[Train], int]
"""A lane: the name of its track if it is the first lane, its trains, its number."""


def draw_tracks(cell: Cell, width: int, span: float) -> list[Text]:
    places: list[Place] = []
    counts = {"loop": 0, "thread": 0}
    for track in cell.tracks:
        counts[track.kind] += 1
        name = f"{track.kind[0].upper()}{counts[track.kind]}"
        for place, lane in enumerate(track.lanes):
            places.append(("" if place else name, lane, len(places)))
    pairs = [places[at : at + 2] for at in range(0, len(places), 2)]
    lines: list[Text] = []
    for _, alike in groupby(
        ((pair, rails(pair, cell.app.color, width, span)) for pair in pairs),
        key=lambda drawn: drawn[1],
    ):
        run = [Text.assemble(gutter(pair), drawn, no_wrap=True) for pair, drawn in alike]
        if len(run) >= MIN_FOLDED_LANES:
            folded = f"{'⋮':>{GUTTER - 2}}   and {2 * (len(run) - 2)} like these"
            run = [run[0], Text(folded, "dim"), run[-1]]
        lines += run
    return lines


def gutter(pair: Sequence[Place]) -> Text:
    names = [name for name, _, _ in pair if name]
    return Text(f"{'–'.join(names):>{GUTTER - 2}} {'▏' if names else ' '}", "dim")


def rails(pair: Sequence[Place], color: str, width: int, span: float) -> Text:
    upper, *rest = (paint(lane, at, color, width, span) for _, lane, at in pair)
    lower = rest[0] if rest else [None] * width
    line = Text()
    for above, below in zip(upper, lower, strict=True):
        line.append(*half_blocks(above, below))
    return line


def half_blocks(above: str | None, below: str | None) -> tuple[str, Style | str]:
    if above is None and below is None:
        return " ", ""
    if below is None:
        return "▀", str(above)
    if above is None:
        return "▄", below
    if above == below or out.color_system is None or out.no_color:
        return "█", above
    return "▀", Style(color=above, bgcolor=below)


def paint(lane: Sequence[Train], at: int, color: str, width: int, span: float) -> list[str | None]:
    """The color of each column of a lane; a train is never shorter than one column."""
    columns: list[str | None] = [None] * width
    for number_of_train, train in enumerate(lane):
        shade = SHADES[color][(at + number_of_train) % 2]
        start = min(int(train.start / span * width), width - 1)
        end = max(start + 1, round(train.end / span * width))
        columns[start:end] = [AROUND if train.is_request_around else shade] * (end - start)
    return columns


def draw_scale(cell: Cell, width: int, span: float) -> Text:
    label = f"{span:.0f} ms"
    line = Text(" " * (GUTTER - 1), "dim", no_wrap=True)
    line.append("0" + label.rjust(width))
    return line
