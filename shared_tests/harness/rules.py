"""The rules of the contract, and the marks by which a test names the ones it proves."""

import re
from functools import cache
from pathlib import Path

import pytest

SPEC = Path(__file__).resolve().parents[2] / "spec"

RULE = re.compile(
    r"^- \*\*(?P<id>[A-Z]+-[0-9]+)\*\* (?P<mark>\*pinned\* )?(?P<sentence>.+)$", re.MULTILINE
)

# A test, or one case of it, that a server may fail which keeps only the core of the contract,
# although the rules that it names are core.
pinned = pytest.mark.pinned


@cache
def read_rules() -> dict[str, str]:
    """Every rule's sentence, under its id, in the order of `spec/rules.md`."""
    found = _found()
    rules = {rule["id"]: rule["sentence"] for rule in found}
    if len(rules) != len(found):
        raise ValueError("an id stands twice in spec/rules.md")
    return rules


@cache
def pinned_rules() -> frozenset[str]:
    """The ids of the rules that are not core."""
    return frozenset(rule["id"] for rule in _found() if rule["mark"])


def _found() -> list[re.Match[str]]:
    return list(RULE.finditer((SPEC / "rules.md").read_text(encoding="utf-8")))


def rule(*ids: str) -> pytest.MarkDecorator:
    """Mark a test as the proof of these rules.

    An unknown id is an error where the mark is written, so that a rule that is renamed or taken
    out of the contract cannot leave a test behind that claims to prove it.
    """
    for id_ in ids:
        if id_ not in read_rules():
            raise LookupError(f"spec/rules.md has no rule {id_}")
    return pytest.mark.rule(*ids)
