"""The charts of the page of figures: what each shows, drawn as SVG, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup
from pygal.style import Style

from compare.read.figures import READ_TITLES, READS, find_figure, format_figure, format_value
from compare.run.apps import APPS
from compare.run.layers import COUNTED
from compare.run.record import Figure, Run

# Pixels. The narrowest screen shows this width, so that no chart is ever made smaller.
WIDTH = 328
BAR = 17
GAP = 14
STYLE = Style(value_font_size=12, label_font_size=12, major_label_font_size=12)
# The bars leave the last part of the width to the values.
ROOM = 1.5


@dataclass(frozen=True)
class ChartRow:
    """What is measured of each app: a group of three bars, and a row of the table."""

    title: str
    id: str
    is_drawn: bool = True
    """Otherwise it is only in the table, since it has another unit or another scale."""


@dataclass(frozen=True)
class Chart:
    """A chart with its table, its command, and what it does not say."""

    name: str
    title: str
    about: str
    rows: Sequence[ChartRow]
    command: str
    not_said: str


def figures_of(run: Run | None, row: ChartRow) -> list[Figure | None]:
    """The figures of the row, one for each app."""
    return [find_figure(run, row.id, app.name) for app in APPS]


def draw(chart: Chart, run: Run | None) -> Markup | None:
    """Groups of bars, from top to bottom as in the table; None if nothing was measured."""
    rows = [row for row in chart.rows if row.is_drawn]
    figures = [figures_of(run, row) for row in rows]
    found = [each for row in figures for each in row if each]
    if not found:
        return None
    bars = pygal.HorizontalBar(
        width=WIDTH,
        height=len(rows) * (len(APPS) * BAR + GAP),
        range=(0, max(each.high for each in found) * ROOM or 1),
        value_formatter=lambda value: format_value(value, found[0].unit),
        print_values=True,
        show_legend=False,
        show_x_labels=False,
        show_y_guides=False,
        margin=0,
        margin_left=8,
        spacing=0,
        explicit_size=True,
        style=STYLE,
        js=[],
        css=[],
    )
    # pygal draws the first label at the bottom.
    bars.x_labels = [row.title for row in reversed(rows)]
    for number, app in enumerate(APPS):
        column = [row[number] for row in reversed(figures)]
        bars.add(app.title, [each and bar_of(each) for each in column])
    return finish(bars.render_tree(), chart, describe(rows, figures))


def bar_of(figure: Figure) -> dict[str, object]:
    """The median, with the spread if there is one."""
    spread = {"ci": {"low": figure.low, "high": figure.high}} if figure.low < figure.high else {}
    return {"value": figure.median, **spread}


def describe(rows: Sequence[ChartRow], figures: Sequence[Sequence[Figure | None]]) -> str:
    """What the picture shows, in words."""
    return " ".join(
        f"{row.title}: "
        + ", ".join(
            f"{app.title} {format_figure(each)}" for app, each in zip(APPS, found, strict=True)
        )
        + "."
        for row, found in zip(rows, figures, strict=True)
    )


def finish(root: ET.Element, chart: Chart, description: str) -> Markup:
    """Pygal's SVG for a page whose style sheet has the colors, and that allows no inline style."""
    for parent in list(root.iter()):
        for child in list(parent):
            is_for_scripts = child.tag in {"defs", "title", "desc"} or "tooltip-overlay" in str(
                child.get("class")
            )
            if is_for_scripts or not isinstance(child.tag, str):  # a comment has no string
                parent.remove(child)
    plot = root.find(".//g[@class='plot']/rect[@class='background']")
    assert plot is not None
    for text in root.iterfind(".//g[@class='plot text-overlay']//text"):
        # All values in one column at the right, where no bar and no spread is.
        text.set("x", plot.get("width", ""))
        text.set("text-anchor", "end")
    ids = [f"{chart.name}-{tag}" for tag in ("title", "desc")]
    for place, (id, words) in enumerate(zip(ids, (chart.title, description), strict=True)):
        element = ET.Element(id.rpartition("-")[2], id=id)
        element.text = words
        root.insert(place, element)
    del root.attrib["id"]
    root.set("role", "img")
    root.set("aria-labelledby", " ".join(ids))
    return Markup(ET.tostring(root, encoding="unicode"))


