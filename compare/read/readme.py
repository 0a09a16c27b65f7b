"""The README's map: every operation, with a link to its three handlers."""

from collections.abc import Mapping, Sequence

from compare.read.handlers import Handler
from compare.run.apps import ROOT, App
from compare.run.contract import Operation
from compare.run.terminal import Failed

README = ROOT / "README.md"
START = "<!-- written by ./triptych mirror --write -->\n"
END = "<!-- end -->\n"


def is_up_to_date(
    operations: Sequence[Operation], handlers: Mapping[App, Sequence[Handler]]
) -> bool:
    return split()[1] == make_map(operations, handlers)


def write_map(operations: Sequence[Operation], handlers: Mapping[App, Sequence[Handler]]) -> None:
    before, _, after = split()
    README.write_text(before + START + make_map(operations, handlers) + END + after, "utf-8")


def split() -> tuple[str, str, str]:
    """What comes before the map, the map, and what comes after it."""
    before, start, rest = README.read_text("utf-8").partition(START)
    written, end, after = rest.partition(END)
    if not start or not end:
        raise Failed(f"README.md lacks the two lines around the map: {START.strip()} … {END}")
    return before, written, after


def make_map(operations: Sequence[Operation], handlers: Mapping[App, Sequence[Handler]]) -> str:
    titles = " | ".join(app.title for app in handlers)
    lines = [f"| operation | route | {titles} |", f"|---|---|{'---|' * len(handlers)}"]
    for operation in operations:
        links = " | ".join(
            link(app, handler)
            for app, present in handlers.items()
            for handler in present
            if handler.name == operation.name
        )
        lines.append(f"| `{operation.name}` | `{operation.route}` | {links} |")
    return "".join(f"{line}\n" for line in lines)


def link(app: App, handler: Handler) -> str:
    # To the file, not to a line of it, which would move with every edit.
    return f"[{handler.file.relative_to('conduit')}]({app.folder.name}/{handler.file})"
