"""How lines are put side by side, and which of their words are marked."""

from compare.run.alignment import align, align_texts, marks


def test_equal_columns() -> None:
    """Equal columns give equal rows."""
    assert align(["ab", "ab"]) == [("a", "a"), ("b", "b")]


def test_other_line() -> None:
    """A line that another column has differently stands beside its counterpart."""
    assert align(["abc", "axc"]) == [("a", "a"), ("b", "x"), ("c", "c")]


def test_missing_line() -> None:
    """A line that a column lacks leaves a gap there."""
    assert align(["abc", "ac"]) == [("a", "a"), ("b", None), ("c", "c")]


def test_additional_lines() -> None:
    """What the first column lacks has rows of its own, shared by the others."""
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
    """A line stands beside the one that it is most like, not beside the one that has its number."""
    first = ["shown = get_article(slug, viewer)", "return shown"]
    other = ["await session.flush()", "shown = await get_article(session, slug, viewer)"]
    assert align([first, other]) == [
        (None, other[0]),
        (first[0], other[1]),
        (first[1], None),
    ]


def test_many_lines() -> None:
    """Columns too long to compare each line with each other still find their equal lines."""
    lines = [f"line {number}" for number in range(1000)]
    other = ["first", *lines[:500], "between", *lines[500:], "last"]
    rows = align([["start", *lines, "end"], other])
    assert [row for row in rows if row[0] != row[1]] == [
        ("start", "first"),
        (None, "between"),
        ("end", "last"),
    ]


def test_marks() -> None:
    """The words that a line beside does not have are marked, commas and brackets are not."""
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
    same, other = align_texts(["a\nb\n", "a\nc\n"], matched=True)
    assert (same.lines, same.equal, same.differs) == ((0, 0), True, False)
    assert (other.lines, other.equal, other.differs) == ((1, 1), False, True)


def test_text_that_one_lacks() -> None:
    """What only some have is not equal everywhere, and yet does not differ among those."""
    (row,) = align_texts([None, "a\n", "a\n"], matched=True)
    assert (row.lines, row.equal, row.differs) == ((None, 0, 0), False, False)
