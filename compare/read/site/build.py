"""Makes the pages: everything is read from the sources, and nothing is loaded from elsewhere."""

import ast
import json
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from itertools import combinations, takewhile
from pathlib import Path
from posixpath import relpath
from tempfile import TemporaryDirectory
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from compare.read.comparison import Row, of_operation, parts_of
from compare.read.figures import (
    RUNS,
    fill_figures,
    format_figure,
    format_spread,
    leads,
    run_of_record,
)
from compare.read.pages import DOCS
from compare.read.site.charts import CHARTS, GLANCE, draw, figures_of
from compare.read.site.code import highlighted, line_html, plain_html
from compare.read.site.sources import SourcePages
from compare.read.statements import statements_of
from compare.run.alignment import Mark, align_texts
from compare.run.apps import APPS, ROOT, App
from compare.run.contract import Operation, read_operations
from compare.run.pieces import Piece, find
from compare.run.record import Run
from compare.run.rules import OF_ITS_KIND, Rule, rules_of
from compare.run.terminal import UsageError

HERE = Path(__file__).parent
STATIC = HERE / "static"
# The files that the pages are made from: a change makes the pages stale.
SOURCES = ("*_app/**/*.py", "spec/*", "docs/**/*", "compare/**/*")
# Runs before the first paint, so that the other theme does not flash.
THEME_SCRIPT = "try{document.documentElement.dataset.theme=localStorage.theme||''}catch{}"
# In the order of a request, then what the whole app needs; other topics come last.
TOPICS = (
    "routing",
    "validation",
    "errors",
    "authentication",
    "dependency-injection",
    "queries",
    "migrations",
    "settings",
    "docs-pages",
    "websocket",
    "sync-and-async",
    "testing",
    "deployment",
    "admin",
)
LANGUAGES = {"en": "English", "ko": "한국어"}
# The file with the names that a build has written: the next build removes only these.
MANIFEST = ".pages"
SETS = [list(apps) for size in range(len(APPS), 1, -1) for apps in combinations(APPS, size)]


def build(folder: Path) -> int:
    """Write the pages into the folder, replace those of an earlier build, return their number.

    Other files in the folder stay; raises `UsageError` if one of them would be overwritten.
    """
    site = Site(run_of_record())
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".draft.", dir=folder) as draft:
        pages = write(site, Path(draft))
        replace_pages(folder, Path(draft))
    return pages


def replace_pages(folder: Path, draft: Path) -> None:
    manifest = folder / MANIFEST
    there = {path.name for path in folder.iterdir()}
    new = {path.name for path in draft.iterdir()}
    if manifest.exists():
        old = there.intersection(manifest.read_text("utf-8").splitlines())
    elif {"index.html", "live.js"} <= there:  # of a version that had no manifest
        old = there & new
    elif all(name.startswith(".") for name in there):
        old = set()
    else:
        raise UsageError(f"{folder} has something else in it: give another folder, or empty it")
    if taken := sorted(there & new - old):
        raise UsageError(
            f"{folder} has a {taken[0]} that no build has written: give another folder,"
            f" or delete {taken[0]}"
        )
    # First, so that a build that is interrupted can be repeated.
    manifest.write_text("\n".join(sorted(old | new)), "utf-8")
    for name in old:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    for name in new:
        (draft / name).rename(folder / name)
    manifest.write_text("\n".join(sorted(new)), "utf-8")


def write(site: "Site", draft: Path) -> int:
    shutil.copytree(STATIC, draft, dirs_exist_ok=True)
    pages = 0
    for page in site.pages():
        file = draft / page.path / "index.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page.html, "utf-8")
        pages += 1
    for path, image in site.images.items():
        (draft / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, draft / path)
    return pages


def is_stale(folder: Path) -> bool:
    """Whether the pages are missing, or older than something that they are made of."""
    home = folder / "index.html"
    if not home.exists():
        return True
    built = home.stat().st_mtime
    files = (file for source in SOURCES for file in ROOT.glob(source))
    return any(file.stat().st_mtime > built for file in files if "__pycache__" not in file.parts)


