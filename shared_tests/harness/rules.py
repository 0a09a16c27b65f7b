"""The rules of the contract, and the marks with which a test names the rules that it proves."""

import re
from functools import cache
from pathlib import Path

import pytest

SPEC = Path(__file__).resolve().parents[2] / "spec"

RULE = re.compile(
    r"^- \*\*(?P<id>[A-Z]+-[0-9]+)\*\* (?P<mark>\*pinned\* )?(?P<sentence>.+)$", re.MULTILINE
)

# For a test, or one of its cases, that needs more than the core of the contract, although the
# rules that it names are core.
pinned = pytest.mark.pinned


@cache
def read_rules() -> dict[str, str]:
    """The sentence of every rule by its id, in the order of `spec/rules.md`."""
    found = _found()
    rules = {rule["id"]: rule["sentence"] for rule in found}
    if len(rules) != len(found):
        raise ValueError("spec/rules.md has an id twice")
    return rules


@cache
def pinned_rules() -> frozenset[str]:
    """The ids of the rules that are not core."""
    return frozenset(rule["id"] for rule in _found() if rule["mark"])


def _found() -> list[re.Match[str]]:
    return list(RULE.finditer((SPEC / "rules.md").read_text(encoding="utf-8")))


def rule(*ids: str) -> pytest.MarkDecorator:
    """Mark a test as the proof of these rules.

    An unknown id raises an error at import, so no test can name a rule that was renamed or
    removed.
    """
    for id_ in ids:
        if id_ not in read_rules():
            raise LookupError(f"spec/rules.md has no rule {id_}")
    return pytest.mark.rule(*ids)
