"""Pieces of source, found by their names."""

from pathlib import Path

import pytest

from compare.run.apps import BY_NAME
from compare.run.pieces import find, read_row
from compare.run.terminal import Failed

SOURCE = '''\
"""A module."""

import os

# Far from what follows.

# As long as it takes.
LIMIT: int = (
    3
)
first, second = 1, 2
type Pair = tuple[int, int]


# Why it is cached.
@cache
@other(
    1
)
def shape(error):
    """Shape it."""
    return error


class Refusal(Exception):
    status = 400

    def __init__(self):
        self.x = 1

    # A method of its own.
    @property
    async def text(self):
        return """
left as it is
    """
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "conduit").mkdir()
    (tmp_path / "conduit" / "errors.py").write_text(SOURCE, "utf-8")
    (tmp_path / "conduit" / "empty.py").write_text("", "utf-8")
    (tmp_path / "conduit" / "broken.py").write_text("x = 1\n)\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "first", "last", "begins"),
    [
        ("LIMIT", 7, 10, "# As long as it takes.\nLIMIT: int = ("),
        ("second", 11, 11, "first, second = 1, 2\n"),
        ("Pair", 12, 12, "type Pair ="),
        ("shape", 15, 22, "# Why it is cached.\n@cache\n@other("),
        ("Refusal", 25, 36, "class Refusal(Exception):\n    status = 400\n"),
        ("Refusal.status", 26, 26, "status = 400\n"),
        ("Refusal.__init__", 28, 29, "def __init__(self):\n    self.x = 1\n"),
        ("Refusal.text", 31, 36, "# A method of its own.\n@property\nasync def text(self):\n"),
    ],
)
def test_piece(root: Path, name: str, first: int, last: int, begins: str) -> None:
    """A name gives its lines, with decorators and the comment above, at the left margin."""
    piece = find(f"conduit/errors.py::{name}", root)
    assert (piece.path, piece.name) == (Path("conduit/errors.py"), name)
    assert (piece.first_line, piece.last_line) == (first, last)
    assert piece.text.startswith(begins)
    assert piece.text.count("\n") == last - first + 1


def test_text_in_a_method(root: Path) -> None:
    """Lines of a string that are indented less than the method are unchanged."""
    text = find("conduit/errors.py::Refusal.text", root).text
    assert text.endswith('    return """\nleft as it is\n"""\n')


def test_first_line(root: Path) -> None:
    """A piece on the first line has no comment above it, even if the file ends with a comment."""
    (root / "conduit" / "short.py").write_text("x = 1\n# The end.", "utf-8")
    assert find("conduit/short.py::x", root).first_line == 1


def test_whole_file(root: Path) -> None:
    """A path without a name is the whole file."""
    piece = find("conduit/errors.py", root)
    assert (piece.name, piece.first_line, piece.last_line) == ("", 1, 36)
    assert piece.text == SOURCE


@pytest.mark.parametrize(
    ("locator", "message"),
    [
        ("conduit/errors.py::shapes", "/conduit/errors.py has no shapes: the nearest is shape"),
        ("conduit/errors.py::Refusal.txt", "has no Refusal.txt: the nearest is Refusal.text"),
        ("conduit/error.py::shape", "has no file conduit/error.py: the nearest is conduit/errors"),
        ("conduit/empty.py::shape", "conduit/empty.py has no shape"),
        ("conduit/broken.py::x", "line 2 of conduit/broken.py is not valid Python"),
    ],
)
def test_gone(root: Path, locator: str, message: str) -> None:
    """A missing piece is named, with the nearest name that exists."""
    with pytest.raises(Failed) as failure:
        find(locator, root)
    assert failure.value.message.startswith(f"{locator}: ")
    assert message in failure.value.message


def test_row() -> None:
    """A row of pieces has one piece per app; a dash means no piece."""
    row = read_row(
        "{{ pieces django=manage.py flask=conduit/__init__.py::create_app fastapi=- }}\n"
    )
    assert row is not None
    names = {app.name: piece and piece.name for app, piece in row.items()}
    assert names == {"django": "", "flask": "create_app", "fastapi": None}


def test_row_of_one_locator() -> None:
    """One locator stands for all three apps."""
    row = read_row("{{ pieces conduit/schemas.py::Schema }}")
    assert row is not None
    assert [app.name for app in row] == list(BY_NAME)
    assert {piece and piece.name for piece in row.values()} == {"Schema"}


def test_other_line() -> None:
    """Any other line is not a row of pieces."""
    assert read_row("The `{{ pieces … }}` of a text.") is None


@pytest.mark.parametrize(
    "locators", ["django=manage.py", "django=- flask=- rails=-", "django=- flask=- fastapi=- x"]
)
def test_wrong_row(locators: str) -> None:
    """A row that does not name each app exactly once is refused."""
    with pytest.raises(Failed, match="give one locator, or django=… flask=… fastapi=…"):
        read_row(f"{{{{ pieces {locators} }}}}")
