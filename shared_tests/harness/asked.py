"""Which tests `--rules` selects, and what the run found out about each rule."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from .rules import pinned_rules, read_rules

HEADER = f"{'rules':8}{'kept':>8}{'broken':>8}{'not asked':>11}"


def rules_of(item: pytest.Item) -> frozenset[str]:
    """The ids of the rules that a test names."""
    return frozenset(id_ for mark in item.iter_markers("rule") for id_ in mark.args)


def kind_of(item: pytest.Item) -> str:
    """`core` if a test proves only core rules, otherwise `pinned`."""
    marked = item.get_closest_marker("pinned") is not None
    return "pinned" if marked or rules_of(item) & pinned_rules() else "core"


def note_rules(item: pytest.Item) -> None:
    """Add the rules of a test to its reports, for the summary and for a JUnit file."""
    item.user_properties.append(("rules", " ".join(sorted(rules_of(item)))))


def summary(stats: Mapping[str, Sequence[Any]]) -> list[str]:
    """The numbers of rules kept, broken and not tested, core first, and the broken rules."""
    broken = _named(stats, "failed", "error")
    kept = _named(stats, "passed") - broken
    core = [id_ for id_ in read_rules() if id_ not in pinned_rules()]
    pinned = [id_ for id_ in read_rules() if id_ in pinned_rules()]
    if not kept | broken:
        return []
    lines = [HEADER, _counted("core", core, kept, broken), _counted("pinned", pinned, kept, broken)]
    if names := [id_ for id_ in (*core, *pinned) if id_ in broken]:
        lines.append(f"broken: {', '.join(names)}")
    return lines


def _counted(name: str, rules: Sequence[str], kept: set[str], broken: set[str]) -> str:
    counts = [len(kept & set(rules)), len(broken & set(rules))]
    return f"{name:8}{counts[0]:8}{counts[1]:8}{len(rules) - sum(counts):11}"


def _named(stats: Mapping[str, Sequence[Any]], *outcomes: str) -> set[str]:
    """The rules that the tests with one of these outcomes name."""
    reports = [report for outcome in outcomes for report in stats.get(outcome, ())]
    return {id_ for report in reports for id_ in _property(report).split()}


def _property(report: Any) -> str:
    properties: Iterable[tuple[str, str]] = getattr(report, "user_properties", ())
    return dict(properties).get("rules", "")
