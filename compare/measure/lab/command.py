"""`lab`: what sync and async mean, run on the three apps and drawn."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from compare.measure.lab.cells import EXPERIMENTS, Cell, Experiment
from compare.measure.lab.drawing import show_head, show_row
from compare.measure.lab.measure import LabBench, running
from compare.measure.lab.reasons import why
from compare.measure.lab.svg import picture
from compare.run.apps import App, AppsOption, choose_apps
from compare.run.processes import run_to_end
from compare.run.terminal import JSONOption, UsageError, err, output_path, print_json

# The contract's own limits for the waits of one request.
MOST = 50
LONGEST = 5_000
MAX_TOTAL_WAIT = 20_000
NAMES = [experiment.name for experiment in EXPERIMENTS]


def experiment_named(name: str) -> Experiment:
    for experiment in EXPERIMENTS:
        if experiment.name == name:
            return experiment
    raise UsageError(f"there is no experiment {name!r}: give some of {', '.join(NAMES)}")


# Typer shows the name of a parser as the possible values.
experiment_named.__name__ = "|".join(NAMES)


def lab(
    experiments: Annotated[
        list[Experiment] | None,
        typer.Argument(
            metavar="[EXPERIMENT]...",
            show_default="all",
            parser=experiment_named,
            autocompletion=lambda incomplete: [n for n in NAMES if n.startswith(incomplete)],
            help="blocking, async and stalled send many requests at once; sequential, threads and"
            " tasks send one request that waits many times.",
        ),
    ] = None,
    requests: Annotated[
        int, typer.Option(min=1, max=MOST, metavar="N", help="Send this number of requests.")
    ] = MOST,
    ms: Annotated[
        int,
        typer.Option(
            "--ms", min=1, max=LONGEST, metavar="M", help="Let each request wait M milliseconds."
        ),
    ] = 200,
    app: AppsOption = None,
    as_json: JSONOption = False,
    svg: Annotated[
        Path | None,
        typer.Option(parser=output_path, metavar="FILE", help="Write a picture into FILE."),
    ] = None,
) -> None:
    """Draw how each app waits: on which threads and event loops, and for how many requests."""
    if requests * ms > MAX_TOTAL_WAIT:
        raise UsageError(
            f"{requests} waits of {ms} ms are too much for one request:"
            f" let the product be at most {MAX_TOTAL_WAIT}"
        )
    plan = LabOptions(
        apps=choose_apps(app),
        experiments=list(dict.fromkeys(experiments or EXPERIMENTS)),
        n=requests,
        ms=ms,
    )
    cells = run_to_end(carry_out(plan, draw=not as_json))
    if as_json:
        print_json(data(plan, cells))
    if svg:
        svg.write_text(picture(cells), "utf-8")
        err.print(f"The picture is in {svg}.", soft_wrap=True, markup=False)


@dataclass(frozen=True)
class LabOptions:
    apps: Sequence[App]
    experiments: Sequence[Experiment]
    n: int
    ms: int


async def carry_out(plan: LabOptions, *, draw: bool) -> list[Cell]:
    """Run the plan's experiments, and draw each one when it has ended."""
    cells: list[Cell] = []
    async with running(plan.apps) as benches, aclosing(rows(plan, benches)) as done:
        if draw:
            show_head(plan.n, plan.ms)
        async for row in done:
            cells += row
            if draw:
                show_row(row)
    return cells


async def rows(plan: LabOptions, benches: Sequence[LabBench]) -> AsyncGenerator[list[Cell]]:
    """The cells of one experiment after another."""
    for experiment in plan.experiments:
        runs = [bench.run(experiment, n=plan.n, ms=plan.ms) for bench in benches]
        with err.status(f"{experiment.name}: {experiment.title}"):
            if experiment.is_burst:
                # One app after another: they would compete for the processors.
                yield [await run for run in runs]
            else:
                yield await asyncio.gather(*runs)


def data(plan: LabOptions, cells: Sequence[Cell]) -> dict[str, object]:
    return {
        "requests": plan.n,
        "ms": plan.ms,
        "cells": [cell_data(cell) for cell in cells],
    }


def cell_data(cell: Cell) -> dict[str, object]:
    reason = why(cell)
    return {
        "app": cell.app.name,
        "server": cell.server,
        "experiment": cell.experiment.name,
        "path": cell.experiment.path(n=cell.n, ms=cell.ms),
        "totalMs": cell.total,
        "peak": cell.peak,
        "threads": len(cell.threads),
        "eventLoops": len(cell.loops),
        "why": reason.text,
        "asExpected": reason.fits,
        "tracks": [asdict(track) for track in cell.tracks],
        "answers": list(cell.answers),
    }
