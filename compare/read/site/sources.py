"""Pages of source files, which the texts link to."""

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from compare.read.site.code import highlighted, line_html
from compare.run.apps import ROOT
from compare.run.pieces import places_in


class SourcePages:
    """The Python files that a text links to, each with the names in it that are linked to."""

    def __init__(self) -> None:
        self.names: dict[Path, set[str]] = {}

    def address_of(self, file: Path, name: str) -> str | None:
        """The page of the file, at the piece of that name if it has one; None if it is not Python.

        Only the files that were asked for here get a page.
        """
        if file.suffix != ".py" or not file.is_file() or not file.is_relative_to(ROOT):
            return None
        names = self.names.setdefault(file, set())
        path = self.path_of(file)
        for place in places_in(file.read_text("utf-8")):
            # A text may name a method without its class.
            if name and f".{place}".endswith(f".{name}"):
                names.add(place)
                return f"{path}/#{place}"
        return f"{path}/"

    def path_of(self, file: Path) -> str:
        """The path of the page."""
        return f"source/{file.relative_to(ROOT).as_posix()}"

    def files(self) -> Iterator[tuple[str, Markup]]:
        """Each file that has been linked to: its path in the repository, and its code."""
        for file, names in sorted(self.names.items()):
            yield file.relative_to(ROOT).as_posix(), code_of(file.read_text("utf-8"), names)


def code_of(text: str, names: set[str]) -> Markup:
    """The whole file, with an element around each of the pieces."""
    places = places_in(text)
    # A class begins before its first method, and ends after its last one.
    pieces = sorted((places[name][0], -places[name][1], name) for name in names)
    lines = [line_html(runs) for runs in highlighted(text)]
    starts: dict[int, list[str]] = {}
    ends: dict[int, int] = {}
    for first, last, name in pieces:
        starts.setdefault(first, []).append(f'<span class="named" id="{name}">')
        ends[-last] = ends.get(-last, 0) + 1
    html = []
    for number, line in enumerate(lines, 1):
        html += starts.get(number, [])
        html.append(f'<span class="l">{line}\n</span>')
        html.append("</span>" * ends.get(number, 0))
    return Markup("".join(html))
