"""The README's map: every operation, with a link to its three handlers."""

from compare.read.handlers import Handler, read_handlers
from compare.run.apps import APPS, App
from compare.run.contract import read_operations


def make_map() -> str:
    """The table, in Markdown."""
    titles = " | ".join(app.title for app in APPS)
    lines = [f"| operation | route | {titles} |", f"|---|---|{'---|' * len(APPS)}"]
    for operation in read_operations():
        links = " | ".join(
            link(app, handler)
            for app in APPS
            for handler in read_handlers(app)
            if handler.name == operation.name
        )
        lines.append(f"| `{operation.name}` | `{operation.route}` | {links} |")
    return "".join(f"{line}\n" for line in lines)


def link(app: App, handler: Handler) -> str:
    # To the file, not to a line of it, which would move with every edit.
    return f"[{handler.file.relative_to('conduit')}]({app.folder.name}/{handler.file})"
