"""The table of a run, and what changed since another run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from compare.run.apps import BY_NAME
from compare.run.record import Figure, Run
from compare.run.terminal import out

GROUP_TITLES = {
    "reads": "Reads",
    "writes": "Writes",
    "memory": "Memory",
    "start": "Start",
    "weight": "Installed packages",
    "code": "Code",
    "sockets": "Open sockets",
    "concurrency": "Concurrency",
}
MEASURES = {
    "requests_per_second": "requests",
    "of_bare": "of bare",
    "of_floor": "of floor",
    "waiting_at_once": "at once",
    "until_the_last": "until the last",
}
LOAD_TOLERANCE = 0.5
DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
UNITS = {"1/s": "/s", "ms": " ms", "s": " s", "lines": " lines", "count": "", "ratio": "×"}


def amount(value: float, unit: str) -> str:
    """The value as people write it."""
    if unit == "bytes":
        size = value / 2**20
        return f"{value / 2**10:.0f} KiB" if size < 1 else f"{size:.0f} MiB"
    if unit == "ratio":
        return f"{value:.2f}"
    digits = 0 if value == int(value) or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{UNITS[unit]}"


def cell(figure: Figure | None) -> str:
    """The median, and the largest distance of a round from it."""
    if figure is None:
        return "–"
    text = amount(figure.median, figure.unit)
    if len(figure.values) > 1 and figure.median:
        far = max(figure.high - figure.median, figure.median - figure.low) / figure.median
        text += f" ±{far:.0%}"
    return text


def label(figure: Figure) -> str:
    """The name of the row of a figure."""
    words = [figure.name.replace("_", " "), MEASURES.get(figure.measure, figure.measure)]
    if figure.group in {"memory", "start", "weight"}:
        words = words[1:]
    return " ".join(words).replace("_", " ")


def conditions(figure: Figure) -> str:
    """The conditions that all figures of a table have in common."""
    # Reads have one table: *floor* has no database, and the database of a backend is not known.
    database = figure.database or ("postgresql" if figure.group == "reads" else None)
    words = [DATABASES[database]] if database else []
    for number, name in ((figure.clients, "client"), (figure.workers, "worker")):
        if number is not None:
            words.append(f"{number} {name}{'s' * (number != 1)}")
    return ", ".join(words)


def show(run: Run) -> None:
    """Print the whole run: a table for each group and its conditions, and what is missing."""
    machine, commit = run.machine, run.commit
    names = ("python", "postgresql", "sqlite", "wrk")
    versions = ", ".join(f"{name} {run.versions[name]}" for name in names if name in run.versions)
    changed = " with changes" if commit["changed"] else ""
    out.print(
        f"{machine['processors']} × {machine['processor']},"
        f" {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}; {versions};"
        f" commit {(commit['id'] or 'unknown')[:10]}{changed}",
        soft_wrap=True,
    )
    out.print("The median of the rounds, and ± the distance of the farthest one.", soft_wrap=True)
    tables: dict[tuple[str, str], list[Figure]] = {}
    for each in run.figures:
        tables.setdefault((each.group, conditions(each)), []).append(each)
    for group, title in GROUP_TITLES.items():
        for (of_group, where), figures in tables.items():
            if of_group == group:
                out.print()
                out.print(table_of(f"{title}, {where}" if where else title, run, figures))
    if run.missing:
        out.print()
    for missing in run.missing:
        of = f" of {missing.subject}" if missing.subject else ""
        out.print(f"missing: {missing.group}{of}: {missing.reason}", soft_wrap=True, markup=False)


def table_of(title: str, run: Run, figures: Sequence[Figure]) -> Table:
    """A row for each figure, and a row for each ceiling that has it."""
    subjects = [each for each in run.subjects if each.kind in {"app", "url"}]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(Text(title, "bold"))
    for subject in subjects:
        app = BY_NAME.get(subject.framework or "")
        style = app.color if app else ""
        table.add_column(Text(subject.title, style), justify="right", no_wrap=True)
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    for each in figures:
        rows.setdefault((each.name, each.measure), {})[each.subject] = each
    for (name, measure), found in rows.items():
        text = label(next(iter(found.values())))
        if any(subject.id in found for subject in subjects):
            table.add_row(text, *(cell(found.get(subject.id)) for subject in subjects))
        for kind in ("bare", "floor"):
            ceilings = [found.get(f"{subject.id}-{kind}") for subject in subjects]
            if any(ceilings) and measure == "requests_per_second":
                table.add_row(text if kind == name else f"{kind}: {text}", *map(cell, ceilings))
    return table


@dataclass(frozen=True)
class Change:
    """A figure of two runs: the ratio of the medians, and the lowest and highest possible ratio."""

    before: Figure
    after: Figure

    @property
    def ratio(self) -> float:
        return divided(self.after.median, self.before.median)

    @property
    def least(self) -> float:
        return divided(self.after.low, self.before.high)

    @property
    def most(self) -> float:
        return divided(self.after.high, self.before.low)

    @property
    def is_beyond_noise(self) -> bool:
        """Whether the rounds of the two runs do not overlap."""
        return not self.least <= 1 <= self.most

    @property
    def is_better(self) -> bool | None:
        if self.after.better is None:
            return None
        return (self.ratio > 1) == (self.after.better == "higher")


def divided(one: float, other: float) -> float:
    if not other:
        return 1.0 if not one else float("inf")
    return one / other


def changes(before: Run, after: Run) -> Iterator[Change]:
    """The figures that both runs have."""
    for figure in after.figures:
        if earlier := before.find(figure.id, figure.subject):
            yield Change(earlier, figure)


def differs(before: Run, after: Run) -> list[str]:
    """The conditions that differ between the two runs, and may be the reason for a change."""
    pairs: list[tuple[str, Any, Any]] = [
        *((name, before.machine.get(name), after.machine.get(name)) for name in after.machine),
        *((name, before.versions.get(name), after.versions.get(name)) for name in after.versions),
        *((name, before.rules.get(name), after.rules.get(name)) for name in after.rules),
    ]
    return [
        f"{name.replace('_', ' ')}: {one} before, {other} now"
        for name, one, other in pairs
        if one != other and (name != "load_before" or abs(one - other) > LOAD_TOLERANCE)
    ]


def show_changes(before: Run, after: Run) -> None:
    """Print what changed beyond the spread of the rounds, in both directions."""
    out.print()
    for line in differs(before, after):
        out.print(f"not the same: {line}", soft_wrap=True, markup=False)
    found = list(changes(before, after))
    beyond = [each for each in found if each.is_beyond_noise]
    titles: Iterable[tuple[str, bool | None]] = (
        ("Better", True),
        ("Worse", False),
        ("Changed", None),
    )
    for title, better in titles:
        of_kind = [each for each in beyond if each.is_better is better]
        if of_kind:
            out.print(table_of_changes(title, of_kind, after))
    commit = (before.commit["id"] or "unknown")[:10]
    out.print(
        f"{len(beyond)} of {len(found)} figures changed beyond the spread of their rounds"
        f" since the run of {before.started_at} on commit {commit}.",
        soft_wrap=True,
    )


def table_of_changes(title: str, found: Sequence[Change], run: Run) -> Table:
    titles = {subject.id: subject.title for subject in run.subjects}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(Text(title, "bold"))
    for head in ("", "before", "now", "ratio", "spread"):
        table.add_column(head, justify="left" if not head else "right", no_wrap=True)
    for change in found:
        table.add_row(
            ", ".join(filter(None, [label(change.after), conditions(change.after)])),
            titles.get(change.after.subject, change.after.subject),
            amount(change.before.median, change.before.unit),
            amount(change.after.median, change.after.unit),
            f"{change.ratio:.2f}",
            f"{change.least:.2f}–{change.most:.2f}",
        )
    return table
