"""What is removed from a copy of an app, and what is read from the test run against it."""

import re
from pathlib import Path

import pytest

from compare.prove.core import Outcome, all_passed, read_cases, remove_contract, still_kept
from compare.run.rules import read_rules
from compare.run.terminal import Failed

MAIN = """from .contract import install_contract
from .errors import register


def create_app(settings):
    register(app)
    install_contract(app, settings)  # nothing else needs it
    return app
"""
CORE = next(rule.id for rule in read_rules() if not rule.pinned)
PINNED, OTHER = [rule.id for rule in read_rules() if rule.pinned][:2]


def app_in(folder: Path, main: str = MAIN, **modules: str) -> Path:
    """An app with this code, and with a contract."""
    package = folder / "conduit"
    (package / "contract").mkdir(parents=True)
    (package / "contract" / "__init__.py").write_text("def install_contract(app): ...\n", "utf-8")
    for name, code in {"main": main, **modules}.items():
        (package / f"{name}.py").write_text(code, "utf-8")
    return folder


def test_remove_contract(tmp_path: Path) -> None:
    """The package and the lines that install it are removed, and nothing else."""
    remove_contract(app_in(tmp_path, errors="contract = 'what is promised'\n"))
    assert {path.name for path in (tmp_path / "conduit").iterdir()} == {"main.py", "errors.py"}
    left = [line for line in MAIN.splitlines() if "install_contract" not in line]
    assert (tmp_path / "conduit" / "main.py").read_text("utf-8").splitlines() == left
    assert (tmp_path / "conduit" / "errors.py").read_text("utf-8").startswith("contract =")


def test_remove_contract_of_django(tmp_path: Path) -> None:
    """An app of Django is installed by its name."""
    apps = 'INSTALLED_APPS = [\n    "conduit.live",\n    "conduit.contract",\n]\n'
    remove_contract(app_in(tmp_path, settings=apps, main=""))
    kept = (tmp_path / "conduit" / "settings.py").read_text("utf-8").splitlines()
    assert kept == ["INSTALLED_APPS = [", '    "conduit.live",', "]"]


@pytest.mark.parametrize("number", [0, 5])
def test_lines_that_install_the_contract(tmp_path: Path, number: int) -> None:
    """No line means that the name has changed, and many lines mean more than one place."""
    folder = app_in(tmp_path, main="install_contract()\n" * number)
    message = f"{tmp_path.name} has {number} lines that install the contract, not 1 to 4"
    with pytest.raises(Failed, match=re.escape(message)):
        remove_contract(folder)


@pytest.mark.parametrize(
    "code",
    [
        "from .contract.paths import clean_path\n",
        "from . import contract\n",
        "def f():\n    from conduit.contract import paths\n",
        "import conduit.contract.paths\n",
    ],
)
def test_contract_that_is_needed_elsewhere(tmp_path: Path, code: str) -> None:
    """An app that could not start without the contract is not run."""
    with pytest.raises(Failed, match=re.escape(f"{tmp_path.name}/conduit/urls.py needs the con")):
        remove_contract(app_in(tmp_path, urls=code))


def test_read_cases(tmp_path: Path) -> None:
    """Each test has its name, its rules and its outcome; skipped tests are left out."""
    report = tmp_path / "report.xml"
    rules = f'<properties><property name="rules" value="{CORE} {PINNED}"/></properties>'
    report.write_text(
        "<testsuites><testsuite>"
        f'<testcase classname="shared_tests.test_a" name="test_one[x]">{rules}</testcase>'
        f'<testcase classname="shared_tests.test_a" name="test_two">{rules}<failure/></testcase>'
        f'<testcase classname="shared_tests.test_a" name="test_three"><skipped/></testcase>'
        "</testsuite></testsuites>",
        "utf-8",
    )
    named = frozenset({CORE, PINNED})
    cases = [Outcome("test_a::test_one[x]", named, True), Outcome("test_a::test_two", named, False)]
    assert read_cases(report) == cases
    assert [all_passed(some) for some in ([], cases[:1], cases)] == [False, True, False]


def test_still_kept() -> None:
    """A pinned rule is found if all its tests pass in all runs, a pinned case if it passes."""
    good = Outcome("test_a::test_good", frozenset({PINNED, OTHER}), True)
    bad = Outcome("test_a::test_bad", frozenset({OTHER}), False)
    of_core = Outcome("test_a::test_case[x]", frozenset({CORE}), True)
    assert [line.partition(":")[0] for line in still_kept([[good, bad], [good]])] == [PINNED]
    assert still_kept([[good], [bad]]) == []
    assert still_kept([[of_core], [of_core]]) == ["test_a::test_case[x]"]
