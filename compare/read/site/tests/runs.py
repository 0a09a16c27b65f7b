"""A run for the tests: a figure for every row of every chart, each with a different value."""

from collections.abc import Iterator
from dataclasses import replace

from compare.read.site.charts import CHARTS
from compare.run.apps import APPS
from compare.run.record import Figure, Run, Subject

MACHINE = {
    "processors": 2,
    "processor": "x86_64",
    "memory_bytes": 8 * 2**30,
    "system": "Linux",
    "load_before": 0.1,
}


def make_run() -> Run:
    """A complete run."""
    return Run(
        command="./triptych bench --output docs/figures/example.json",
        started_at="2026-11-27T08:00:00Z",
        seconds=800,
        quick=False,
        commit={"id": "0123456789abcdef", "changed": False},
        machine=MACHINE,
        versions={"Python": "3.13.0"},
        rules={},
        subjects=[Subject(app.name, app.title, "app", app.name) for app in APPS],
        figures=[*figures_of_charts(), *floors()],
        missing=[],
    )


def figures_of_charts() -> Iterator[Figure]:
    value = 1000
    for chart in CHARTS:
        for row in chart.rows:
            for app in APPS:
                value += 1
                yield make_figure(row.id, app.name, value)


def floors() -> Iterator[Figure]:
    for number, app in enumerate(APPS, 1):
        id = "reads.floor.requests_per_second.32"
        yield make_figure(id, f"{app.name}-floor", 2000 * number)


def make_figure(id: str, subject: str, value: float) -> Figure:
    """A figure of three rounds; its unit matters only for the reads."""
    group, name, measure, *_ = id.split(".")
    unit = "1/s" if measure == "requests_per_second" else "count"
    return Figure(id, subject, group, name, measure, unit, None, [value - 9, value, value + 8])


def without(run: Run, group: str, subject: str | None = None) -> Run:
    """The run without a group of figures; of one subject, or of all."""
    kept = [
        each for each in run.figures if each.group != group or subject not in {None, each.subject}
    ]
    return replace(run, figures=kept)
