"""The live parts, with the three apps that `up` has started."""

import re

import httpx2
import pytest
from playwright.sync_api import Page, expect

from compare.run.contract import read_operations

from .conftest import Visitor
from .kinds import KINDS
from .test_each_page import check_accessible

ARTICLE = (
    '{"article": {"title": "A moth in a relay", "description": "Found.", "body": "Taped here."}}'
)
ALL = re.compile(r"from Django \d+ ms, Flask \d+ ms, FastAPI \d+ ms$")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
def test_policy(visitor: Visitor, live: str, path: str) -> None:
    """The pages work with a policy that allows only their own files and requests to the apps."""
    policy = httpx2.get(live + path, timeout=30, trust_env=False).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src 'self'; style-src 'self'; script-src")
    assert "unsafe" not in policy
    visitor.open(live + path).wait_for_load_state("networkidle")


def test_equal(visitor: Visitor, live: str) -> None:
    """An answer that all three give is shown once."""
    page = visitor.open(live + "try/")
    page.get_by_label("Path and query").fill("/api/tags")
    send(page)
    expect(page.get_by_role("heading", name="Equal: 200")).to_have_text(ALL)
    expect(page.locator("#answer figure")).to_have_count(1)
    expect(page.locator("#answer code")).to_contain_text('"tags": [')


def test_different(visitor: Visitor, live: str) -> None:
    """Answers that differ are shown side by side, with the differences marked."""
    page = visitor.open(live + "try/?path=/api/lab/async?ms=1")
    send(page)
    expect(page.get_by_role("heading", name="The answers differ")).to_be_visible()
    marked = page.locator("#answer mark")
    expect(marked.filter(has_text='"framework"')).to_have_text(
        [
            re.compile(f'"framework": "{name}"', re.IGNORECASE)
            for name in ("django", "flask", "fastapi")
        ]
    )
    expect(marked.filter(has_text='"handler": "async"')).to_have_count(0)
    check_accessible(page)


def test_signed_in(visitor: Visitor, live: str) -> None:
    """A user is signed in to all three apps at once, and a write is done in each app."""
    page = visitor.open(live + "try/?method=POST&path=/api/articles")
    page.get_by_label("JSON").fill(ARTICLE)
    page.get_by_label("Signed in as").select_option("grace")
    expect(page.get_by_text("grace is signed in to Django, Flask, FastAPI.")).to_be_visible()
    send(page)
    expect(page.get_by_role("heading", name="Equal: 201")).to_have_text(ALL)
    page.get_by_label("Method").select_option("GET")
    page.get_by_label("Path and query").fill("/api/articles/a-moth-in-a-relay")
    send(page)
    expect(page.get_by_role("heading", name="Equal: 200")).to_have_text(ALL)
    expect(page.locator("#answer code")).to_contain_text('"username": "grace"')


def test_examples(visitor: Visitor, live: str) -> None:
    """Every operation has an example that only has to be sent; only the lab's answers differ."""
    page = visitor.open(live + "try/")
    for operation in read_operations():
        page.get_by_label("Start from").select_option(operation.name)
        if operation.token == "must":
            expect(page.get_by_text("guido is signed in")).to_be_visible()
        send(page)
        verdict = "The answers differ" if "/lab/" in operation.path else "Equal: 20"
        heading = page.get_by_role("heading", level=2)
        expect(heading, operation.name).to_contain_text(verdict)
        expect(heading, operation.name).to_contain_text("FastAPI")
        page.locator("#answer").evaluate("answer => answer.replaceChildren()")


def test_tokens_differ(visitor: Visitor, live: str) -> None:
    """Tokens and times, which always differ, are compared by their shape."""
    page = visitor.open(live + "try/?op=login")
    send(page)
    expect(page.get_by_role("heading", name="Equal: 200")).to_have_text(ALL)


def test_refused(visitor: Visitor, live: str) -> None:
    """The three apps refuse a request with the same answer, and the page shows it."""
    page = visitor.open(live + "try/?method=POST&path=/api/articles&body={}&as=ada")
    send(page)
    expect(page.get_by_role("heading", name="Equal: 422")).to_have_text(ALL)
    expect(page.locator("#answer code")).to_contain_text("can't be blank")
    # A browser complains about every answer that is not a success.
    assert len(visitor.errors) == 3
    visitor.errors.clear()


def test_request_is_in_the_address(visitor: Visitor, live: str) -> None:
    """The URL of the page contains the request that was sent."""
    page = visitor.open(live + "try/")
    page.get_by_label("Method").select_option("POST")
    page.get_by_label("Path and query").fill("/api/users/login")
    body = '{"user": {"email": "ada@example.com", "password": "triptych-demo"}}'
    page.get_by_label("JSON").fill(body)
    send(page)
    expect(page.get_by_role("heading", name="Equal: 200")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Method")).to_have_value("POST")
    expect(page.get_by_label("JSON")).to_have_value(body)
    send(page)
    expect(page.get_by_role("heading", name="Equal: 200")).to_be_visible()


def test_from_an_operation(visitor: Visitor, live: str) -> None:
    """The page of an operation has a link to its example request."""
    page = visitor.open(live + "compare/flask-vs-fastapi/get_article_comments/")
    page.get_by_role("link", name="Try it", exact=True).last.click()
    expect(page.get_by_label("Path and query")).to_have_value(re.compile(r"/comments$"))
    send(page)
    expect(page.get_by_role("heading", name="Equal: 200")).to_be_visible()
