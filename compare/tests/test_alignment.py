"""How lines are put side by side, and which of their words are marked."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import combinations

import pytest

from compare.read.comparison import Row, compare_file, files_by_name, of_operation
from compare.read.counterparts import COUNTERPARTS, HEAD, locator_of, pieces_of, read_rows
from compare.run.alignment import LineRow, Mark, align, align_texts, marks
from compare.run.apps import APPS, App
from compare.run.contract import read_operations

TOP = re.compile(r"(?:async )?(?:def|class) ")


def test_equal_columns() -> None:
    """Equal columns give equal rows."""
    assert align(["ab", "ab"]) == [("a", "a"), ("b", "b")]


def test_other_line() -> None:
    """A line that differs in another column is in one row with its counterpart."""
    assert align(["abc", "axc"]) == [("a", "a"), ("b", "x"), ("c", "c")]


def test_missing_line() -> None:
    """A line that a column lacks leaves a gap there."""
    assert align(["abc", "ac"]) == [("a", "a"), ("b", None), ("c", "c")]


def test_additional_lines() -> None:
    """Lines that the first column lacks have separate rows, shared by the other columns."""
    assert align(["ac", "abc", "abxc"]) == [
        ("a", "a", "a"),
        (None, "b", "b"),
        (None, None, "x"),
        ("c", "c", "c"),
    ]


def test_lines_at_the_end() -> None:
    """Lines after the last one of the first column are not lost."""
    assert align(["a", "ab"]) == [("a", "a"), (None, "b")]


def test_alike_lines() -> None:
    """A line is paired with the most similar line, not with the line of the same number."""
    first = ["shown = get_article(slug, viewer)", "return shown"]
    other = ["await session.flush()", "shown = await get_article(session, slug, viewer)"]
    assert align([first, other]) == [
        (None, other[0]),
        (first[0], other[1]),
        (first[1], None),
    ]


def test_many_lines() -> None:
    """Equal lines are also found in columns too long to compare each line with each other."""
    lines = [f"line {number}" for number in range(1000)]
    other = ["first", *lines[:500], "between", *lines[500:], "last"]
    rows = align([["start", *lines, "end"], other])
    assert [row for row in rows if row[0] != row[1]] == [
        ("start", "first"),
        (None, "between"),
        ("end", "last"),
    ]


def test_marks() -> None:
    """Words that another line of the row lacks are marked; commas and brackets are not."""
    lines = ("f(user, slug)", "f(session, user, slug)", "await f(session, user, slug)")
    marked = [
        [line[start:end] for start, end in spans]
        for line, spans in zip(lines, marks(lines), strict=True)
    ]
    assert marked == [[], ["session"], ["await", "session"]]


def test_no_marks_where_nothing_is_alike() -> None:
    """Lines that have little in common are two lines, not one that was changed."""
    assert marks(("user = authenticate(token)", "raise Unauthorized")) == [[], []]


def test_rows_of_texts() -> None:
    """A row knows the lines of each text, and whether they are equal everywhere."""
    same, other = align_texts(["a\nf(b)\n", "a\nf(c)\n"])
    assert (same.lines, same.mark) == ((range(0, 1), range(0, 1)), Mark.EQUAL)
    assert (other.lines, other.mark) == ((range(1, 2), range(1, 2)), Mark.DIFFERS)


def test_text_that_one_lacks() -> None:
    """Lines that only some of the texts have are marked as such."""
    (row,) = align_texts([None, "a\n", "a\n"])
    assert (row.lines, row.mark) == ((range(0), range(0, 1), range(0, 1)), Mark.ONLY)


def test_wrapped_statements_are_equal() -> None:
    """A statement is one line, however it is wrapped."""
    (row,) = align_texts(["f(one, two)\n", "f(\n    one,\n    two,\n)\n"])
    assert (row.lines, row.mark) == ((range(0, 1), range(0, 4)), Mark.EQUAL)


def test_a_comma_that_makes_a_tuple_differs() -> None:
    """A comma that is there for more than wrapping is a difference."""
    (row,) = align_texts(["a = (b)\n", "a = (\n    b,\n)\n"])
    assert row.mark is not Mark.EQUAL


def test_words_of_wrapped_statements() -> None:
    """In a wrapped statement, words are marked where they stand."""
    (row,) = align_texts(["f(one, two)\n", "await f(\n    one,\n    three,\n)\n"])
    assert row.spans == ({0: [(7, 10)]}, {0: [(0, 5)], 2: [(4, 9)]})


APP_SETS = pytest.mark.parametrize(
    "apps", [*combinations(APPS, 2), APPS], ids=lambda apps: "-".join(app.name for app in apps)
)


@cache
def every_row(apps: Sequence[App]) -> list[Row]:
    """All rows that `diff` and the pages can show, of operations and of files."""
    shown = [of_operation(operation, apps) for operation in read_operations()]
    for path in files_by_name().values():
        if any(pieces_of(app, path) for app in apps):
            shown.append(compare_file(path, apps))
    return list(dict.fromkeys(row for comparison in shown for row in comparison.rows))


@APP_SETS
def test_every_row(apps: Sequence[App]) -> None:
    """Equal is not marked, different is marked, `def` lines stand on one row, no line is lost."""
    for pieces in dict.fromkeys(row.pieces for row in every_row(apps)):
        texts = [piece.text if piece else None for piece in pieces]
        rows = align_texts(texts)
        for row in rows:
            contents = [content(text, row.lines[n]) for n, text in enumerate(texts)]
            equal = len(set(contents)) == 1
            assert (row.mark is Mark.EQUAL) == equal, contents
            assert not equal or not any(row.spans)
            for mine, mark in zip(contents, row.marks, strict=True):
                assert (mark is Mark.EQUAL) == equal or mine is None
        for number, text in enumerate(texts):
            shown = [line for row in rows for line in row.lines[number]]
            assert shown == list(range(len((text or "").splitlines())))
        found = [first_definition(rows, number, text) for number, text in enumerate(texts)]
        assert len(set(found) - {None}) <= 1, [piece and piece.name for piece in pieces]


@APP_SETS
def test_pieces_of_a_row(apps: Sequence[App]) -> None:
    """The pieces of a row have the same locator, or are one row of counterparts.toml.

    If an app has no such piece, a sentence says what replaces it.
    """
    written = [frozenset(row.locators.items()) for row in read_rows(COUNTERPARTS.read_text())]
    for row in every_row(apps):
        found = {
            (app.name, locator_of(piece))
            for app, piece in zip(apps, row.pieces, strict=True)
            if piece
        }
        same = len({locator for _, locator in found}) == 1
        assert same or any(found <= each for each in written), found
        if None in row.pieces and HEAD not in row.names:
            in_conduit = all(locator.startswith("conduit/") for _, locator in found)
            assert row.why or not in_conduit, found


def content(text: str | None, lines: range) -> tuple[int, str] | None:
    """The indentation and the text of the lines without white space; None without lines."""
    if text is None or not lines:
        return None
    source = "\n".join(text.splitlines()[lines.start : lines.stop])
    indentation = len(source) - len(source.lstrip()) if source.strip() else 0
    return indentation, re.sub(r",(?=[)\]}])", "", "".join(source.split()))


def first_definition(rows: Sequence[LineRow], number: int, text: str | None) -> int | None:
    """The number of the row with the first top-level definition of the text."""
    for place, row in enumerate(rows):
        lines = row.lines[number]
        if text and lines and TOP.match(text.splitlines()[lines.start]):
            return place
    return None
