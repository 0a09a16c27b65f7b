"""Which folder of the tools uses which, and that one name is one class."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from compare.run.apps import ROOT

TOOLS = ROOT / "compare"
FOLDERS = ("run", "read", "prove", "measure")


def sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "tests" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    """The folders of the tools that the file imports from."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("compare."))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_itself_and_run(folder: str) -> None:
    """`read`, `prove` and `measure` import only themselves and `run`."""
    wrong = [
        f"{path.relative_to(TOOLS)} imports {other}"
        for path in sources(TOOLS / folder)
        for other in imported(path)
        if other not in {folder, "run"}
    ]
    assert wrong == []


def test_a_class_has_a_name_of_its_own() -> None:
    """No two classes of the tools have the same name.

    The bare frameworks are three apps: they may share names, as the apps here do.
    """
    names = Counter(
        node.name
        for path in sources(TOOLS)
        if not path.name.startswith("with_")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, number in names.items() if number > 1] == []
