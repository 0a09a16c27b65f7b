"""Responses that differ, line by line in columns, with a mark at each difference."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compare.run.alignment import STYLES, Mark, Row, align, differs
from compare.run.answers import Answer, Service

CONTEXT = 2


def side_by_side(answers: Sequence[Answer]) -> Group:
    """The status and the headers, then the body, each side by side if it differs."""
    apps = [answer.app for answer in answers]
    heads = [answer.head for answer in answers]
    bodies = [answer.body_lines(pretty=True) for answer in answers]
    if not differs(tuple(map(str, bodies))):
        bodies = [answer.body_lines(pretty=False) for answer in answers]
    parts: list[RenderableType] = []
    for title, texts in (("Status and headers", heads), ("Body", bodies)):
        if differs(tuple(map(str, texts))):
            parts += [Text(f"{title}: different", "bold red"), columns(apps, texts)]
        else:
            parts.append(Text(f"{title}: equal", "bold"))
    return Group(*parts)


def columns(apps: Sequence[Service], texts: Sequence[Sequence[str]]) -> Table:
    rows = align(texts)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), expand=True)
    table.add_column(width=1)
    for app in apps:
        table.add_column(Text(app.title, app.color), overflow="fold", ratio=1)
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
        else:  # only context: cut to one line
            text.no_wrap, text.overflow = True, "ellipsis"
        texts.append(text)
    return texts
