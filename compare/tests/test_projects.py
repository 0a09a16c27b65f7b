"""Each app's folder is a separate project, with the pinned versions of the repository."""

import re
import tomllib

import pytest

from compare.run.apps import APPS, ROOT, App

REQUIREMENT = re.compile(r"([A-Za-z0-9_-]+(?:\[[a-z,]+\])?)")


def read(path: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((ROOT / path).read_text())


def names_of(requirements: list[str]) -> list[str]:
    return [REQUIREMENT.match(each)[1] for each in requirements]  # type: ignore[index]


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)
def test_pins(app: App) -> None:
    """The folder requires what the app's environment has, in the versions of constraints.txt."""
    needed = read("pyproject.toml")["dependency-groups"][app.name]
    project = read(f"{app.name}_app/pyproject.toml")["project"]["dependencies"]
    assert names_of(project) == names_of(needed)
    pinned = set((ROOT / "constraints.txt").read_text().splitlines())
    assert {re.sub(r"\[.*\]", "", each) for each in project} <= pinned
