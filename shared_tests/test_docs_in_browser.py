"""The documentation pages in a real browser, without network access."""

import re
import shutil
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from .harness import Client, Person, rule, unique
from .harness.usual import compact

pytestmark = pytest.mark.browser

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Not localhost, which libraries treat differently.
HOST = "conduit.example"

# Milliseconds; long enough for a busy machine.
TIMEOUT = 30_000
expect.set_options(timeout=TIMEOUT)

# The brightness of a text and of its background: 0 is black, 1 is white.
BRIGHTNESS = """element => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number)
  const brightness = ([red, green, blue]) => (red + green + blue) / 3 / 255
  const text = brightness(numbers(getComputedStyle(element).color))
  for (; element; element = element.parentElement) {
    const background = numbers(getComputedStyle(element).backgroundColor)
    if (background[3] !== 0) return [text, brightness(background)]
  }
  return [text, 1]
}"""


class Visit:
    """A browser page, with the hosts that it requested something from, and all errors."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: set[str] = set()
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.add(urlsplit(request.url).hostname or ""))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"warning", "error"}:
            self.errors.append(message.text)


@pytest.fixture(scope="module")
def browser(client: Client) -> Iterator[Browser]:
    """The system's Chromium; the only host that it can reach is the tested server."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        pytest.skip(f"no Chromium on the PATH by any of its names: {', '.join(CHROMIUM)}")
    address = urlsplit(client.base_url).hostname
    hosts = f"--host-resolver-rules=MAP {HOST} {address}, MAP * ~NOTFOUND"
    with sync_playwright() as playwright, playwright.chromium.launch(
        executable_path=executable, args=[hosts]
    ) as browser:  # fmt: skip
        yield browser


@pytest.fixture
def visit(browser: Browser, client: Client) -> Iterator[Visit]:
    """A page that has not opened anything yet."""
    address = f"http://{HOST}:{urlsplit(client.base_url).port}"
    with browser.new_context(base_url=address) as context:
        context.set_default_timeout(TIMEOUT)
        yield Visit(context.new_page())


@rule("DOCS-4", "DOCS-5", "DOCS-7")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_page(visit: Visit, path: str, scheme: Literal["light", "dark"]) -> None:
    """Each page shows the API in the preferred color scheme, and requests no other host."""
    visit.page.clock.install()
    visit.page.emulate_media(color_scheme=scheme)
    visit.page.goto(path)
    title = visit.page.get_by_role("heading", name="Conduit")
    expect(visit.page.get_by_text("/api/articles/feed").first).to_be_visible()
    text, background = title.evaluate(BRIGHTNESS)
    visit.page.clock.run_for(60_000)
    assert abs(text - background) > 0.6
    assert ("dark" if background < text else "light") == scheme
    assert visit.asked == {HOST}
    assert visit.errors == []


@rule("DOCS-4", "DOCS-7")
def test_search(visit: Visit) -> None:
    """ReDoc's search finds an operation and shows it."""
    page = visit.page
    page.goto("/api/redoc")
    page.get_by_text("Search").click()
    page.keyboard.type("unfavor")
    page.get_by_test_id("search-dialog").get_by_text("Unfavorite an article").click()
    expect(page.get_by_role("heading", name="Unfavorite an article")).to_be_visible()
    assert visit.asked == {HOST}
    assert visit.errors == []


@rule("DOCS-4", "DOCS-7")
def test_try_it_out(visit: Visit, client: Client, anna: Person) -> None:
    """In Swagger UI, "Authorize" and "Try it out" can create an article."""
    title = unique("From the docs ")
    article = {"title": title, "description": "Tried out", "body": "It works.", "tagList": ["docs"]}
    page = visit.page
    page.goto("/api/docs")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("Value").fill(f"Token {anna.token}")
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").click()
    operation = page.locator("#operations-Articles-create_article")
    operation.get_by_text("Create an article").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("textbox").fill(compact({"article": article}).decode())
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    expect(answer).to_contain_text("201")
    slug = re.search(r'"slug": "(.+?)"', answer.inner_text())
    assert slug is not None
    written = client.get(f"/api/articles/{slug[1]}")
    assert written.status == 200
    assert article.items() <= written.json["article"].items()
    assert written.json["article"]["author"]["username"] == anna.username
    assert visit.asked == {HOST}
    assert visit.errors == []
