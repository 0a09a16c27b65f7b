"""The grid as a self-contained SVG that follows the reader's theme."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.etree import ElementTree as ET

from compare.measure.lab.cells import Cell, Experiment, Track
from compare.measure.lab.drawing import end_of, facts, legend
from compare.measure.lab.reasons import why

MARGIN = 28
COLUMN = 372
GAP = 36
GUTTER = 34
LANE = 4
"""The distance of two lanes; a train is a little less high."""
BETWEEN_TRACKS = 1
LINE = 16
LETTERS_A_LINE = 58

STYLE = """
svg { color-scheme: light dark }
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328 }
.row { font-weight: 600; font-size: 15px }
.app { font-weight: 600; font-size: 13px }
.fact { font-weight: 600 }
.faint { fill: #59636e }
.small { font-size: 10px; fill: #59636e }
.odd { fill: #b42318; font-weight: 600 }
.ground { fill: #ffffff }
path { fill: none; stroke-width: 3 }
.rail { stroke: #d1d9e0; stroke-width: .6 }
.bracket { stroke: #818b98; stroke-width: 1 }
.around { stroke: #818b98 }
.django0 { stroke: #116329 } .django1 { stroke: #2da44e }
.flask0 { stroke: #0b6575 } .flask1 { stroke: #2594a8 }
.fastapi0 { stroke: #832b83 } .fastapi1 { stroke: #c05fc0 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .faint, .small { fill: #9198a1 }
  .odd { fill: #ff8f85 }
  .ground { fill: #0d1117 }
  .rail { stroke: #30363d }
  .bracket { stroke: #7d8590 }
  .around { stroke: #7d8590 }
  .django0 { stroke: #3fb950 } .django1 { stroke: #8ddb8c }
  .flask0 { stroke: #39b1c4 } .flask1 { stroke: #8fdde8 }
  .fastapi0 { stroke: #c76bc7 } .fastapi1 { stroke: #eaaeea }
}
"""


def picture(cells: Sequence[Cell]) -> str:
    """Draw rows of experiments and columns of apps, each row with one time scale."""
    rows = [(key, list(row)) for key, row in groupby(cells, key=lambda cell: cell.experiment)]
    width = 2 * MARGIN + max(len(row) for _, row in rows) * (COLUMN + GAP) - GAP
    svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    svg.set("aria-labelledby", "title desc")
    ET.SubElement(svg, "title", id="title").text = "What waits on which thread and event loop"
    ET.SubElement(svg, "desc", id="desc").text = describe(cells)
    ET.SubElement(svg, "style").text = STYLE
    ground = ET.SubElement(svg, "rect", {"class": "ground"})
    y = MARGIN
    for experiment, row in rows:
        y = draw_row(svg, experiment, row, y) + GAP
    height = y - GAP + MARGIN // 2
    for element in (svg, ground):
        element.set("width", str(width))
        element.set("height", str(height))
    svg.set("viewBox", f"0 0 {width} {height}")
    for element in svg.iter():
        if element.tag != "tspan":  # inside text, where a line break would become a space
            element.tail = "\n"
    return ET.tostring(svg, encoding="unicode")


def describe(cells: Sequence[Cell]) -> str:
    return " ".join(
        f"{cell.experiment.name} in {cell.app.title}: {plain_facts(cell)}." for cell in cells
    )


def plain_facts(cell: Cell) -> str:
    return "".join(part if isinstance(part, str) else part[0] for part in facts(cell))


def draw_row(svg: ET.Element, experiment: Experiment, cells: Sequence[Cell], top: int) -> int:
    """Returns the y coordinate of the end of the row."""
    write(svg, MARGIN, top + 6, experiment.name, "row")
    path = experiment.path(n=cells[0].n, ms=cells[0].ms)
    what = f"{cells[0].n} × GET {path} at once" if experiment.is_burst else f"GET {path}"
    write(svg, MARGIN, top + 6 + LINE, f"{experiment.title}: {what}", "faint")
    span = max(end_of(cell) for cell in cells)
    y = top + 6 + 3 * LINE
    height = max(map(height_of, cells))
    ends = [
        draw_cell(svg, cell, Box(MARGIN + at * (COLUMN + GAP), y, height, span))
        for at, cell in enumerate(cells)
    ]
    return max(ends)


@dataclass(frozen=True)
class Box:
    """Where a cell is drawn, how high its tracks are, and how many milliseconds wide."""

    x: int
    y: int
    height: int
    span: float

    def at(self, milliseconds: float) -> str:
        left = self.x + GUTTER
        return f"{left + milliseconds / self.span * (COLUMN - GUTTER):.1f}"


def height_of(cell: Cell) -> int:
    return sum(len(track.lanes) * LANE + BETWEEN_TRACKS for track in cell.tracks)


def draw_cell(svg: ET.Element, cell: Cell, box: Box) -> int:
    """Returns the y coordinate of the end of the cell."""
    group = ET.SubElement(svg, "g")
    head = write(group, box.x, box.y, cell.app.title, "app")
    ET.SubElement(
        head, "tspan", {"class": "faint", "font-weight": "400"}
    ).text = f" on {cell.server}"
    draw_tracks(group, cell, Box(box.x, box.y + 12, box.height, box.span))
    y = box.y + 12 + box.height + 12
    write(group, box.x + GUTTER, y, "0", "small")
    write(group, box.x + COLUMN, y, f"{box.span:.0f} ms", "small").set("text-anchor", "end")
    y += LINE + 2
    write(group, box.x, y, plain_facts(cell), "fact")
    for line in textwrap.wrap(legend(cell), LETTERS_A_LINE):
        y += LINE
        write(group, box.x, y, line, "faint")
    reason = why(cell)
    for line in textwrap.wrap(reason.text, LETTERS_A_LINE):
        y += LINE
        write(group, box.x, y, line, "" if reason.fits else "odd")
    return y


def draw_tracks(group: ET.Element, cell: Cell, box: Box) -> None:
    strokes: dict[str, list[str]] = {"rail": [], "bracket": []}
    y = box.y
    counts = {"loop": 0, "thread": 0}
    labelled = float("-inf")
    for track in cell.tracks:
        counts[track.kind] += 1
        last = counts[track.kind] == sum(each.kind == track.kind for each in cell.tracks)
        # A name is written only if the name above is far enough away.
        if y - labelled >= 11 and (last or y + 11 <= end_of_kind(cell, track, box.y)):
            label = f"{track.kind[0].upper()}{counts[track.kind]}"
            write(group, box.x + GUTTER - 8, y + 6, label, "small").set("text-anchor", "end")
            labelled = y
        bottom = y + len(track.lanes) * LANE
        strokes["bracket"].append(f"M{box.x + GUTTER - 4} {y}V{bottom - 1}")
        draw_lanes(strokes, cell, track, Box(box.x, y, box.height, box.span))
        y = bottom + BETWEEN_TRACKS
    for name, parts in strokes.items():
        ET.SubElement(group, "path", {"class": name, "d": "".join(parts)})


def end_of_kind(cell: Cell, track: Track, top: int) -> int:
    """Where the last track of the same kind begins."""
    y = last = top
    for each in cell.tracks:
        if each.kind == track.kind:
            last = y
        y += len(each.lanes) * LANE + BETWEEN_TRACKS
    return last


def draw_lanes(strokes: dict[str, list[str]], cell: Cell, track: Track, box: Box) -> None:
    for number, lane in enumerate(track.lanes):
        y = box.y + number * LANE + LANE / 2
        strokes["rail"].append(f"M{box.at(0)} {y:g}H{box.at(box.span)}")
        for order, train in enumerate(lane):
            shade = f"{cell.app.name}{(number + order) % 2}"
            name = "around" if train.is_request_around else shade
            stroke = f"M{box.at(train.start)} {y:g}H{box.at(train.end)}"
            strokes.setdefault(name, []).append(stroke)


def write(parent: ET.Element, x: int, y: int, text: str, kind: str) -> ET.Element:
    attributes = {"x": str(x), "y": str(y)} | ({"class": kind} if kind else {})
    element = ET.SubElement(parent, "text", attributes)
    element.text = text
    return element
