"""The figures: how the pages and the texts show a run."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from compare.read.figures import (
    RUNS,
    fill_figures,
    find_figure,
    format_figure,
    format_spread,
    leads,
    run_of_record,
)
from compare.read.pages import DOCS
from compare.read.site.build import Site
from compare.read.site.charts import CHARTS, GLANCE, draw
from compare.run.apps import APPS, BY_NAME
from compare.run.record import Figure, Run, save

from .runs import make_figure, make_run, without

SVG = "{http://www.w3.org/2000/svg}"
[SOCKETS] = [chart for chart in CHARTS if chart.name == "sockets"]


def page_of(run: Run | None, path: str = "figures") -> str:
    """The page of figures, without the others."""
    site = Site(run)
    if path == "figures":
        return site.page(path, "figures.html", charts=CHARTS, leads=[*leads(run)]).html
    return site.page(path, "home.html", operations=[], glance=GLANCE).html


def picture(run: Run) -> ET.Element:
    drawn = draw(SOCKETS, run)
    assert drawn is not None
    return ET.fromstring(drawn)


def bars(root: ET.Element) -> list[float]:
    return [float(bar.get("width", "")) for bar in root.iterfind(f".//{SVG}g[@class='bar']/*")]


def test_each_figure_is_on_the_page() -> None:
    """Each row of each chart has the median of each app, and the spread of its rounds."""
    run = make_run()
    page = page_of(run)
    for chart in CHARTS:
        assert f"<code>{chart.command}</code>" in page
        for row in chart.rows:
            for app in APPS:
                figure = find_figure(run, row.id, app.name)
                assert figure is not None
                assert f"<td>{format_figure(figure)} <small>{format_spread(figure)}</small>" in page
    assert "not measured" not in page


def test_at_a_glance() -> None:
    """The home page has ten figures of each app."""
    run = make_run()
    page = page_of(run, "")
    assert len(GLANCE) == 10
    for row, chart in GLANCE:
        assert chart in {each.name for each in CHARTS}
        for app in APPS:
            assert f"<td>{format_figure(find_figure(run, row.id, app.name))}</td>" in page


def test_bars() -> None:
    """The length of a bar is proportional to its value, and a picture describes itself in text."""
    run = make_run()
    figures = [
        replace(each, values=[10.0 if each.subject == "django" else 30.0])
        for each in run.figures
        if each.measure == "delivery_p99"
    ]
    root = picture(replace(run, figures=figures))
    fastapi, flask, django = bars(root)
    assert django * 3 == pytest.approx(flask, abs=0.1) == fastapi
    assert "delay, p99: Django 10, Flask 30, FastAPI 30." in root.findtext(f"{SVG}desc", "")
    named = (root.get("aria-labelledby") or "").split()
    assert [each.get("id") for each in root if each.get("id")] == named


def test_pictures_obey_the_policy_of_the_pages() -> None:
    """No picture contains a style, a script or a comment."""
    page = page_of(make_run())
    pictures = "".join(re.findall("<svg class=.*?</svg>|<svg xmlns=.*?</svg>", page, re.DOTALL))
    assert pictures.count("<svg") == len(CHARTS)
    assert not re.search("style|<script|<!--", pictures)


def test_missing_figures() -> None:
    """What was not measured is shown as such, in the picture and in its table."""
    run = without(make_run(), "sockets", "flask")
    page = page_of(run)
    assert page.count("<td>not measured") == len(SOCKETS.rows)
    assert len(bars(picture(run))) == 2 * (len(APPS) - 1)
    page = page_of(without(run, "sockets"))
    assert page.count("<td>not measured") == len(SOCKETS.rows) * len(APPS)
    assert page.count('<p class="note">Not measured in this run.</p>') == 1


def test_no_run() -> None:
    """Without any run the pages say how to make one."""
    for page in (page_of(None), page_of(None, "")):
        assert "There is no run yet: <code>./triptych bench --output" in page
        assert "<td>not measured" in page


def test_run_of_record(tmp_path: Path) -> None:
    """The newest run counts, unless it was a quick one."""
    assert run_of_record(tmp_path) is None
    for day, quick in ((25, False), (26, False), (27, True)):
        run = replace(make_run(), started_at=f"2026-11-{day}T08:00:00Z", quick=quick)
        save(run, tmp_path / f"{day}.json")
    newest = run_of_record(tmp_path)
    assert newest is not None
    assert newest.started_at == "2026-11-26T08:00:00Z"


def test_leads() -> None:
    """The ratios of hello world, and those of the four reads."""
    run = without(make_run(), "sockets")
    floor, *reads = leads(run)
    assert floor.times == (1, 2, 3)
    assert [each.times[0] for each in reads] == [1, 1, 1, 1]
    gone = replace(run, figures=[each for each in run.figures if each.subject != "flask"])
    assert [each.cells[1] for each in leads(gone)] == ["2.0 ×", *["not measured"] * 4]


@pytest.mark.parametrize(
    ("unit", "values", "median", "spread"),
    [
        ("1/s", [287.4, 270.0, 301.0], "287/s", "270–301/s"),
        ("ms", [8.25, 12.4, 10.2], "10 ms", "8.2–12 ms"),
        ("bytes", [1000 * 1024, 1024**2 * 2, 1024**2 * 3], "2 MiB", "1000 KiB–3 MiB"),
        ("ratio", [0.41], "41%", ""),
        ("lines", [2345], "2,345 lines", ""),
        ("count", [12.5], "12.5", ""),
        ("s", [0.456, 0.5, 0.61], "0.50 s", "0.46–0.61 s"),
    ],
)
def test_units(unit: str, values: list[float], median: str, spread: str) -> None:
    """A figure has its unit, and a spread has it once if both ends have the same."""
    figure = Figure("a.b.c", "django", "a", "b", "c", unit, None, values)
    assert (format_figure(figure), format_spread(figure)) == (median, spread)


def test_figures_in_texts() -> None:
    """The figures in a text are replaced by those of the run."""
    run = replace(make_run(), figures=[make_figure("start.server.import", "flask", 4)])
    text = (
        "| <!-- figure: start.server.import flask -->7<!-- end -->"
        " | <!-- figure: start.server.import django --><!-- end --> |\n"
        "<!-- figures: hello-world -->\nold\n<!-- end -->\n"
    )
    line, *table = fill_figures(text, run).splitlines()
    assert line == (
        "| <!-- figure: start.server.import flask -->4<!-- end -->"
        " | <!-- figure: start.server.import django -->not measured<!-- end --> |"
    )
    assert table[:3] == ["<!-- figures: hello-world -->", "|  | Django | Flask | FastAPI |",
                         "| --- | --- | --- | --- |"]  # fmt: skip
    assert table[-1] == "<!-- end -->"


def test_tables_in_texts() -> None:
    """A table has a row for each measure, with the range of its rounds; a missing one says so."""
    id, values = "reads.list.of_bare.postgresql.32", [0.4, 0.5, 0.6]
    figure = Figure(id, "flask", "reads", "list", "of_bare", "ratio", "higher", values)
    run = replace(make_run(), figures=[figure])
    rows = fill_figures("<!-- figures: reads -->\n<!-- end -->\n", run).splitlines()[3:-1]
    assert len(rows) == 20
    assert rows[3] == "| 20 articles, of *bare* | not measured | 50% (40–60%) | not measured |"
    rows = fill_figures("<!-- figures: writes -->\n<!-- end -->\n", make_run()).splitlines()[3:-1]
    assert len(rows) == 15


def test_figures_of_texts_are_those_of_the_charts() -> None:
    """A chart shows each figure that a text names."""
    known = {row.id for chart in CHARTS for row in chart.rows}
    for text in DOCS.rglob("*.md"):
        for id, app in re.findall(r"<!-- figure: (\S+) (\w+) -->", text.read_text("utf-8")):
            assert id in known, text
            assert app in BY_NAME, text


def test_run_of_record_has_every_chart() -> None:
    """The committed run has figures for each chart, unless it says that a group is missing."""
    run = run_of_record()
    if run is None:
        pytest.skip(f"{RUNS.name}/ has no run")
    missing = {each.group for each in run.missing}
    for chart in CHARTS:
        group = chart.rows[0].id.partition(".")[0]
        assert draw(chart, run) or group in missing, chart.name
