"""Checks of a page of each kind, in a browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from .conftest import Visitor
from .kinds import HANDLER, KINDS, TABLE

EACH = pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)


def check_accessible(page: Page, options: dict[str, object] | None = None) -> None:
    found = Axe().run(page, options=options).response["violations"]
    serious = [
        (each["id"], [node["html"] for node in each["nodes"]][:3])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
    assert serious == []


@EACH
def test_accessible(visitor: Visitor, static: str, path: str) -> None:
    """axe finds nothing serious, in either theme, with all sections open."""
    page = visitor.open(static + path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.get_by_label("Theme").select_option("light")
    check_accessible(page)
    page.get_by_label("Theme").select_option("dark")
    # A theme changes only colors.
    check_accessible(page, {"runOnly": ["color-contrast"]})


@EACH
def test_loads_nothing_from_outside(visitor: Visitor, static: str, path: str) -> None:
    """All that a page loads comes from its own server, and is under 300 KB."""
    page = visitor.open(static + path)
    page.wait_for_load_state("networkidle")
    assert len(visitor.hosts) == 1
    assert sum(visitor.loaded.values()) < 300_000


@pytest.mark.parametrize("path", [*KINDS.values(), HANDLER, TABLE])
@pytest.mark.visit(viewport={"width": 360, "height": 740})
def test_narrow(visitor: Visitor, static: str, path: str) -> None:
    """A screen of 360 pixels needs no horizontal scrolling."""
    page = visitor.open(static + path)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
