"""The pages in a browser: what a reader does with them."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import Visitor
from .kinds import HANDLER


@pytest.mark.visit(java_script_enabled=False)
@pytest.mark.parametrize("path", ["", HANDLER, "topics/errors/"])
def test_without_javascript(visitor: Visitor, static: str, path: str) -> None:
    """Without JavaScript, no control is shown that would not work."""
    page = visitor.open(static + path)
    expect(page.locator("button:visible, input:visible, select:visible")).to_have_count(0)


@pytest.mark.visit(java_script_enabled=False)
def test_code_without_javascript(visitor: Visitor, static: str) -> None:
    """Without JavaScript, all code can be read, also pieces that are equal in all apps."""
    page = visitor.open(static + HANDLER)
    expect(page.locator("figure", has_text="async def create_article(")).to_have_count(2)
    equal = page.locator("figure", has_text="class NewArticleRequest(Schema):")
    expect(equal).to_be_hidden()
    page.get_by_text(re.compile("^Equal in all three: .*NewArticleRequest")).click()
    expect(equal).to_be_visible()


@pytest.mark.visit(color_scheme="dark")
def test_theme(visitor: Visitor, static: str) -> None:
    """The theme is the system's until another one is chosen, which then applies to every page."""
    page = visitor.open(static)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_label("Theme").select_option("light")
    light = page.evaluate(background)
    assert light != dark
    page.goto(static + HANDLER)
    assert page.evaluate(background) == light
    page.get_by_label("Theme").select_option("")
    assert page.evaluate(background) == dark


def test_skip_link(visitor: Visitor, static: str) -> None:
    """The first link that the Tab key reaches skips the navigation."""
    page = visitor.open(static)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_filter(visitor: Visitor, static: str) -> None:
    """The table shows the operations that contain all the words, and the URL has the words."""
    page = visitor.open(static)
    names = page.locator(".operations tbody tr:visible a")
    page.get_by_label("Filter").fill("delete article")
    shown = ["delete_article", "delete_article_favorite", "delete_article_comment"]
    expect(names).to_have_text(shown)
    page.reload()
    expect(names).to_have_text(shown)
    names.first.click()
    expect(page).to_have_url(static + HANDLER.replace("create", "delete"))


@pytest.mark.visit(viewport={"width": 1920, "height": 1000})
def test_lines_side_by_side(visitor: Visitor, static: str) -> None:
    """Matching lines are at the same height in the three columns."""
    page = visitor.open(static + HANDLER)
    docstring = page.locator("#handler .row").first.get_by_text('"""Create an article"""')
    expect(docstring).to_have_count(3)
    boxes = [each.bounding_box() for each in docstring.all()]
    assert len({box["y"] for box in boxes if box}) == 1
    assert len({box["x"] for box in boxes if box}) == 3


@pytest.mark.visit(viewport={"width": 1100, "height": 800})
def test_columns_hold_their_code(visitor: Visitor, static: str) -> None:
    """A long line is wrapped in its column: nothing of the code is cut off."""
    page = visitor.open(static + HANDLER)
    cut_off = "document.querySelectorAll('.row .piece, .row .l')"
    wide = f"[...{cut_off}].filter(each => each.scrollWidth > each.clientWidth + 1).length"
    assert page.evaluate(wide) == 0


def test_marked_words(visitor: Visitor, static: str) -> None:
    """Only the words in which the lines differ are marked."""
    page = visitor.open(static + "compare/flask-vs-fastapi/create_article/")
    marked = page.locator("#services figure", has_text="async def find_free_slug").locator("mark")
    assert set(marked.all_text_contents()) == {"async", "session", "AsyncSession", "await"}


def test_keys(visitor: Visitor, static: str) -> None:
    """1, 2 and 3 turn columns on and off, the arrow keys open the previous or next operation."""
    page = visitor.open(static + HANDLER + "#services")

    def press(key: str, path: str) -> None:
        expect(page.get_by_label("Theme")).to_be_visible()  # the script has run
        page.keyboard.press(key)
        expect(page).to_have_url(f"{static}compare/{path}/#services")

    press("1", "flask-vs-fastapi/create_article")
    press("2", "flask-vs-fastapi/create_article")  # one column alone compares with nothing
    press("ArrowRight", "flask-vs-fastapi/get_article")
    press("ArrowLeft", "flask-vs-fastapi/create_article")
    press("1", "django-vs-flask-vs-fastapi/create_article")


def test_folds_are_in_the_address(visitor: Visitor, static: str) -> None:
    """The open sections are in the URL, and stay open in other columns."""
    page = visitor.open(static + HANDLER)
    page.locator("#equal-schemas summary").click()
    expect(page).to_have_url(re.compile(r"\?open=.*equal-schemas"))
    page.reload()
    expect(page.get_by_text("class NewArticleRequest(Schema):")).to_be_visible()
    page.get_by_role("link", name="Flask and FastAPI").click()
    expect(page).to_have_url(re.compile(r"flask-vs-fastapi/create_article/\?open=.*equal-schemas"))
    expect(page.get_by_text("class NewArticleRequest(Schema):")).to_be_visible()


@pytest.mark.visit(permissions=["clipboard-read", "clipboard-write"])
def test_copy(visitor: Visitor, static: str) -> None:
    """A piece is copied as it is in the file, without the empty lines for the alignment."""
    page = visitor.open(static + HANDLER)
    page.get_by_role("button", name="Copy create_article of FastAPI").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('@router.post(\n    "/articles",\n')
    assert copied.endswith('    return {"article": article}\n')


def test_rules_beside(visitor: Visitor, static: str) -> None:
    """The rules that an operation keeps are shown beside its code."""
    page = visitor.open(static + "compare/flask-vs-fastapi/create_article/")
    rules = page.get_by_role("complementary")
    expect(rules.get_by_text("ARTICLE-1", exact=True)).to_be_visible()
    expect(rules.get_by_text("ARTICLE-7", exact=True)).to_have_count(0)


def test_topic(visitor: Visitor, static: str) -> None:
    """A topic is a text with the code of the three apps, and says when the topic matters."""
    page = visitor.open(static + "topics/")
    page.get_by_role("link", name="Errors").click()
    expect(page.get_by_role("heading", name="When this matters to you")).to_be_visible()
    for title in ("Django", "Flask", "FastAPI"):
        expect(page.locator("figure", has_text=title).first).to_be_visible()


def test_try_without_the_apps(visitor: Visitor, static: str) -> None:
    """If the apps are not running, the page says how to start them, and has no Send button."""
    page = visitor.open(static + "try/")
    expect(page.get_by_text("./triptych up", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_hidden()
