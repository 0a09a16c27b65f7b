"""Pages that show pieces of source."""

import re
from pathlib import Path

import pytest

from compare.read import pages
from compare.read.pages import check_pages, fill, write_pages
from compare.run.apps import ROOT
from compare.run.places import fill_places
from compare.run.terminal import Failed

MARK = "<!-- piece: fastapi_app/conduit/errors.py::NotFound -->\n"
PIECE = "```python\nclass NotFound(ApiError):\n    status = 404\n```\n"


def test_new_fence() -> None:
    """A mark gets its fence."""
    assert fill(f"Before.\n\n{MARK}\nAfter.\n") == f"Before.\n\n{MARK}{PIECE}\nAfter.\n"


def test_old_fences() -> None:
    """A fence is replaced, without what comes after it, or before the next mark."""
    old = f"{MARK}```python\nold\n```\n"
    other = "```console\n$ ls\n```\n"
    assert fill(old + other + old) == MARK + PIECE + other + MARK + PIECE


def test_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outdated and missing pieces are named, and writing updates the outdated ones."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "DOCS", tmp_path / "docs")
    (tmp_path / "README.md").write_text("# Name\n", "utf-8")
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "docs" / "en").mkdir(parents=True)
    (tmp_path / "docs" / "a.md").write_text(
        "<!-- piece: a.py::x -->\n```python\nx = 2\n```\n", "utf-8"
    )
    (tmp_path / "docs" / "en" / "b.md").write_text(
        "{{ pieces conduit/errors.py::shape }}\n", "utf-8"
    )
    old, gone = check_pages()
    assert old.startswith("docs/a.md: what it shows is old: run ")
    assert gone.startswith("docs/en/b.md: conduit/errors.py::shape: django_app/conduit/errors.py")
    write_pages()
    assert (tmp_path / "docs" / "a.md").read_text("utf-8").endswith("x = 1\n```\n")
    assert len(list(check_pages())) == 1


def test_the_readme_has_its_map() -> None:
    """The map of operations has a place."""
    assert "<!-- map: operations -->\n" in (ROOT / "README.md").read_text("utf-8")


def test_place_without_an_end() -> None:
    """A place without an end is an error; otherwise its content would stay outdated."""
    text = "<!-- map: a -->\nold\n<!-- map: b -->\nold\n<!-- end -->\n"
    with pytest.raises(Failed, match="has lost its mark <!-- end -->"):
        fill_places(text, {"map": str.upper})


def test_names_in_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the text of a link is a name, the linked file defines this name."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "DOCS", tmp_path / "docs")
    (tmp_path / "a.py").write_text("class Form:\n    x = 1\n", "utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Name\n", "utf-8")
    page = tmp_path / "docs" / "a.md"
    page.write_text("[`Form.x`](../a.py), [`a.py`](../a.py), [the `form`](../a.py)\n", "utf-8")
    assert not list(check_pages())
    page.write_text("[`Form.x`](../a.py) ([`Form.y`](../a.py))\n", "utf-8")
    [problem] = check_pages()
    assert problem.startswith("docs/a.md: a.py::Form.y: ")


def test_links() -> None:
    """Every file that a page of the repository links to exists."""
    gone = [
        f"{page.relative_to(ROOT)}: {target}"
        for pattern in ("*.md", "[a-z]*/**/*.md")
        for page in ROOT.glob(pattern)
        for target in re.findall(r"\]\(([^)#:\s]+)[^):]*\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert gone == []
