"""What the README and the pages in `docs/` show: pieces of source, figures, and the map."""

import re
from collections.abc import Iterator
from pathlib import Path

from compare.read.figures import fill_figures, run_of_record
from compare.read.readme import make_map
from compare.run.apps import ROOT
from compare.run.pieces import find, read_row
from compare.run.places import fill_places
from compare.run.terminal import Failed

DOCS = ROOT / "docs"
# `<!-- piece: flask_app/conduit/errors.py::respond -->`, and the fence that follows it, if any.
FENCE = re.compile(r"(<!-- piece: (\S+) -->\n)(?:```\w*\n.*?^```\n)?", re.DOTALL | re.MULTILINE)
# A link whose text is only a name, such as `ArticleForm`, to the file that defines it.
LINK = re.compile(r"\[`(?P<name>[\w.]+)`\]\((?P<file>[^()#]+\.py)\)")
LANGUAGES = {".py": "python", ".ini": "ini"}


def pages() -> list[Path]:
    """The README, and the pages in `docs/`."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def check_pages() -> Iterator[str]:
    """Each piece exists, and each code block shows its current text."""
    for page in pages():
        name, text = page.relative_to(ROOT), page.read_text("utf-8")
        try:
            if fill(text) != text:
                yield f"{name}: what it shows is old: run ./triptych mirror --write"
            for line in text.splitlines():
                read_row(line)
        except Failed as failure:
            yield f"{name}: {failure.message}"
        yield from (f"{name}: {problem}" for problem in check_names(page, text))


def write_pages() -> None:
    for page in pages():
        page.write_text(fill(page.read_text("utf-8")), "utf-8")


def fill(text: str) -> str:
    """The page with each piece in its code block, and the map and each figure in its place."""
    filled = FENCE.sub(lambda match: match[1] + fence(match[2]), text)
    filled = fill_places(filled, {"map": lambda _: make_map()})
    return fill_figures(filled, run_of_record())


def check_names(page: Path, text: str) -> Iterator[str]:
    """Each name that is a link is in the file that it leads to."""
    for link in LINK.finditer(text):
        file = (page.parent / link["file"]).resolve()
        if file.name != link["name"]:
            try:
                find(f"{file.relative_to(ROOT)}::{link['name']}", ROOT)
            except Failed as failure:
                yield failure.message


def fence(locator: str) -> str:
    piece = find(locator, ROOT)
    return f"```{LANGUAGES.get(Path(piece.path).suffix, '')}\n{piece.text}```\n"
