"""Logical lines: a statement is one line, no matter how it is wrapped."""

import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO

Span = tuple[int, int]

NAME = re.compile(r"\w+")
LAYOUT = {tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.ENDMARKER}


@dataclass(frozen=True)
class LogicalLine:
    normal: str
    """Its indentation and its tokens: equal for lines that are only wrapped differently."""
    numbers: range
    """The physical lines, from 0."""
    words: Sequence[tuple[int, Span]]
    """Where its words are: the number of the physical line, and the place in it."""

    def physical(self, spans: Sequence[Span]) -> Mapping[int, Sequence[Span]]:
        """Where words of the normal form are in the physical lines."""
        places = {
            found.span(): place
            for found, place in zip(NAME.finditer(self.normal), self.words, strict=True)
        }
        marked: dict[int, list[Span]] = {}
        for span in spans:
            number, place = places[span]
            marked.setdefault(number, []).append(place)
        return marked


@cache
def logical_lines(text: str) -> Sequence[LogicalLine]:
    """The statements of the source; comments and empty lines between them are lines too."""
    lines = text.splitlines()
    return [line_of(lines, tokens, numbers) for tokens, numbers in statements(text, len(lines))]


Tokens = Sequence[tokenize.TokenInfo]


def statements(text: str, length: int) -> Iterator[tuple[Tokens, range]]:
    """The tokens of each logical line, and its physical lines."""
    tokens: list[tokenize.TokenInfo] = []
    first = 0
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type not in LAYOUT | {tokenize.NEWLINE}:
            tokens.append(token)
        lone_line = token.type == tokenize.NL and all(
            each.type == tokenize.COMMENT for each in tokens
        )
        if (lone_line or token.type == tokenize.NEWLINE) and first < length:
            yield tokens, range(first, token.start[0])
            tokens, first = [], token.start[0]


def line_of(lines: Sequence[str], tokens: Tokens, numbers: range) -> LogicalLine:
    indentation = " " * tokens[0].start[1] if tokens else ""
    normal = indentation + " ".join(token.string for token in without_last_commas(tokens))
    words = [(number, found.span()) for number in numbers for found in NAME.finditer(lines[number])]
    return LogicalLine(normal, numbers, words)


def without_last_commas(tokens: Tokens) -> Iterator[tokenize.TokenInfo]:
    """The tokens, without the trailing commas that are only there because of line wrapping."""
    opened: list[list[int]] = []
    dropped = set()
    for number, token in enumerate(tokens):
        if token.string in {"(", "[", "{"}:
            opened.append([number])
        elif token.string == "," and opened:
            opened[-1].append(number)
        elif token.string in {")", "]", "}"} and opened:
            opening, *commas = opened.pop()
            if commas and commas[-1] == number - 1 and is_optional(tokens, opening, commas):
                dropped.add(number - 1)
    return (token for number, token in enumerate(tokens) if number not in dropped)


def is_optional(tokens: Tokens, opening: int, commas: Sequence[int]) -> bool:
    """Whether the last comma changes nothing: `(x,)` is a tuple, and `x[1,]` is not `x[1]`."""
    before = tokens[opening - 1] if opening else None
    follows_operand = before is not None and (
        before.type == tokenize.NAME or before.string in {")", "]"}
    )
    return len(commas) > 1 or (tokens[opening].string == "(") == follows_operand
