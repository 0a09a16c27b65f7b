"""How answers that differ are shown beside each other."""

from compare.run.columns import cells


def test_minority_stands_out() -> None:
    """Two against one: the one is marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "a"))]
    assert marked == [False, True, False]


def test_nobody_is_right() -> None:
    """Without a majority, all are marked."""
    marked = ["red" in str(cell.spans) for cell in cells(("a", "b", "c"))]
    assert marked == [True, True, True]
