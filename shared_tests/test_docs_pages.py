"""The documentation pages work, and work offline."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from .harness import Client, rule

pytestmark = pytest.mark.on_sqlite

PAGES = ["/api/docs", "/api/redoc"]
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ico": "image/x-icon",
}
LOCAL_SOURCES = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}


class Page(HTMLParser):
    """The URLs that a page refers to, and its inline scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.scripts: list[str] = []
        self.inline_styles = 0
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect `src` and `href`, and start to record a script."""
        values = dict(attrs)
        self.references += [values[name] or "" for name in ("src", "href") if name in values]
        self._in_script = tag == "script" and "src" not in values
        self.inline_styles += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        """Stop recording."""
        self._in_script = False

    def handle_data(self, data: str) -> None:
        """Record the text of a script."""
        if self._in_script and data.strip():
            self.scripts.append(data)


def policy_of(header: str) -> dict[str, list[str]]:
    """The sources of a Content-Security-Policy, by directive."""
    directives = (directive.split() for directive in header.split(";") if directive.strip())
    return {words[0]: words[1:] for words in directives}


@rule("DOCS-4", "ANSWER-7")
@pytest.mark.parametrize(("path", "name"), [("/api/docs", "swagger"), ("/api/redoc", "redoc")])
def test_page(client: Client, path: str, name: str) -> None:
    """Each page is HTML that loads its viewer and the OpenAPI document."""
    answer = client.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.lower().startswith("<!doctype html>")
    assert any(name in reference for reference in Page(answer.text).references)
    scripts = [reference for reference in Page(answer.text).references if ".js" in reference]
    texts = [answer.text, *(client.get(urljoin(path, script)).text for script in scripts)]
    assert any("/api/openapi.json" in text for text in texts)


@rule("DOCS-4", "DOCS-5", "ANSWER-7")
@pytest.mark.parametrize("path", PAGES)
def test_policy(client: Client, path: str) -> None:
    """The policy allows nothing from other hosts, and allows the page's own scripts."""
    answer = client.get(path)
    policy = policy_of(answer.headers["Content-Security-Policy"])
    sources = {source for sources in policy.values() for source in sources}
    foreign = {s for s in sources - LOCAL_SOURCES if not s.startswith(("'sha256-", "'nonce-"))}
    scripts = policy.get("script-src", policy["default-src"])
    assert answer.status == 200
    assert foreign == set()
    for script in Page(answer.text).scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert {"'unsafe-inline'", f"'sha256-{digest}'"} & set(scripts)
    assert "'self'" in scripts
    assert "'self'" in policy.get("connect-src", policy["default-src"])


@rule("DOCS-5")
@pytest.mark.parametrize("path", PAGES)
def test_references(client: Client, path: str) -> None:
    """No page refers to another host."""
    answer = client.get(path)
    assert answer.status == 200
    assert Page(answer.text).references != []
    assert not re.search(r"""(?:src|href|url|from|import)\s*[=(:]?\s*["']?(?:https?:)?//""",
                         answer.text)  # fmt: skip


@rule("DOCS-5")
@pytest.mark.parametrize("path", PAGES)
def test_assets(client: Client, path: str) -> None:
    """The app serves everything that a page refers to, with the right type."""
    page = Page(client.get(path).text)
    assets = [urljoin(path, reference) for reference in page.references
              if not reference.startswith(("data:", "#"))]  # fmt: skip
    for asset in assets:
        answer = client.get(asset)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == TYPES[asset.rpartition(".")[2]]
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert len(answer.body) > 100


@rule("DOCS-5", "ANSWER-8", "ROUTE-5")
@pytest.mark.parametrize("path", PAGES)
def test_assets_are_routes(client: Client, path: str) -> None:
    """An asset answers GET and HEAD, and no other method."""
    page = Page(client.get(path).text)
    asset = next(urljoin(path, reference) for reference in page.references if ".js" in reference)
    got, head = client.get(asset), client.head(asset)
    options, post = client.options(asset), client.post(asset)
    assert [head.status, options.status, post.status] == [200, 405, 405]
    assert head.headers["Content-Length"] == str(len(got.body))
    assert options.headers["Allow"] == "GET, HEAD"
    assert post.headers["Allow"] == "GET, HEAD"


@rule("DOCS-5")
@pytest.mark.parametrize("path", PAGES)
def test_stylesheets_are_local(client: Client, path: str) -> None:
    """No stylesheet of a page loads anything from another host."""
    page = Page(client.get(path).text)
    sheets = [urljoin(path, reference) for reference in page.references if ".css" in reference]
    for sheet in sheets:
        answer = client.get(sheet)
        assert answer.status == 200
        assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", answer.text)
