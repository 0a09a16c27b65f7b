"""The suite itself: each rule has a test, each test a rule and a docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness.rules import SPEC, read_rules

pytestmark = pytest.mark.cross


def written_tests() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every test of the suite but these, with the name of its file."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path != Path(__file__):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    yield path.name, node


def rules_of(test: ast.FunctionDef) -> list[str]:
    """The ids in the `@rule(…)` of a test."""
    return [
        argument.value
        for call in test.decorator_list
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "rule"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def test_every_rule_has_a_test() -> None:
    """A rule without a test does not exist."""
    tested = {id_ for _, test in written_tests() for id_ in rules_of(test)}
    assert [id_ for id_ in read_rules() if id_ not in tested] == []


def test_every_test_names_a_rule_that_exists() -> None:
    """A test that names no rule, or one that is not in the contract, proves nothing."""
    known = set(read_rules())
    stray = [
        f"{file}: {test.name}"
        for file, test in written_tests()
        if not rules_of(test) or not set(rules_of(test)) <= known
    ]
    assert stray == []


def test_every_test_says_what_it_promises() -> None:
    """A test's docstring is its promise."""
    silent = [
        f"{file}: {test.name}" for file, test in written_tests() if not ast.get_docstring(test)
    ]
    assert silent == []


def test_every_rule_is_one_line() -> None:
    """Every list item of the rules is a rule: none is lost to the reader by its form."""
    lines = (SPEC / "rules.md").read_text(encoding="utf-8").splitlines()
    items = [line for line in lines if line.startswith("- ")]
    assert len(items) == len(read_rules())
    assert all(item.endswith(".") for item in items)
