"""`parity` as a whole: its engine knows no API, and the command finds a difference."""

import ast
import os
import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from compare.prove.parity import engine
from compare.prove.parity.command import PAGES
from compare.prove.parity.engine.coverage import Coverage
from compare.prove.parity.engine.stories import Step, read_story
from compare.run.apps import APPS, ROOT
from compare.run.contract import read_operations

ENGINE = Path(engine.__file__).parent
CONDUIT = re.compile(
    "article|comment|slug|follow|favorit|profile|username|token|conduit|django|flask|fastapi",
    re.IGNORECASE,
)
ALLOWED = (
    "compare.prove.parity.engine.",
    "compare.run.answers",
    "compare.run.columns",
    "compare.run.contract",
    "compare.run.terminal",
)
PLANTED = "fastapi_app/conduit/articles/schemas.py"


@pytest.mark.parametrize("width", [80, 60])
def test_narrow_table(width: int) -> None:
    """In a narrow terminal the answers are wrapped, and no name is cut."""
    coverage = Coverage(read_operations(), PAGES)
    steps = {each.name: Step("1", each.method, each.path) for each in read_operations()}
    for status in (200, 401, 403, 404, 405, 413, 415, 422):
        for step in steps.values():
            coverage.count(step, status)
    console = Console(file=StringIO(), width=width)
    console.print(coverage.table())
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert "…" not in shown
    assert all(name in shown for name in steps)


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.py")), ids=lambda path: path.name)
def test_engine_knows_no_api(path: Path) -> None:
    """The engine contains no word of Conduit, and imports only itself and modules without apps."""
    source = path.read_text("utf-8")
    assert CONDUIT.findall(source) == []
    modules = [
        node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
    ]
    ours = [module for module in modules if module.startswith("compare")]
    assert [module for module in ours if not module.startswith(ALLOWED)] == []


def test_planted_difference(tmp_path: Path) -> None:
    """The command finds a difference in a copy of an app, and shows it with a short story."""
    for name in ("compare", "spec", *(app.folder.name for app in APPS)):
        ignored = shutil.ignore_patterns("__pycache__", ".*", "node_modules")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    planted = tmp_path / PLANTED
    code = planted.read_text("utf-8")
    assert code.count("between(1, 100)") == 1
    planted.write_text(code.replace("between(1, 100)", "between(1, 101)"), "utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "compare", "parity", "--steps", "2000", "--seed", "2"],
        cwd=tmp_path,
        env=os.environ | {"TRIPTYCH_HOME": str(tmp_path / "home"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "The answers differ, at the end of this story" in finished.stdout
    assert "different" in finished.stdout
    assert 'curl -i "$APP/api/articles?limit=' in finished.stdout
    saved = tmp_path / "home" / "parity" / "apart-2.json"
    assert f"./triptych parity --replay {saved}" in finished.stdout
    (step,) = read_story(saved, ()).steps
    assert step.target.startswith("/api/articles?limit=")
