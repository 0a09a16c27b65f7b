"""Aligns matching lines of texts in rows, and finds the words in which they differ."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cache

from compare.run.logical import Span, logical_lines

Row = tuple[str | None, ...]

WORD = re.compile(r"\w+|[^\w\s]")
DEFINITION = re.compile(r"( *)(?:async )?(?:def|class) (\w+)")
# Two definitions belong together, however little else their lines share.
SAME_DEFINITION = 10.0
# Lines that share less than this of their words are not the same line, changed.
ALIKE = 0.45
# The cost of a line without a counterpart, so that weak similarities do not cause many gaps.
GAP = 0.05
# If all comparisons of lines are more than this, not all of them are made.
MAX_COMPARISONS = 20_000


def align(columns: Sequence[Sequence[str]]) -> list[Row]:
    """Rows of lines that are equal or alike; None if a column has no such line."""
    first, *others = columns
    rows: list[Row] = [(line,) for line in first]
    for number, other in enumerate(others, start=1):
        gap: Row = (None,) * number
        pairs = pair(rows, other)
        rows = [
            (*(gap if left is None else rows[left]), None if right is None else other[right])
            for left, right in pairs
        ]
    return rows


class Mark(Enum):
    """How a line compares with the other lines of its row."""

    EQUAL = " "
    """All of the texts have it."""
    DIFFERS = "≠"
    """Another line of the row is alike, but not equal."""
    ONLY = "+"
    """At least one text does not have it, and no other line of the row is alike."""


STYLES = {Mark.EQUAL: "", Mark.DIFFERS: "bold red", Mark.ONLY: "bold yellow"}


@dataclass(frozen=True)
class LineRow:
    """Logical lines that belong together, of texts that are read side by side."""

    lines: tuple[range, ...]
    """The numbers of their physical lines in the texts, from 0; empty where a text has none."""
    marks: tuple[Mark, ...]
    spans: tuple[Mapping[int, Sequence[Span]], ...]
    """In each physical line, the words that a line beside it does not have."""

    @property
    def mark(self) -> Mark:
        """The mark of the row; a difference takes precedence over a line without a counterpart."""
        for mark in (Mark.DIFFERS, Mark.ONLY):
            if mark in self.marks:
                return mark
        return Mark.EQUAL


def align_texts(texts: Sequence[str | None]) -> list[LineRow]:
    """The logical lines of texts side by side; None is a missing text."""
    columns = [logical_lines(text) if text is not None else [] for text in texts]
    places = [iter(column) for column in columns]
    rows = []
    for row in align([[line.normal for line in column] for column in columns]):
        found = [
            None if line is None else next(place) for line, place in zip(row, places, strict=True)
        ]
        spans = [
            {} if line is None else line.physical(words)
            for line, words in zip(found, marks(row), strict=True)
        ]
        numbers = [range(0) if line is None else line.numbers for line in found]
        rows.append(
            LineRow(tuple(numbers), tuple(mark_of(row, line) for line in row), tuple(spans))
        )
    return rows


def mark_of(row: Row, line: str | None) -> Mark:
    if not differs(row):
        return Mark.EQUAL
    others = [other for other in row if other is not None and other != line]
    alike = line is not None and any(line_likeness(line, other) for other in others)
    return Mark.DIFFERS if alike else Mark.ONLY


Pair = tuple[int | None, int | None]


def pair(rows: Sequence[Row], lines: Sequence[str]) -> list[Pair]:
    """The pairs of a row and a line, in the order of both."""
    start, most = 0, min(len(rows), len(lines))
    while start < most and lines[start] in rows[start]:
        start += 1
    end = 0
    while end < most - start and lines[-1 - end] in rows[-1 - end]:
        end += 1
    pairs: list[Pair] = [(number, number) for number in range(start)]
    left, right = range(start, len(rows) - end), range(start, len(lines) - end)
    if len(left) * len(right) <= MAX_COMPARISONS:
        pairs += best_pairs(rows, lines, left, right)
    else:
        pairs += rough_pairs(rows, lines, left, right)
    pairs += [(len(rows) - back, len(lines) - back) for back in range(end, 0, -1)]
    return pairs


def rough_pairs(rows: Sequence[Row], lines: Sequence[str], left: range, right: range) -> list[Pair]:
    """Pair the equal lines first, and then the lines between them."""
    names = [next(line for line in rows[number] if line is not None) for number in left]
    matcher = SequenceMatcher(None, names, lines[right.start : right.stop], autojunk=False)
    pairs: list[Pair] = []
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        here, there = left[start:end], right[other_start:other_end]
        if tag == "equal" or len(here) * len(there) > MAX_COMPARISONS:
            pairs += list_pairs(here, there)
        else:
            pairs += best_pairs(rows, lines, here, there)
    return pairs


def list_pairs(left: range, right: range) -> list[Pair]:
    longest = max(len(left), len(right))
    return [
        (
            left[number] if number < len(left) else None,
            right[number] if number < len(right) else None,
        )
        for number in range(longest)
    ]


def best_pairs(rows: Sequence[Row], lines: Sequence[str], left: range, right: range) -> list[Pair]:
    """The pairs that have most in common, and among those the fewest rows."""
    # worth[i][j] is the most that left[i:] and right[j:] can have in common.
    height, width = len(left), len(right)
    worth = [[0.0] * (width + 1) for _ in range(height + 1)]
    for i in range(height - 1, -1, -1):
        here, below = worth[i], worth[i + 1]
        row = rows[left[i]]
        for j in range(width - 1, -1, -1):
            both = below[j + 1] + likeness(row, lines[right[j]])
            here[j] = max(both, below[j] - GAP, here[j + 1] - GAP)
    pairs: list[Pair] = []
    i = j = 0
    while i < height and j < width:
        if worth[i][j] == worth[i + 1][j + 1] + likeness(rows[left[i]], lines[right[j]]):
            pairs.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif worth[i][j] == worth[i + 1][j] - GAP:
            pairs.append((left[i], None))
            i += 1
        else:
            pairs.append((None, right[j]))
            j += 1
    return pairs + list_pairs(left[i:], right[j:])


def likeness(row: Row, line: str) -> float:
    """How similar a line and a row are: more for long lines, 0 if they are not alike."""
    return max(line_likeness(other, line) for other in row if other is not None)


@cache
def line_likeness(one: str, other: str) -> float:
    words, others = words_of(one), words_of(other)
    weight = min(len(words), 6) / 6 + 0.1
    if one == other:
        return 1.2 * weight
    if defined_by(one) is not None and defined_by(one) == defined_by(other):
        return SAME_DEFINITION
    shared = 2 * len(words & others) / ((len(words) + len(others)) or 1)
    return shared * weight if shared >= ALIKE else 0.0


@cache
def defined_by(line: str) -> str | None:
    """The name that an indented line defines, "" for any name at the margin, None otherwise."""
    found = DEFINITION.match(line)
    return found and (found[2] if found[1] else "")


@cache
def words_of(line: str) -> frozenset[str]:
    return frozenset(WORD.findall(line))


def differs(row: Row) -> bool:
    return len(set(row)) > 1


def marks(row: Row) -> list[Sequence[Span]]:
    """For each line of a row, the places of the words that another line does not have."""
    found: list[Sequence[Span]] = []
    for line in row:
        others = {other for other in row if other not in (None, line)}
        spans = (lacking(line, other) for other in others if line and other)
        found.append(sorted(set().union(*spans)))
    return found


@cache
def lacking(line: str, other: str) -> frozenset[Span]:
    """The places of the words that the other line does not have; none if not alike."""
    if not line_likeness(line, other):
        return frozenset()
    words = list(WORD.finditer(line))
    texts = [word[0] for word in words]
    matcher = SequenceMatcher(None, texts, WORD.findall(other), autojunk=False)
    return frozenset(
        word.span()
        for tag, start, end, _, _ in matcher.get_opcodes()
        if tag != "equal"
        for word in words[start:end]
        if word[0].isidentifier() or word[0].isalnum()  # a mark under a comma says nothing
    )
