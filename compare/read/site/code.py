"""Source as HTML: highlighted, line by line, with the words marked that differ."""

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from itertools import pairwise

from markupsafe import Markup
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from compare.run.logical import Span

# Tokens that get a color; all others have the color of the text, to keep the pages small.
CLASSES = {
    Comment: "c",
    Keyword: "k",
    Name.Class: "f",
    Name.Decorator: "d",
    Name.Function: "f",
    Number: "n",
    Operator.Word: "k",
    String: "s",
}

Runs = Sequence[tuple[str, str]]


@cache
def highlighted(text: str) -> Sequence[Runs]:
    """The lines of the text, each as runs of text with a class, which may be empty."""
    lines: list[list[tuple[str, str]]] = [[]]
    for token, value in PythonLexer(stripnl=False).get_tokens(text):
        name = "o" if value == "->" else class_of(token)
        first, *others = value.split("\n")
        parts = [first, *others]
        for number, part in enumerate(parts):
            if number:
                lines.append([])
            if part and lines[-1] and lines[-1][-1][1] == name:
                lines[-1][-1] = (lines[-1][-1][0] + part, name)
            elif part:
                lines[-1].append((part, name))
    return lines


@cache
def class_of(token: _TokenType) -> str:
    """The class of the token's type, or of the nearest type above it that has one."""
    above: _TokenType | None = token
    while above is not None and above not in CLASSES:
        above = above.parent
    return CLASSES[above] if above is not None else ""


def line_html(runs: Runs, spans: Sequence[Span] = ()) -> Markup:
    """One line as HTML, with what is at the spans marked."""
    return Markup("".join(parts_html(runs, spans)))


def parts_html(runs: Runs, spans: Sequence[Span]) -> Iterator[str]:
    place = 0
    for text, name in runs:
        edges = (edge - place for span in spans for edge in span)
        cuts = sorted({0, *(edge for edge in edges if 0 < edge < len(text)), len(text)})
        for start, end in pairwise(cuts):
            html = escape(text[start:end], quote=False)
            html = f'<i class="{name}">{html}</i>' if name else html
            inside = any(low <= place + start < high for low, high in spans)
            yield f"<mark>{html}</mark>" if inside else html
        place += len(text)


def plain_html(text: str) -> Markup:
    """A whole text, highlighted."""
    return Markup("\n").join(line_html(runs) for runs in highlighted(text)).rstrip() + "\n"
