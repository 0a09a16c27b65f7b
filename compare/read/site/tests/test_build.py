"""The pages that are built: their links work, and their code is that of the apps."""

from functools import partial
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

import pytest

from compare.read.comparison import of_operation, parts_of
from compare.read.site import server
from compare.read.site.build import SETS, Site, build, is_stale, slug_of_set
from compare.read.statements import statements_of
from compare.run.apps import APPS
from compare.run.contract import read_operations
from compare.run.rules import OF_OPERATIONS, read_rules, rules_of
from compare.run.terminal import Failed, UsageError

LARGEST = 500_000


class Links(HTMLParser):
    """The addresses that a page refers to, and the ids that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name in {"href", "src"} and value]
        self.ids += [value for name, value in attrs if name == "id" and value]


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    files = (site / "some" / "where").rglob("*.html")
    return {file.resolve(): Links(file.read_text("utf-8")) for file in files}


def test_pages(pages: dict[Path, Links], site: Path) -> None:
    """Every operation has a page for all three apps, and for each two of them."""
    for operation in read_operations():
        for apps in SETS:
            path = f"some/where/compare/{slug_of_set(apps)}/{operation.name}/index.html"
            assert (site / path).resolve() in pages


def test_links(pages: dict[Path, Links]) -> None:
    """Every link leads to a page that exists, and to an anchor that exists in it."""
    for file, links in pages.items():
        assert len(set(links.ids)) == len(links.ids)
        for address in links.addresses:
            assert not address.startswith(("/", "http", "data:")), f"{file}: {address}"
            path, _, anchor = address.partition("?")[0].partition("#")
            target = (file.parent / path).resolve() if path else file
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{file}: {address}"
            assert not anchor or anchor in pages[target].ids, f"{file}: {address}"


def test_links_to_code(site: Path) -> None:
    """A name in a text leads to the page of its file, at the lines of what it names."""
    folder = site / "some" / "where"
    path, name = "django_app/conduit/articles/admin.py", "ArticleAdmin.save_model"
    text = (folder / "guides" / "choosing" / "index.html").read_text("utf-8")
    assert f'<a href="../../source/{path}/#{name}"><code>{name}</code></a>' in text
    page = (folder / "source" / path / "index.html").read_text("utf-8")
    named = page[page.index(f'<span class="named" id="{name}">') :]
    assert Words(named).text.lstrip().startswith("def save_model(self, request")


def test_rows_have_headers() -> None:
    """A table whose corner is empty has headers for its rows, and one with a corner has none."""
    markdown = Site(None).markdown
    named = markdown.render("| | a |\n|---|---|\n| **b** | c |\n")
    assert '<th scope="row"><strong>b</strong></th>\n<td>c</td>' in named
    assert "<td></td>\n<th>a</th>" in named
    assert "<td>b</td>" in markdown.render("| x | a |\n|---|---|\n| b | c |\n")


def test_sizes(site: Path) -> None:
    """A page, with its style and its scripts, is under 500 KB."""
    folder = site / "some" / "where"
    shared = sum(file.stat().st_size for file in folder.iterdir() if file.suffix in {".css", ".js"})
    for file in folder.rglob("*.html"):
        assert file.stat().st_size + shared < LARGEST, file


def test_code_is_that_of_the_apps(site: Path) -> None:
    """A handler is on its page as it is in the file, in each app."""
    page = site / "some/where/compare/django-vs-flask-vs-fastapi/get_tags/index.html"
    text = Words(page.read_text("utf-8")).text
    for app in APPS:
        code = (app.folder / "conduit" / "articles" / "api.py").read_text("utf-8")
        handler = code[code.index("def get_tags") :]
        for line in filter(None, handler.splitlines()):
            assert line in text


def test_sentences(site: Path) -> None:
    """Above each pair that differs, a page says why, once for rows that follow each other."""
    operations = {operation.name: operation for operation in read_operations()}
    for apps in SETS:
        page = site / f"some/where/compare/{slug_of_set(apps)}/get_tags/index.html"
        text = Words(page.read_text("utf-8")).text
        for section in of_operation(operations["get_tags"], apps).sections:
            said = [why for why, _ in groupby(row.why for row in section.rows if not row.equal)]
            for why in filter(None, said):
                assert text.count(why.replace("`", "")) >= said.count(why)


class Words(HTMLParser):
    """The text of a page, without its markup."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_piece_that_is_gone() -> None:
    """A text with a piece that does not exist any more cannot be built."""
    with pytest.raises(Failed, match="has no login_gone"):
        list(parts_of(["{{ pieces conduit/accounts/api.py::login_gone }}"]))


def test_stale(tmp_path: Path) -> None:
    """Missing pages count as stale."""
    assert is_stale(tmp_path)


def test_figures_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server of the pages says what is wrong in one line, and leaves no draft behind."""
    (tmp_path / "run.json").write_text("{}", "utf-8")
    monkeypatch.setattr("compare.read.figures.RUNS", tmp_path)
    monkeypatch.setattr(server, "SITE", tmp_path / "site")
    with pytest.raises(SystemExit) as end:
        server.main()
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert "run.json is not a run of this bench" in message
    assert message.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_other_files_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build removes what an earlier one has written, and does not overwrite other files."""
    folder = tmp_path / "site"
    for names in (["index.html", "old"], ["index.html", "new"]):
        monkeypatch.setattr("compare.read.site.build.write", partial(write_names, names))
        build(folder)
        (folder / "CNAME").write_text("example.org")
    assert {path.name for path in folder.iterdir()} == {".pages", "index.html", "new", "CNAME"}
    monkeypatch.setattr("compare.read.site.build.write", partial(write_names, ["CNAME"]))
    with pytest.raises(UsageError, match="has a CNAME that no build has written"):
        build(folder)
    assert (folder / "CNAME").read_text() == "example.org"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_pages_of_an_earlier_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that were built without a list of their names are replaced."""
    folder = tmp_path / "site"
    write_names(["index.html", "live.js", ".git"], None, folder)
    (folder / "index.html" / "old").touch()
    monkeypatch.setattr(
        "compare.read.site.build.write", partial(write_names, ["index.html", "live.js"])
    )
    build(folder)
    assert {path.name for path in folder.iterdir()} == {".pages", ".git", "index.html", "live.js"}
    assert not (folder / "index.html" / "old").exists()


def write_names(names: list[str], site: object, draft: Path) -> int:
    for name in names:
        (draft / name).mkdir(parents=True)
    return len(names)


def test_rules() -> None:
    """Each operation keeps rules, and those that are named by hand exist."""
    known = {operation.name: operation for operation in read_operations()}
    assert OF_OPERATIONS.keys() <= known.keys()
    for operation in known.values():
        assert rules_of(operation)
    ids = {rule.id for rule in rules_of(known["create_article"])}
    assert {"ARTICLE-1", "TAGLIST-1", "SLUG-6", "BODY-9", "TOKEN-2"} <= ids
    assert not {"ARTICLE-7", "SLUG-4", "LIST-1"} & ids
    assert len(read_rules()) == len({rule.id for rule in read_rules()})


def test_statements() -> None:
    """The numbers of statements are those of the apps' own tests; only reads have them."""
    operations = {operation.name: operation for operation in read_operations()}
    for app in APPS:
        assert statements_of(app, operations["get_article"]) == range(1, 2)
        assert statements_of(app, operations["create_article"]) is None
    feed = [statements_of(app, operations["get_articles_feed"]) for app in APPS]
    assert feed == [range(2, 3), range(1, 2), range(1, 2)]
