"""Answers that differ, line by line in columns, with a mark where they do."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from compare.run.alignment import STYLES, Mark, Row, align, differs
from compare.run.answers import Answer

CONTEXT = 2


def side_by_side(answers: Sequence[Answer]) -> Table:
    rows = align([answer.lines(pretty=True) for answer in answers])
    if not any(differs(row) for row in rows):
        rows = align([answer.lines(pretty=False) for answer in answers])
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), expand=True)
    table.add_column(width=1)
    for answer in answers:
        table.add_column(Text(answer.app.title, answer.app.colour), overflow="fold", ratio=1)
    skipping = False
    for number, row in enumerate(rows):
        near = rows[max(0, number - CONTEXT) : number + CONTEXT + 1]
        if any(map(differs, near)):
            mark = Mark.ONLY if None in row else Mark.DIFFERS if differs(row) else Mark.EQUAL
            table.add_row(Text(mark.value, STYLES[mark]), *cells(row))
            skipping = False
        elif not skipping:
            table.add_row("", *(Text("⋮", "dim") for _ in row))
            skipping = True
    return table


def cells(row: Row) -> list[Text]:
    """The line of each app; in a row that differs, those not of the majority stand out."""
    counts = Counter(row)
    most = max(counts.values())
    alone = most == 1 or list(counts.values()).count(most) > 1
    texts = []
    for line in row:
        text = Text("(nothing)" if line is None else line, "dim")
        if differs(row):
            text.stylize("not dim bold red" if alone or counts[line] < most else "not dim")
        else:  # only there to show the place: not worth more than one line
            text.no_wrap, text.overflow = True, "ellipsis"
        texts.append(text)
    return texts
