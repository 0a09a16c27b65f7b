"""Request bodies: the many ways of writing the same JSON, and changes that mostly break it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

STYLES = 24
"""The number of styles of `write_body`; all from 6 on are the usual style."""
PLACEHOLDER = re.compile("<([a-z0-9-]+)>")
# All characters except ASCII, marks and bytes that are not UTF-8.
ESCAPED = re.compile("[^\x00-\x7f⟦⟧\udc80-\udcff]")


class RawJSON(str):
    """A value that is written as it stands, such as `1e5`."""


def dump(value: Any) -> str:
    return value if isinstance(value, RawJSON) else json.dumps(value, ensure_ascii=False)


def write_object(members: Iterable[tuple[str, Any]], separator: str = ", ") -> RawJSON:
    """A JSON object; unlike a `dict`, it can have a member twice."""
    written = (f"{dump(name)}: {dump(value)}" for name, value in members)
    return RawJSON(f"{{{separator.join(written)}}}")


def write_body(name: str, content: Mapping[str, Any], style: int) -> str:
    """The content as the only member of the body, in one of the styles."""
    members = list(content.items())
    if style == 0:
        members.reverse()
    elif style == 1:
        members = [(key, 1) for key, _ in members[:1]] + members
    elif style == 2:
        odd = RawJSON(r'[1e5, -0.0, "\ud83d\ude00"]')
        return write_object([(name, None), ("x", odd), (name, write_object(members))])
    separator = ",\n " if style == 3 else ", "
    body = write_object([(name, write_object(members, separator))], separator)
    if style == 4:
        return ESCAPED.sub(lambda found: json.dumps(found[0])[1:-1], body)
    if style == 5:
        return body.replace(name[0], f"\\u{ord(name[0]):04x}", 1)
    return body


def change_body(template: str, body: str) -> str:
    """Another body made of a good one: `<body>` stands for all of it, `<half>` for its half, …"""
    parts = {
        "body": body,
        "start": body[:-1],
        "rest": body[1:],
        "half": body[: len(body) // 2],
        "text": json.dumps(body, ensure_ascii=False),
        "single-quotes": body.replace('"', "'"),
        "trailing-commas": body.replace("}", ",}"),
        "wide": body.replace(":", " : ").replace(",", "\r\n,\t"),
        "no-break-spaces": body.replace("{", "{\xa0"),
        "latin-1": encode(body, "latin-1"),
        "utf-16": encode(body, "utf-16"),
    }
    return fill_template(template, parts)


def encode(text: str, encoding: str) -> str:
    return text.encode(encoding, "replace").decode(errors="surrogateescape")


def change_path(template: str, path: str) -> str:
    """Another path made of a good one: `<path>` stands for all of it, `<last>` for its end, …"""
    parent, _, last = path.rpartition("/")
    first, _, rest = path.removeprefix("/").partition("/")
    parts = {"path": path, "parent": parent, "last": last, "upper": last.upper()}
    return fill_template(template, {**parts, "first": first, "rest": rest})


def fill_template(template: str, parts: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: parts[found[1]], template)
