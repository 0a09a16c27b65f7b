"""How answers that differ are put beside each other."""

from compare.columns import align, cells


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


def test_minority_stands_out() -> None:
    """Two against one: the one is marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "a"))]
    assert marked == [False, True, False]


def test_nobody_is_right() -> None:
    """Without a majority, all are marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "c"))]
    assert marked == [True, True, True]