def digest(script: str) -> str:
    """The hash that allows an inline script in a Content-Security-Policy."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


@dataclass(frozen=True)
class Page:
    path: str
    """The folder of its index.html; empty for the home page."""
    html: str


@dataclass(frozen=True)
class Text:
    """A page of docs/, parsed."""

    file: Path
    path: str
    """Of the page."""
    language: str
    title: str
    summary: str
    """Its first sentence."""
    body: Markup

    @property
    def name(self) -> str:
        return self.file.stem


@dataclass(frozen=True)
class PageLine:
    html: Markup
    classes: str


@dataclass(frozen=True)
class Block:
    """A piece in its column."""

    apps: Sequence[App]
    piece: Piece | None
    lines: Sequence[PageLine]

    @property
    def place(self) -> str:
        assert self.piece
        return f"{str(self.piece.path).removeprefix('conduit/')}:{self.piece.first_line}"


class Site:
    def __init__(self, run: Run | None) -> None:
        self.run = run
        self.operations = read_operations()
        self.images: dict[str, Path] = {}
        """The images of the texts, by their paths in the site: filled while the texts are read."""
        self.sources = SourcePages()
        self.markdown = MarkdownIt("commonmark", {"highlight": fence_html}).enable("table")
        self.markdown.core.ruler.push("row_headers", name_rows)
        self.markdown.core.ruler.push("addresses", self.set_addresses)
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self.environment.globals.update(
            APPS=APPS,
            SETS=SETS,
            side_by_side=self.side_by_side,
            once=self.once,
            slug=slug_of_set,
            theme_script=Markup(THEME_SCRIPT),
            run=run,
            figures_of=figures_of,
            draw=draw,
        )
        self.environment.filters.update(median=format_figure, spread=format_spread)
        self.environment.filters["breakable"] = lambda name: Markup("_<wbr>").join(name.split("_"))
        self.environment.filters["breakable_path"] = lambda path: Markup("/<wbr>").join(
            path.split("/")
        )
        self.environment.filters["percent"] = percent
        self.environment.filters["marked"] = lambda text: Markup(self.markdown.renderInline(text))

    def pages(self) -> Iterator[Page]:
        operations = [*map(self.summary, self.operations)]
        yield self.page("", "home.html", operations=operations, glance=GLANCE)
        for number, operation in enumerate(self.operations):
            around = (
                self.operations[number - 1],
                self.operations[(number + 1) % len(self.operations)],
            )
            rules = by_section(rules_of(operation))
            for apps in SETS:
                yield self.page(
                    f"compare/{slug_of_set(apps)}/{operation.name}",
                    "operation.html",
                    operation=operation,
                    found=of_operation(operation, apps),
                    neighbours=around,
                    rules=rules,
                )
        yield self.page("topics", "topics.html", topics=self.topics["en"])
        for language, topics in self.topics.items():
            for topic in topics:
                yield self.page(
                    topic.path,
                    "topic.html",
                    topic=topic,
                    others=topics,
                    lang=language,
                    translations=self.translations(topic),
                )
        yield self.page("guides", "guides.html", guides=self.guides)
        for guide in self.guides:
            yield self.page(guide.path, "guide.html", guide=guide)
        yield self.page("figures", "figures.html", charts=CHARTS, leads=[*leads(self.run)])
        yield self.page(
            "try", "try.html", requests=[*map(self.example, self.operations)], people=people()
        )
        for file, code in self.sources.files():
            yield self.page(f"source/{file}", "source.html", file=file, code=code)

    def page(self, path: str, template: str, **values: Any) -> Page:
        def to(target: str) -> str:
            """A relative address, so that the site works below any path."""
            return relpath(target or ".", path or ".") + ("" if "." in target else "/")

        html = self.environment.get_template(template).render(
            {"path": path, "to": to, "lang": "en", **values}
        )
        return Page(path, html)

    def summary(self, operation: Operation) -> dict[str, Any]:
        size = of_operation(operation, APPS).size
        return {
            "operation": operation,
            "lines": size.lines,
            "statements": [format_numbers(statements_of(app, operation)) for app in APPS],
            "rules": len(rules_of(operation)),
            "alike": percent(size.alike),
        }

    @cached_property
    def topics(self) -> dict[str, list[Text]]:
        found = {}
        for folder in sorted(DOCS.glob("topics/*/")):
            prefix = "topics" if folder.name == "en" else f"topics/{folder.name}"
            files = sorted(folder.glob("*.md"), key=reading_order)
            found[folder.name] = [
                self.read(file, f"{prefix}/{file.stem}", folder.name) for file in files
            ]
        return found

    def translations(self, topic: Text) -> list[tuple[str, Text]]:
        return [
            (LANGUAGES.get(language, language), other)
            for language, topics in self.topics.items()
            for other in topics
            if other.name == topic.name and other.language != topic.language
        ]

    @cached_property
    def guides(self) -> list[Text]:
        files = [*sorted(DOCS.glob("*.md")), *sorted((DOCS / "decisions").glob("*.md"))]
        return [self.read(file, f"guides/{file.stem}", "en") for file in files]

    @cached_property
    def addresses(self) -> dict[Path, str]:
        """The address of the page of each file in docs/ that has one."""
        topics = DOCS.glob("topics/en/*.md")
        guides = [*DOCS.glob("*.md"), *DOCS.glob("decisions/*.md")]
        return (
            {file: f"topics/{file.stem}" for file in topics}
            | {file: f"guides/{file.stem}" for file in guides}
            | {RUNS: "figures"}
        )

    def read(self, file: Path, path: str, language: str) -> Text:
        lines = fill_figures(file.read_text("utf-8"), self.run).splitlines()
        title = without_marks(lines[0].lstrip("# "))
        first = next(line for line in lines[1:] if line)
        body = []
        for part in parts_of(lines[1:]):
            if isinstance(part, str):
                body.append(self.render(part, file, path))
            else:
                body.append(self.once(APPS, part) if part.equal else self.side_by_side(APPS, part))
        return Text(
            file, path, language, title, without_marks(first), Markup("").join(map(Markup, body))
        )

    def side_by_side(self, apps: Sequence[App], row: Row) -> Markup:
        """The pieces of a row, side by side."""
        return self.pieces("row", tuple(apps), row)

    def once(self, apps: Sequence[App], row: Row) -> Markup:
        """A piece that is equal in all of the apps, once."""
        return self.pieces("equal", tuple(apps), row)

    @cache  # noqa: B019  # one site a build, and most pieces are on many pages
    def pieces(self, macro: str, apps: tuple[App, ...], row: Row) -> Markup:
        module: Any = self.environment.get_template("pieces.html").module
        if macro == "equal":
            return Markup(module.equal(equal_block(apps, row)))
        return Markup(module.row(blocks(apps, row)))

    def render(self, text: str, file: Path, path: str) -> str:
        """The text of the file as HTML, for the page at that path."""
        html: str = self.markdown.render(text, {"file": file, "path": path})
        # With a focus, it can be scrolled by keyboard.
        html = html.replace("<pre>", '<pre tabindex="0">')
        return html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
            "</table>", "</table></div>"
        )

    def set_addresses(self, state: StateCore) -> None:
        """Set the addresses of links and images in the site, and the anchors of the headings."""
        if "file" not in state.env:
            return
        for number, token in enumerate(state.tokens):
            if token.type == "inline":
                token.children = list(self.addressed(token.children or [], **state.env))
            elif token.type == "heading_open" and token.tag == "h2":
                token.attrSet("id", anchor_of(state.tokens[number + 1]))

    def addressed(self, tokens: Sequence[Token], file: Path, path: str) -> Iterator[Token]:
        is_shown = True
        for number, token in enumerate(tokens):
            if token.type == "link_open":
                address = self.address_of_link(tokens[number:], file, path)
                is_shown = address is not None
                token.attrSet("href", address or "")
            if token.type == "image":
                image = (file.parent / str(token.attrs["src"])).resolve()
                place = f"images/{image.relative_to(DOCS).as_posix()}"
                self.images[place] = image
                token.attrSet("src", relpath(place, path))
                # A link to the image file, since the image is too small to read on a narrow screen.
                yield Token("link_open", "a", 1, attrs={"href": relpath(place, path)})
                yield token
                yield Token("link_close", "a", -1)
            # A link without a page is removed; its text still names the file.
            elif is_shown or token.type not in {"link_open", "link_close"}:
                yield token

    def address_of_link(self, tokens: Sequence[Token], file: Path, path: str) -> str | None:
        """Where the link that begins these tokens leads; None if the site has no such page."""
        href = str(tokens[0].attrs["href"])
        if href.startswith(("http:", "https:", "#")):
            return href
        address, _, anchor = href.partition("#")
        target = (file.parent / address).resolve()
        if target in self.addresses:
            return f"{relpath(self.addresses[target], path)}/{'#' + anchor if anchor else ''}"
        words = takewhile(lambda token: token.type != "link_close", tokens)
        name = next((token.content for token in words if token.type == "code_inline"), "")
        source = self.sources.address_of(target, name)
        return relpath(source, path) if source else None

    def example(self, operation: Operation) -> dict[str, str]:
        """An example request for the operation."""
        commented = operation.path.startswith("/api/articles/{slug}/")
        values = COMMENTED if commented else EXAMPLES
        # A parameter without an example stays as in the contract, for the reader to fill in.
        path = re.sub(r"{(\w+)}", lambda name: values.get(name[1], name[0]), operation.path)
        query = "&".join(
            f"{name}={value}" for name, value in QUERIES.items() if name in operation.query
        )
        body = BODIES.get(operation.name)
        return {
            "name": operation.name,
            "method": operation.method,
            "path": f"{path}?{query}" if query else path,
            "token": operation.token or "",
            "body": json.dumps(body) if body else "",
        }


# Values of the demo site, for the example requests.
EXAMPLES = {"username": "ada", "slug": "the-assert-statement"}
# An article that guido did not write, with a comment that guido wrote.
COMMENTED = {"slug": "coroutines", "id": "3"}
QUERIES = {"limit": "2", "ms": "100", "n": "5", "how": "tasks"}
BODIES: dict[str, Any] = {
    "login": {"user": {"email": "guido@example.com", "password": "triptych-demo"}},
    "create_user": {
        "user": {"username": "linus", "email": "linus@example.com", "password": "a long one"}
    },
    "update_current_user": {"user": {"bio": "Wrote this from the page."}},
    "create_article": {
        "article": {
            "title": "One request, three answers",
            "description": "Sent from the page.",
            "body": "Equal to the byte.",
            "tagList": ["triptych"],
        }
    },
    "update_article": {"article": {"description": "Changed from the page."}},
    "create_article_comment": {"comment": {"body": "Sent to all three."}},
}


CLASSES = {Mark.EQUAL: "e", Mark.DIFFERS: "x", Mark.ONLY: "a"}


def reading_order(file: Path) -> tuple[int, str]:
    return (TOPICS.index(file.stem) if file.stem in TOPICS else len(TOPICS), file.stem)


def without_marks(text: str) -> str:
    """A line of Markdown as plain text: with the text of links, and without backticks."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


