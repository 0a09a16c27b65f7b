"""`parity`: the command."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.markup import escape

from compare.prove.parity.apps import LOGS, AppsUnderTest, running_apps
from compare.prove.parity.crowd import run_crowd
from compare.prove.parity.engine.coverage import Coverage
from compare.prove.parity.engine.player import Player
from compare.prove.parity.engine.search import explain, search
from compare.prove.parity.engine.stories import Setting, Story, read_story, take_steps
from compare.prove.parity.model import make_stories
from compare.run.apps import BY_NAME
from compare.run.contract import read_operations
from compare.run.databases import Kind
from compare.run.processes import run_to_end
from compare.run.state import make_home, only_one
from compare.run.terminal import UsageError, caller_path, out

KNOWN = Path(__file__).parent.parent / "stories"
"""Stories for which the apps once differed: they are played first."""
PAGES = re.compile(r"/|/api/(docs(/assets/[^/]+)?|redoc|openapi\.json)/?")
STEPS = 1000
SECRET = ".user.token"
WHERE_LOGS = f"What the apps logged is in {LOGS}/<app>.log."


@dataclass(frozen=True)
class ParityRun:
    setting: Setting
    stories: Iterator[Story]
    steps: int
    name: str
    """The name of the file for a difference."""
    seed: int | None = None
    """The seed of generated stories; None for saved ones."""


def parity(
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=str(STEPS),
            help="Send this number of requests to each app.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="S", help="Repeat the stories of an earlier run."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            parser=caller_path,
            metavar="FILE",
            help="Repeat a saved story, or all stories of a folder.",
        ),
    ] = None,
    database: Annotated[
        Kind | None,
        typer.Option(
            show_default="sqlite",
            help="Use SQLite files, or the PostgreSQL that is installed as a package.",
        ),
    ] = None,
    one_database: Annotated[
        bool, typer.Option("--one-database", help="Use one database for all apps, on PostgreSQL.")
    ] = False,
) -> None:
    """Send random sequences of requests to the three apps, and search for a difference."""
    make_home("parity")
    if one_database and database is Kind.SQLITE:
        raise UsageError("--one-database is for PostgreSQL: leave out --database sqlite")
    if replay is None:
        seed = random.randrange(1_000_000) if seed is None else seed
        runs = [random_run(seed, steps or STEPS, "one database" if one_database else "apart")]
    elif one_database or (seed, steps) != (None, None):
        raise UsageError(
            "a saved story contains its settings: leave out --steps, --seed and --one-database"
        )
    else:
        runs = replay_runs(replay)
    postgres = database is Kind.POSTGRES
    with only_one("parity"):
        good = all(run_to_end(execute(each, postgres=postgres)) for each in runs)
    if not good:
        raise typer.Exit(1)


def random_run(seed: int, steps: int, setting: Setting) -> ParityRun:
    known = [story for story in read_stories(KNOWN) if story.setting == setting]
    generated = take_steps(make_stories(seed, read_operations(), setting), steps)
    steps += sum(len(story.steps) for story in known)
    name = f"{setting.replace(' ', '-')}-{seed}"
    return ParityRun(setting, chain(known, generated), steps, name, seed)


def replay_runs(path: Path) -> list[ParityRun]:
    """One run for each setting that the stories have."""
    runs = []
    for setting in get_args(Setting):
        stories = [story for story in read_stories(path) if story.setting == setting]
        if stories:
            steps = sum(len(story.steps) for story in stories)
            runs.append(ParityRun(setting, iter(stories), steps, f"{path.stem}-again"))
    return runs


def read_stories(path: Path) -> list[Story]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"there is no story in {path}: give a file that ./triptych parity wrote")
    return [read_story(file, BY_NAME) for file in files]


async def execute(run: ParityRun, *, postgres: bool) -> bool:
    """Whether all answers were equal, and nothing was lost."""
    if run.seed is not None:
        out.print(f"The stories of seed [bold]{run.seed}[/].")
    async with running_apps(run.setting, postgres=postgres) as apps:
        return await apps.play(lambda player: play(player, apps, run))


def play(player: Player, apps: AppsUnderTest, run: ParityRun) -> bool:
    coverage = Coverage(read_operations(), PAGES)
    difference = search(player, run.stories, run.steps, coverage)
    if difference:
        explain(player, difference, LOGS / f"{run.name}.json", SECRET)
        out.print(WHERE_LOGS, soft_wrap=True)
        return False
    out.print("All answers are equal." if run.seed is None else coverage.table())
    if run.seed is None or run.setting == "apart":
        return True
    crowds = 1 + run.steps // 1000
    for number in range(crowds):
        player.empty()
        with out.status("Testing concurrent writes …"):
            errors = run_crowd(apps, f"{run.seed}.{number}")
        if errors:
            out.print("[bold red]Concurrent writes gave wrong results:[/]\n")
            for line in errors:
                out.print(f"  {escape(line)}", soft_wrap=True)
            out.print(f"\n{WHERE_LOGS}", soft_wrap=True)
            return False
    out.print(f"{crowds} × concurrent writes: nothing was lost.")
    return True
