"""The figures that the texts and the pages show: those of the run of record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compare.run.apps import APPS, ROOT
from compare.run.places import fill_places
from compare.run.record import SCHEMA, Figure, Run, load_run

RUNS = ROOT / "docs" / "figures"
NOT_MEASURED = "not measured"
READS = ("list", "article", "tags", "comments")
READ_TITLES = ("20 articles", "one article", "all tags", "three comments")


def run_of_record(folder: Path | None = None) -> Run | None:
    """The newest complete run in docs/figures, if there is any."""
    paths = [path for path in sorted((folder or RUNS).glob("*.json")) if path.name != SCHEMA.name]
    complete = [run for path in paths if not (run := load_once(path, path.stat().st_mtime)).quick]
    return max(complete, key=lambda run: run.started_at, default=None)


@cache
def load_once(path: Path, changed: float) -> Run:
    return load_run(path)


def find_figure(run: Run | None, id: str, subject: str) -> Figure | None:
    """The figure of a subject; an id may leave out what comes last, such as how many clients."""
    found = (
        each
        for each in (run.figures if run else ())
        if each.subject == subject and f"{each.id}.".startswith(f"{id}.")
    )
    return next(found, None)


def format_value(value: float, unit: str) -> str:
    """A value with its unit, and without digits that mean nothing."""
    match unit:
        case "1/s":
            return f"{value:,.0f}/s" if value >= 10 else f"{value:.1f}/s"
        case "ms":
            return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"
        case "s":
            return f"{value:.2f} s"
        case "bytes":
            size, prefix = (value / 1024, "KiB") if value < 2**20 else (value / 2**20, "MiB")
            return f"{size:.0f} {prefix}"
        case "ratio":
            return f"{value:.0%}"
        case "lines":
            return f"{value:,.0f} lines"
    return f"{value:,.0f}" if value == int(value) else f"{value:.1f}"


def format_figure(figure: Figure | None) -> str:
    """The median as text."""
    return NOT_MEASURED if figure is None else format_value(figure.median, figure.unit)


def format_spread(figure: Figure | None) -> str:
    """From the lowest to the highest round; empty if there was one round, or no figure."""
    if figure is None or figure.low == figure.high:
        return ""
    (low, unit), (high, same) = (
        number_and_unit(format_value(value, figure.unit)) for value in (figure.low, figure.high)
    )
    return f"{low}{'' if unit == same else unit}–{high}{same}"


def number_and_unit(text: str) -> tuple[str, str]:
    unit = text.lstrip("0123456789,.")
    return text.removesuffix(unit), unit


@dataclass(frozen=True)
class Lead:
    """How many times as fast as the slowest app each app is, in one benchmark."""

    title: str
    times: tuple[float | None, ...]
    """One for each app."""

    @property
    def cells(self) -> list[str]:
        return [NOT_MEASURED if each is None else f"{each:.1f} ×" for each in self.times]


def leads(run: Run | None) -> Iterator[Lead]:
    """The lead of each app in the hello-world benchmark, and in four reads."""
    rate = "requests_per_second"
    floors = [find_figure(run, f"reads.floor.{rate}", f"{app.name}-floor") for app in APPS]
    yield lead("hello world: a constant, no database (*floor*)", floors)
    for name, title in zip(READS, READ_TITLES, strict=True):
        yield lead(title, [find_figure(run, f"reads.{name}.{rate}", app.name) for app in APPS])


def lead(title: str, figures: list[Figure | None]) -> Lead:
    slowest = min((each.median for each in figures if each), default=0)
    return Lead(title, tuple(each.median / slowest if each else None for each in figures))


def write_table(rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A row has a title and a cell for each app; in Markdown."""
    lines = [["", *(app.title for app in APPS)], ["---"] * (len(APPS) + 1)]
    lines += [[title, *cells] for title, cells in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def hello_world(run: Run | None) -> str:
    return write_table((each.title, each.cells) for each in leads(run))


def reads(run: Run | None) -> str:
    """Each read: requests per second, p99, processor time, and the ratios to the ceilings."""
    return write_table(
        (f"{title}, {label}", cells_of(run, f"reads.{name}.{measure}"))
        for name, title in zip(READS, READ_TITLES, strict=True)
        for measure, label in MEASURES.items()
    )


def writes(run: Run | None) -> str:
    """The writes per second: on both databases, and without the lock that numbers the events."""
    return write_table(
        (f"{title}, {label}", cells_of(run, f"writes.{name}{place}"))
        for name, title in WRITES.items()
        for place, label in PLACES.items()
    )


def cells_of(run: Run | None, id: str) -> Iterator[str]:
    """The median of each app, with the range of the rounds."""
    for app in APPS:
        figure = find_figure(run, id, app.name)
        spread = format_spread(figure)
        yield f"{format_figure(figure)}{spread and f' ({spread})'}"


MEASURES = {
    "requests_per_second": "a second",
    "p99": "p99",
    "processor_time": "processor time",
    "of_bare": "of *bare*",
    "of_floor": "of *floor*",
}
WRITES = {"create_article": "create an article", "favorite": "favorite", "comment": "comment"}
RATE = "requests_per_second"
PLACES = {
    f".{RATE}.postgresql.1": "PostgreSQL, 1 client",
    f".{RATE}.postgresql.16": "PostgreSQL, 16 clients",
    f"_without_counter.{RATE}.postgresql.16": "the same without the counter",
    f".{RATE}.sqlite.1": "SQLite, 1 client",
    f".{RATE}.sqlite.16": "SQLite, 16 clients",
}
TABLES = {"hello-world": hello_world, "reads": reads, "writes": writes}


def fill_figures(text: str, run: Run | None) -> str:
    """The text with the figures of the run in their places.

    `<!-- figure: reads.list.p99 django -->12 ms<!-- end -->` is within a line;
    `<!-- figures: hello-world -->` is before a table.
    """

    def one(words: str) -> str:
        return format_figure(find_figure(run, *words.split()))

    return fill_places(text, {"figure": one, "figures": lambda name: TABLES[name](run)})
