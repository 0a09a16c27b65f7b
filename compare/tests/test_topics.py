"""The texts about topics, as the site expects them."""

from pathlib import Path

import pytest

from compare.read.pages import DOCS
from compare.run.pieces import ROW

TOPICS = sorted((DOCS / "topics").glob("??/*.md"))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda path: path.stem)
def test_form(topic: Path) -> None:
    """A topic has a title, code, and at its end a section about when it matters."""
    lines = topic.read_text("utf-8").splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert lines[0].startswith("# ")
    assert [line for line in headings if line.startswith("# ")] == lines[:1]
    assert any(map(ROW.fullmatch, lines))
    if topic.parent.name == "en":
        assert headings[-1] == "## When this matters to you"
    assert not [line for line in lines if "{{" in line and not ROW.fullmatch(line)]
