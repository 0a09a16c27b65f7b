"""`mutants`: the command."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table

from compare.prove.mutants.trees import LONG, Outcome, Tree, Verdict
from compare.prove.mutants.unseen import PAGE, read_unseen
from compare.prove.test import run_tox
from compare.run.apps import ROOT, App, AppArgument
from compare.run.processes import Processes, run_to_end
from compare.run.terminal import Failed, JSONOption, UsageError, err, out, print_json

if TYPE_CHECKING:
    from compare.prove.mutants.mutations import Mutant

# A run of the suite ends its servers, one after another.
GRACE = 20.0
WANTED = 95.0
"""The percentage of the visible mutants that the suite or the app's own tests must kill."""


def mutants(
    app: AppArgument,
    sample: Annotated[
        int, typer.Option(min=1, metavar="N", help="Try this number of random changes.")
    ] = 150,
    seed: Annotated[
        int, typer.Option(metavar="S", help="Choose the same changes again for the same source.")
    ] = 1,
    jobs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Try this number of changes at a time.")
    ] = 2,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="ID", help="Try only this change. Repeat the option for several."
        ),
    ] = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="ID", help="Show this change, and try none.")
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Change one thing at a time in an app, and report the changes that no test detects."""
    if find_spec("mutmut") is None:
        restart_in_tox("mutants")
    # Imported here, because the .venv of ./triptych lacks the packages that change code.
    from compare.prove.mutants.mutations import all_mutants, draw

    found = all_mutants(app)
    if show is not None:
        show_change(chosen(found, [show])[0])
        return
    drawn = chosen(found, only) if only else draw(found, sample, seed)
    verdicts = run_to_end(try_all(app, drawn, jobs, known_good=bool(only)))
    if as_json:
        print_json([data_of(mutant, verdict) for mutant, verdict in verdicts.items()])
    else:
        report(app, verdicts)
    if killed_percent(app, verdicts) < WANTED:
        raise typer.Exit(1)


def restart_in_tox(environment: str) -> None:
    """Continue in the tox environment that also has the suite's packages; create it if missing."""
    if run_tox("run", "-qq", "-e", environment, "--notest"):
        raise Failed(f"the tox environment cannot be created: see tox -e {environment} --notest")
    python = str(ROOT / ".tox" / environment / "bin" / "python")
    os.execv(python, [python, "-m", "compare", *sys.argv[1:]])


def chosen(found: Sequence[Mutant], ids: Sequence[str]) -> list[Mutant]:
    with err.status(f"Looking among {len(found)} changes …"):
        by_id = {mutant.id: mutant for mutant in found if mutant.id in ids}
    for each in ids:
        if each not in by_id:
            raise UsageError(f"there is no mutant {each!r} of this app: its code may have changed")
    return [by_id[each] for each in ids]


async def try_all(
    app: App, drawn: Sequence[Mutant], jobs: int, *, known_good: bool
) -> dict[Mutant, Verdict]:
    """The verdict of the tests on each mutant."""
    async with Processes(grace=GRACE) as processes:
        return await try_with(processes, app, drawn, jobs, known_good=known_good)


async def try_with(
    processes: Processes, app: App, drawn: Sequence[Mutant], jobs: int, *, known_good: bool
) -> dict[Mutant, Verdict]:
    verdicts: dict[Mutant, Verdict] = {}
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with (
        tempfile.TemporaryDirectory(prefix="triptych-mutants-") as folder,
        Progress(*columns, TimeElapsedColumn(), console=err) as progress,
    ):
        task = progress.add_task("the suite, unchanged", total=len(drawn))
        first = Tree(app, processes, Path(folder, "0"))
        limit = LONG if known_good else await first.run_unchanged()
        trees = [first]
        trees += (
            Tree(app, processes, Path(folder, str(n)), Path(folder, "0")) for n in range(1, jobs)
        )
        rest = iter(drawn)

        async def work(tree: Tree) -> None:
            for mutant in rest:
                start = time.monotonic()
                verdict = await tree.try_change(mutant.path, mutant.code, limit)
                verdicts[mutant] = verdict
                progress.console.print(line_of(mutant, verdict, time.monotonic() - start))
                survived = sum(v.outcome == "survived" for v in verdicts.values())
                progress.update(task, advance=1, description=f"{survived} survived")

        async with asyncio.TaskGroup() as group:
            for tree in trees:
                group.create_task(work(tree))
    return verdicts


def line_of(mutant: Mutant, verdict: Verdict, seconds: float) -> Table:
    color = "red" if verdict.outcome == "survived" else "green"
    line = Table.grid(padding=(0, 1))
    where = f"{mutant.path.removeprefix('conduit/')} {mutant.function}"
    line.add_row(
        mutant.id,
        f"[{color}]{verdict.outcome}[/]",
        f"{seconds:.0f} s",
        f"{mutant.kind}: {escape(where)}",
        f"[dim]{escape(verdict.test)}[/]",
    )
    return line


def show_change(mutant: Mutant) -> None:
    out.print(f"[bold]{mutant.id}[/] {mutant.kind}: {mutant.path} {mutant.function}")
    out.print(Syntax(mutant.diff, "diff", theme="ansi_dark", background_color="default"))


def data_of(mutant: Mutant, verdict: Verdict) -> dict[str, str]:
    names = ("id", "path", "function", "kind")
    return {name: getattr(mutant, name) for name in names} | asdict(verdict)


def killed_percent(app: App, verdicts: dict[Mutant, Verdict]) -> float:
    """The percentage of the visible changes that the suite or the app's own tests detect."""
    unseen = read_unseen(app)
    killed = sum(verdict.outcome != "survived" for verdict in verdicts.values())
    visible = sum(v.outcome != "survived" or m.id not in unseen for m, v in verdicts.items())
    return 100 * killed / visible if visible else 100.0


def report(app: App, verdicts: dict[Mutant, Verdict]) -> None:
    """Show the survivors that the page does not explain, and the figures."""
    unseen = read_unseen(app)
    survivors = [mutant for mutant, verdict in verdicts.items() if verdict.outcome == "survived"]
    for mutant in survivors:
        if mutant.id not in unseen:
            show_change(mutant)
    outcomes = get_args(Outcome)
    table = Table("kind", "tried", *outcomes, "unseen")
    rows = [*sorted({mutant.kind for mutant in verdicts}), "all"]
    for kind in rows:
        some = [mutant for mutant in verdicts if kind in {mutant.kind, "all"}]
        counts = Counter(verdicts[mutant].outcome for mutant in some)
        hidden = sum(mutant in survivors and mutant.id in unseen for mutant in some)
        numbers = (len(some), *(counts[outcome] for outcome in outcomes), hidden)
        table.add_row(kind, *map(str, numbers), end_section=kind == rows[-2])
    out.print(table)
    hidden = sum(mutant.id in unseen for mutant in survivors)
    out.print(
        f"{app.title}: {killed_percent(app, verdicts):.1f} % killed of the"
        f" {len(verdicts) - hidden} that can be seen;"
        f" {hidden} cannot, as {PAGE.relative_to(ROOT)} explains."
    )
    for mutant in wrongly_unseen(verdicts, unseen):
        out.print(f"[bold red]✗[/] a test detects {mutant.id}: remove it from {PAGE.name}")


def wrongly_unseen(verdicts: dict[Mutant, Verdict], unseen: set[str]) -> Iterator[Mutant]:
    """The mutants that the page calls unseen, but that a test of the suite killed."""
    for mutant, verdict in verdicts.items():
        if mutant.id in unseen and verdict.outcome not in ("survived", "killed by own tests"):
            yield mutant
