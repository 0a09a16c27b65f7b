"""`parity`: the command."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Annotated

import typer

from compare.prove.parity.sites import running_site
from compare.prove.parity.stories import Setting, Story, read_story, take_steps
from compare.prove.parity.telling import tell_stories
from compare.prove.parity.watch import Watch
from compare.run.apps import APPS
from compare.run.contract import Operation, read_operations
from compare.run.databases import Kind, KindOption
from compare.run.processes import cancel_on_signals
from compare.run.state import make_home
from compare.run.terminal import UsageError, caller_path, out

KNOWN = Path(__file__).parent.parent / "stories"
"""Stories in which the apps once differed: they are told first."""


@dataclass(frozen=True)
class ParityOptions:
    """Stories for one setting."""

    setting: Setting
    stories: Iterator[Story]
    steps: int
    name: str
    """What a difference is saved under."""
    crowds: Sequence[str] = ()
    """The seeds of as many crowds, who write at once after the stories."""


def parity(
    steps: Annotated[
        int, typer.Option(min=1, metavar="N", help="Send this number of requests to each app.")
    ] = 1000,
    number: Annotated[
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
    database: KindOption = Kind.SQLITE,
    one_database: Annotated[
        bool, typer.Option("--one-database", help="Use one database for all apps, on PostgreSQL.")
    ] = False,
) -> None:
    """Send random sequences of requests to the three apps, and search for a difference."""
    postgres = database is Kind.POSTGRES
    make_home("parity")
    operations = read_operations()
    if replay is not None:
        if one_database or number is not None:
            raise UsageError("a story says all itself: leave out --seed and --one-database")
        operations = []
        plans = plan_replay(replay)
    else:
        number = random.randrange(1_000_000) if number is None else number
        out.print(f"The stories of seed [bold]{number}[/].")
        plans = [plan_telling(number, steps, operations, one_database=one_database)]
    try:
        good = all(asyncio.run(run(plan, operations, postgres=postgres)) for plan in plans)
    except asyncio.CancelledError:
        out.print("Stopped: nothing is left running.")
        raise typer.Exit(130) from None
    if not good:
        raise typer.Exit(1)


def plan_telling(
    number: int, steps: int, operations: Sequence[Operation], *, one_database: bool
) -> ParityOptions:
    setting: Setting = "one database" if one_database else "apart"
    known = [story for story in map(read_story, story_files(KNOWN)) if story.setting == setting]
    stories = chain(known, take_steps(tell_stories(number, operations, setting), steps))
    steps += sum(len(story.steps) for story in known)
    crowds = [f"{number}.{part}" for part in range(1 + steps // 1000)] if one_database else []
    return ParityOptions(setting, stories, steps, f"{setting.replace(' ', '-')}-{number}", crowds)


def plan_replay(path: Path) -> list[ParityOptions]:
    stories = sorted(map(read_story, story_files(path)), key=lambda story: story.setting)
    plans = []
    for setting, group in groupby(stories, key=lambda story: story.setting):
        some = list(group)
        steps = sum(len(story.steps) for story in some)
        plans.append(ParityOptions(setting, iter(some), steps, f"{path.stem}-again"))
    return plans


def story_files(path: Path) -> list[Path]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"there is no story in {path}: give a file that ./triptych parity wrote")
    return files


async def run(plan: ParityOptions, operations: Sequence[Operation], *, postgres: bool) -> bool:
    """Whether all answers were equal."""
    cancel_on_signals()
    async with running_site(plan.setting, postgres=postgres) as site:
        watch = Watch(operations, plan.steps, plan.name)
        return await site.play(
            lambda player: (
                watch.all_equal(player, plan.stories)
                and watch.all_kept(player, site.ports, site.urls[APPS[0]], plan.crowds)
            )
        )
