"""The mutants that no client can see, read from the page that explains them."""

import re
from pathlib import Path

from compare.run.apps import ROOT, App

PAGE = ROOT / "docs" / "mutants.md"

ENTRY = re.compile(r"^- `([0-9a-f]{8})` \(([\w, ]+)\)", re.MULTILINE)
"""An entry: the mutant's id, and the apps that have it."""


def read_unseen(app: App, page: Path = PAGE) -> set[str]:
    """The ids of the mutants of this app that the page explains."""
    entries = ENTRY.findall(page.read_text("utf-8"))
    return {id_ for id_, apps in entries if app.name in apps.split(", ")}