def of_reads(measure: str) -> list[ChartRow]:
    return [
        ChartRow(title, f"reads.{name}.{measure}")
        for name, title in zip(READS, READ_TITLES, strict=True)
    ]


WRITES = {"create_article": "an article", "comment": "a comment", "favorite": "a favorite"}


def of_writes(title: str, place: str, *, is_drawn: bool = False) -> list[ChartRow]:
    return [
        ChartRow(title.format(each), f"writes.{place.format(name)}", is_drawn)
        for name, each in WRITES.items()
    ]


CHARTS = (
    Chart(
        "reads",
        "Reads per second",
        "Four reads of one process on PostgreSQL, from 32 clients at once.",
        of_reads("requests_per_second"),
        "./triptych bench --only reads",
        "how many requests your service will answer: the app, the database and the load"
        " generator shared the processors of one machine, and your queries are different.",
    ),
    Chart(
        "slowest",
        "The slowest of a hundred",
        "The time that 99 of 100 responses took at most, in the same run.",
        of_reads("p99"),
        "./triptych bench --only reads",
        "the response time of a server with little load: with 32 clients, most of this time is"
        " waiting in a queue.",
    ),
    Chart(
        "ceiling",
        "What is left of hello world",
        "The same reads as a share of *floor*, a route of the same framework that answers a"
        " constant. The table also has the share of *bare*: the same routes with SQL by hand,"
        " without an ORM and without schemas.",
        [
            *of_reads("of_floor"),
            *(
                ChartRow(f"{title}, of bare", f"reads.{name}.of_bare", is_drawn=False)
                for name, title in zip(READS, READ_TITLES, strict=True)
            ),
        ],
        "./triptych bench --only reads",
        "which framework is faster: a framework with a slow floor keeps a larger share of it.",
    ),
    Chart(
        "processor",
        "Processor time of a read",
        "What one request costs the server's process, without the database.",
        [
            *of_reads("processor_time"),
            *(
                ChartRow(f"{title}, SQL statements", f"reads.{name}.statements", is_drawn=False)
                for name, title in zip(READS, READ_TITLES, strict=True)
            ),
        ],
        "./triptych bench --only reads",
        "how long the request takes: it also waits for the database, and for other requests.",
    ),
    Chart(
        "writes",
        "Writes per second",
        "Writes on PostgreSQL from 16 clients at once, each with its event in the same"
        " transaction. The table also has them from one client, on SQLite, and without the lock"
        " of the row that numbers the events.",
        [
            *of_writes("{}", "{}.requests_per_second.postgresql.16", is_drawn=True),
            *of_writes("{}, one client", "{}.requests_per_second.postgresql.1"),
            *of_writes("{}, SQLite", "{}.requests_per_second.sqlite.16"),
            *of_writes("{}, without lock", "{}_without_counter.requests_per_second.postgresql.16"),
        ],
        "./triptych bench --only writes",
        "what your writes cost: here all writes wait for each other, in all three apps, because"
        " that row is locked until the commit.",
    ),
    Chart(
        "memory",
        "Memory",
        "The memory of all processes of the server; shared memory is counted once.",
        [
            ChartRow("after start", "memory.server.after_start.1"),
            ChartRow("after load", "memory.server.after_load.1"),
            ChartRow("4 workers", "memory.server.after_start.4"),
            ChartRow("4, after load", "memory.server.after_load.4"),
        ],
        "./triptych bench --only memory",
        "what a process takes after a week, or with your data: the load lasted for seconds.",
    ),
    Chart(
        "start",
        "Start",
        "From the command to the first answer of a list of articles, and the part of it that is"
        " the import of the app.",
        [
            ChartRow("import", "start.server.import"),
            ChartRow("first answer", "start.server.first_answer"),
        ],
        "./triptych bench --only start",
        "the start of a container or a function in a cloud: here the files were in the cache of"
        " the operating system.",
    ),
    Chart(
        "weight",
        "Installed packages",
        "Beyond the standard library, from the folder's own pins in a fresh environment, with"
        " the server.",
        [
            ChartRow("packages", "weight.installed.packages"),
            ChartRow("compiled", "weight.installed.compiled"),
            ChartRow("size on disk", "weight.installed.size", is_drawn=False),
        ],
        "./triptych bench --only weight",
        "how much of it runs, or how well it is maintained: a package may be one line or a database"
        " driver.",
    ),
    Chart(
        "code",
        "Lines of code",
        "The app's own lines by layer, without comments, docstrings, tests and migrations; what"
        " only makes the responses equal is counted separately.",
        [
            *(ChartRow(layer, f"code.{layer}.lines") for layer in COUNTED),
            ChartRow("the rest", "code.other.lines"),
            ChartRow("all of these", "code.framework.lines", is_drawn=False),
            ChartRow("for equal bytes", "code.contract.lines", is_drawn=False),
            ChartRow("longest chain, pieces", "code.longest_chain.pieces", is_drawn=False),
            ChartRow("suppressed warnings", "code.suppressed.count", is_drawn=False),
        ],
        "./triptych bench --only code",
        "how long it takes to write or to understand: the contract asks for more than most"
        " services, and a line is not a unit of work.",
    ),
    Chart(
        "sockets",
        "Open sockets",
        "One process with all sockets subscribed: how late an event arrives, and what an idle"
        " socket costs.",
        [
            ChartRow("delay, median", "sockets.live.delivery_p50"),
            ChartRow("delay, p99", "sockets.live.delivery_p99"),
            ChartRow("sockets", "sockets.live.sockets", is_drawn=False),
            ChartRow("memory of a socket", "sockets.live.memory_of_a_socket", is_drawn=False),
        ],
        "./triptych bench --only sockets",
        "how many sockets are possible: more processes serve more sockets, and Flask with gevent"
        " keeps no thread for each.",
    ),
    Chart(
        "concurrency",
        "Requests that wait at the same time",
        "50 concurrent requests that wait 200 ms each, to one process with its usual settings.",
        [
            ChartRow("blocking", "concurrency.blocking.waiting_at_once"),
            ChartRow("async", "concurrency.async.waiting_at_once"),
            ChartRow("blocking, until the last", "concurrency.blocking.until_the_last", False),
            ChartRow("async, until the last", "concurrency.async.until_the_last", False),
        ],
        "./triptych bench --only concurrency",
        "what happens when a handler computes: only waiting can overlap.",
    ),
)

# What the home page shows, each with the chart that has more about it.
GLANCE = (
    (ChartRow("20 articles, requests per second", "reads.list.requests_per_second"), "reads"),
    (ChartRow("20 articles, p99", "reads.list.p99"), "slowest"),
    (ChartRow("20 articles, share of hello world", "reads.list.of_floor"), "ceiling"),
    (
        ChartRow(
            "articles created per second", "writes.create_article.requests_per_second.postgresql.16"
        ),
        "writes",
    ),
    (
        ChartRow("requests of 50 that wait at the same time", "concurrency.async.waiting_at_once"),
        "concurrency",
    ),
    (ChartRow("delay of a live event, p99", "sockets.live.delivery_p99"), "sockets"),
    (ChartRow("memory of one process", "memory.server.after_start.1"), "memory"),
    (ChartRow("first answer after the start", "start.server.first_answer"), "start"),
    (ChartRow("packages installed", "weight.installed.packages"), "weight"),
    (ChartRow("code of the app", "code.framework.lines"), "code"),
)
