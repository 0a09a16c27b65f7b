"""`core`: what an app keeps of the contract without the code that is there for the contract alone.

That code is the package `conduit/contract/`, which the lines with `install_contract` put to use.
Both are taken out of a copy of the app, and the shared suite is run against the copy.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import typer

from compare.apps import APPS, ROOT, App, app_named
from compare.mutants.command import become_tester
from compare.rules import read_rules
from compare.terminal import Failed, out

INSTALLS = "install_contract"
MOST = 3
"""How many lines may put the contract to use: one is an import, and one a call."""
IMPORTED = re.compile(r"^\s*(?:from|import) .*\bcontract\b|\bconduit\.contract\b", re.MULTILINE)
LEFT_BEHIND = shutil.ignore_patterns("tests", "*.sqlite3*", "__pycache__", ".*")


@dataclass(frozen=True)
class Case:
    """A test that was run, by its name, with the rules that it names."""

    name: str
    rules: frozenset[str]
    passed: bool


def core(
    app: Annotated[
        list[App] | None,
        typer.Option(
            "--app", metavar="APP", parser=app_named, help="This app; may be given again."
        ),
    ] = None,
    pinned: Annotated[
        bool, typer.Option("--pinned", help="Ask the pinned rules, and list what is still kept.")
    ] = False,
) -> None:
    """Take the contract's own code out of a copy of each app, and run the suite's core rules."""
    if find_spec("pytest") is None:
        become_tester("core")
    asked = app or APPS
    runs = {each: run_without_contract(each, "pinned" if pinned else "core") for each in asked}
    if pinned:
        found = still_kept(list(runs.values()))
        for line in found:
            out.print(line, markup=False, soft_wrap=True)
        if found:
            raise Failed("pinned, and yet kept without conduit/contract/: make it core, or drop it")
    elif broken := [each.title for each, cases in runs.items() if not all_passed(cases)]:
        raise Failed(f"without conduit/contract/ core rules are broken: {', '.join(broken)}")


def run_without_contract(app: App, rules: str) -> list[Case]:
    """Run the suite against a copy of the app that has no `conduit/contract/`."""
    out.print(f"{app.title} without conduit/contract/, {rules} rules:")
    with tempfile.TemporaryDirectory(prefix="triptych-core-") as place:
        folder = Path(place) / app.folder.name
        shutil.copytree(app.folder, folder, ignore=LEFT_BEHIND)
        take_out(folder)
        report = Path(place) / "report.xml"
        options = ["--app", app.name, "--app-folder", str(folder), "--rules", rules]
        shown = ["-q", f"--junitxml={report}", f"--tb={'no' if rules == 'pinned' else 'short'}"]
        # Where pinned rules are asked, most fail: that is what they are pinned for.
        shown += ["-rN"] if rules == "pinned" else []
        suite = [sys.executable, "-m", "pytest", "shared_tests", "-n", "2", "-m", "not browser"]
        code = subprocess.run([*suite, *options, *shown], cwd=ROOT, check=False).returncode
        if code not in (0, 1):
            raise Failed(f"the suite could not be run against {app.title}")
        return read_cases(report)


def take_out(folder: Path) -> None:
    """Take the contract's code out of the copy of an app in this folder."""
    shutil.rmtree(folder / "conduit" / "contract", ignore_errors=True)
    removed = 0
    for path in sorted(folder.rglob("*.py")):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if INSTALLS not in line]
        removed += len(lines) - len(kept)
        path.write_text("".join(kept), "utf-8")
        if found := IMPORTED.search("".join(kept)):
            where = path.relative_to(folder)
            raise Failed(f"{folder.name}/{where} needs the contract: {found[0].strip()}")
    if not 1 <= removed <= MOST:
        raise Failed(f"{folder.name} has {removed} lines with {INSTALLS}, not 1 to {MOST}")


def read_cases(report: Path) -> list[Case]:
    """The tests of a JUnit file that were not skipped."""
    cases = []
    for element in ElementTree.parse(report).iter("testcase"):
        properties = {each.get("name"): each.get("value", "") for each in element.iter("property")}
        outcomes = {child.tag for child in element} & {"failure", "error", "skipped"}
        if "skipped" not in outcomes:
            name = f"{element.get('classname', '').rpartition('.')[2]}::{element.get('name')}"
            rules = frozenset(properties.get("rules", "").split())
            cases.append(Case(name, rules, passed=not outcomes))
    return cases


def all_passed(cases: Sequence[Case]) -> bool:
    return bool(cases) and all(case.passed for case in cases)


def still_kept(runs: Sequence[Sequence[Case]]) -> list[str]:
    """What is pinned, and yet kept by every one of the runs: rules, and cases of core rules."""
    pinned = [rule for rule in read_rules() if rule.pinned]
    kept = [
        f"{rule.id}: {rule.sentence}"
        for rule in pinned
        if all(all_passed([case for case in run if rule.id in case.rules]) for run in runs)
    ]
    ids = {rule.id for rule in pinned}
    alone = [{case.name for case in run if case.passed and not case.rules & ids} for run in runs]
    return kept + sorted(set.intersection(*alone))
