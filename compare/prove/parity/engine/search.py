"""The search for a difference: its progress, and what it found."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.status import Status
from rich.text import Text

from compare.prove.parity.engine.coverage import Coverage
from compare.prove.parity.engine.player import Difference, PlayedAnswer, Player
from compare.prove.parity.engine.report import show
from compare.prove.parity.engine.shrink import shrink
from compare.prove.parity.engine.stories import Step, Story, write_story
from compare.run.terminal import err, out

SHRINK_TIMEOUT = 60.0
"""Seconds after which a story is not shortened any further."""


class StepsPerSecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.completed / task.elapsed if task.elapsed else 0
        return Text(f"{speed:.0f} steps/s")


def search(
    player: Player, stories: Iterable[Story], steps: int, coverage: Coverage
) -> Difference | None:
    """Play the stories, which have this number of steps, and show the progress."""
    columns = (BarColumn(), MofNCompleteColumn(), StepsPerSecond(), TimeElapsedColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=err) as progress:
        task = progress.add_task("steps", total=steps)

        def on_step(request: Step, answers: Sequence[PlayedAnswer]) -> None:
            coverage.count(request, answers[0].response.status_code)
            progress.advance(task)

        for story in stories:
            if difference := player.play(story, on_step):
                return difference
    return None


def explain(player: Player, difference: Difference, path: Path, secret: str) -> None:
    """Make the story of the difference shorter, save it to the path, and print it."""
    found = difference
    with out.status("The answers differ: playing the story again …") as status:
        again = player.play(found.story)
        if again is None:
            out.print("[bold red]The answers differed, but not when the story was played again.[/]")
        else:
            found = shorten(player, again, status)
    write_story(found.story, path)
    out.print("[bold red]The answers differ[/], at the end of this story:\n")
    show(found, secret)
    out.print(f"Play it again: [bold]./triptych parity --replay {path}[/]", soft_wrap=True)


def shorten(player: Player, difference: Difference, status: Status) -> Difference:
    """The same difference at the end of the shortest story that is found in time."""
    deadline = time.monotonic() + SHRINK_TIMEOUT
    best = difference
    tries = 0

    def check(story: Story) -> bool:
        nonlocal best, tries
        if time.monotonic() > deadline:
            return False
        tries += 1
        status.update(
            "The answers differ: making the story shorter,"
            f" {len(best.story.steps)} steps left after {tries} tries …"
        )
        found = player.play(story)
        if found is None or found.sides != difference.sides:
            return False
        best = found
        return True

    return player.play(shrink(difference.story, check)) or best
