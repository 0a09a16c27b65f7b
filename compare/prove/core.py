"""`core`: which rules an app keeps without `conduit/contract/`, tested on a copy of it."""

from __future__ import annotations

import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import typer

from compare.prove.mutants.command import restart_in_tox
from compare.run.apps import APPS, ROOT, App, AppsOption, choose_apps
from compare.run.processes import Processes, run_to_end
from compare.run.rules import read_rules
from compare.run.terminal import Failed, ProcessLog, out

# A run of the suite ends its servers, one after another.
GRACE = 20.0
# Django installs an app by its name, in settings and URLs.
INSTALLS = re.compile(r"""\binstall_contract\b|["']conduit\.contract\b""")
IMPORTS = re.compile(r"^\s*(?:from|import) .*\bcontract\b.*", re.MULTILINE)
LEFT_BEHIND = shutil.ignore_patterns("tests", "*.sqlite3*", "__pycache__", ".*")


@dataclass(frozen=True)
class Outcome:
    """A test that was run, with the rules that it names."""

    name: str
    rules: frozenset[str]
    passed: bool


def core(
    app: AppsOption = None,
    pinned: Annotated[
        bool,
        typer.Option("--pinned", help="Test the pinned rules, and list those that still hold."),
    ] = False,
) -> None:
    """Test the core rules with copies of the apps that have no conduit/contract/."""
    if find_spec("pytest") is None:
        restart_in_tox("core")
    runs = {
        each: run_to_end(run_without_contract(each, pinned=pinned)) for each in choose_apps(app)
    }
    if not pinned:
        if broken := [each.title for each, cases in runs.items() if not all_passed(cases)]:
            raise Failed(f"core rules are broken without conduit/contract/: {', '.join(broken)}")
    elif kept := still_kept(list(runs.values())):
        out.print("\n".join(kept), markup=False, soft_wrap=True)
        if len(runs) == len(APPS):  # a rule that one app keeps is pinned because of another app
            raise Failed(
                "these pinned rules hold without conduit/contract/: make them core, or remove them"
            )


async def run_without_contract(app: App, *, pinned: bool) -> list[Outcome]:
    out.print(f"{app.title} without conduit/contract/")
    with tempfile.TemporaryDirectory(prefix="triptych-core-") as place:
        folder, report = Path(place) / app.folder.name, Path(place) / "report.xml"
        shutil.copytree(app.folder, folder, ignore=LEFT_BEHIND)
        remove_contract(folder)
        command = [sys.executable, "-m", "pytest", "shared_tests", "-q", "-n", "2"]
        command += ["-m", "not browser", f"--app={app.name}", f"--app-folder={folder}"]
        # Most pinned rules are broken here, so the tracebacks are not useful.
        command += ["--rules=pinned", "--tb=no", "-rN"] if pinned else ["--rules=core"]
        command.append(f"--junitxml={report}")
        async with Processes(stop_signal=signal.SIGINT, grace=GRACE) as processes:
            code = await processes.call(
                ProcessLog("pytest", app.color), command, cwd=ROOT, streams="terminal"
            )
        if code not in (0, 1):
            raise Failed(f"the suite could not be run against {app.title}")
        return read_cases(report)


def remove_contract(folder: Path) -> None:
    """Remove the contract's code, and the lines that install it, from the copy of an app."""
    shutil.rmtree(folder / "conduit" / "contract", ignore_errors=True)
    removed = 0
    for path in sorted(folder.rglob("*.py")):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not INSTALLS.search(line)]
        removed += len(lines) - len(kept)
        if found := IMPORTS.search("".join(kept)):
            where = f"{folder.name}/{path.relative_to(folder)}"
            raise Failed(f"{where} needs the contract: {found[0].strip()}")
        path.write_text("".join(kept), "utf-8")
    if not 1 <= removed <= 4:
        raise Failed(f"{folder.name} has {removed} lines that install the contract, not 1 to 4")


def read_cases(report: Path) -> list[Outcome]:
    """The tests of a JUnit file that were not skipped."""
    cases = []
    for element in ElementTree.parse(report).iter("testcase"):
        outcomes = {child.tag for child in element} & {"failure", "error", "skipped"}
        if "skipped" not in outcomes:
            name = f"{element.get('classname', '').rpartition('.')[2]}::{element.get('name')}"
            named = element.find("properties/property[@name='rules']")
            rules = "" if named is None else named.get("value", "")
            cases.append(Outcome(name, frozenset(rules.split()), passed=not outcomes))
    return cases


def all_passed(cases: Sequence[Outcome]) -> bool:
    return bool(cases) and all(case.passed for case in cases)


def still_kept(runs: Sequence[Sequence[Outcome]]) -> list[str]:
    """Pinned rules that all runs keep, and pinned tests of core rules that pass in all runs."""
    pinned = {rule.id: rule.sentence for rule in read_rules() if rule.pinned}
    kept = [
        f"{id_}: {sentence}"
        for id_, sentence in pinned.items()
        if all(all_passed([case for case in run if id_ in case.rules]) for run in runs)
    ]
    of_core = [{c.name for c in run if c.passed and not c.rules & pinned.keys()} for run in runs]
    return kept + sorted(set.intersection(*of_core))