def people() -> list[str]:
    """The users of the demo site."""
    piece = find("conduit/demo.py::PEOPLE", APPS[0].folder)
    return list(ast.literal_eval(piece.text.partition("=")[2].strip()))


def name_rows(state: StateCore) -> None:
    """Make the first cell of each row a header, in each table whose corner is empty."""
    is_named = False
    for number, token in enumerate(state.tokens):
        if token.type != "tr_open":
            continue
        opening, content, closing = state.tokens[number + 1 : number + 4]
        if opening.type == "th_open":
            is_named = not content.content
            opening.tag = closing.tag = "td" if is_named else "th"
        elif is_named:
            opening.tag = closing.tag = "th"
            opening.attrSet("scope", "row")


def anchor_of(heading: Token) -> str:
    words = "".join(token.content for token in heading.children or [])
    return re.sub(r"\W+", "-", words.lower()).strip("-")


def fence_html(code: str, language: str, _: str) -> str:
    return str(plain_html(code)) if language in {"py", "python"} else ""


def blocks(apps: Sequence[App], row: Row) -> list[Block]:
    """The pieces of a row, with empty lines added so that matching lines are side by side."""
    columns: list[list[PageLine]] = [[] for _ in apps]
    texts = [piece.text if piece else None for piece in row.pieces]
    for found in align_texts(texts):
        height = max(map(len, found.lines))
        for number, text in enumerate(texts):
            if text is None:
                continue
            mark, spans = found.marks[number], found.spans[number]
            for line in found.lines[number]:
                # What is equal is dimmed, and so has no colors.
                plain = [(text.splitlines()[line], "")]
                runs = plain if mark is Mark.EQUAL else highlighted(text)[line]
                html = line_html(runs, spans.get(line, ()))
                classes = f"l {CLASSES[mark]}{indentation(text, line)}"
                columns[number].append(PageLine(html + "\n", classes))
            missing = height - len(found.lines[number])
            columns[number] += [PageLine(Markup(""), "l")] * missing
    return [
        Block([app], piece, lines)
        for app, piece, lines in zip(apps, row.pieces, columns, strict=True)
    ]


def equal_block(apps: Sequence[App], row: Row) -> Block:
    piece = row.pieces[0]
    assert piece
    lines = [
        PageLine(line_html(runs) + "\n", f"l{indentation(piece.text, number)}")
        for number, runs in enumerate(highlighted(piece.text))
        if number < piece.text.count("\n")
    ]
    return Block(apps, piece, lines)


def indentation(text: str, number: int) -> str:
    """A CSS class for the depth of a line, so that its continuation is indented further."""
    line = text.splitlines()[number]
    depth = (len(line) - len(line.lstrip())) // 4
    return f" i{min(depth, 6)}" if depth else ""


def slug_of_set(apps: Sequence[App]) -> str:
    return "-vs-".join(app.name for app in apps)


def by_section(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    # The rules of this operation come before the rules of all operations of its kind.
    for rule in sorted(rules, key=lambda rule: rule.id.startswith(OF_ITS_KIND)):
        found.setdefault(rule.section, []).append(rule)
    return found


def percent(part: float) -> str:
    return f"{part:.0%}"


def format_numbers(numbers: range | None) -> str:
    if numbers is None:
        return ""
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
