"""Watching the stories: how far they are, what they covered, and how a difference is shown."""

import time
from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
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

from compare.prove.parity.coverage import Coverage
from compare.prove.parity.crowd import let_crowd_write
from compare.prove.parity.masks import PlayedAnswer
from compare.prove.parity.play import Difference, Player
from compare.prove.parity.report import show
from compare.prove.parity.shrink import shrink
from compare.prove.parity.sites import LOGS
from compare.prove.parity.stories import Request, Step, Story, write_story
from compare.run.apps import App
from compare.run.contract import Operation
from compare.run.terminal import out

SHRINKING = 60.0
"""Seconds after which a story is short enough."""

WHERE_LOGS = f"What the apps logged is in {LOGS}/<app>.log."


class Speed(ProgressColumn):
    """Steps a second, over all of the time."""

    def render(self, task: Task) -> Text:
        speed = task.completed / task.elapsed if task.elapsed else 0
        return Text(f"{speed:.0f} steps/s")


class Watch:
    """Plays stories until the answers differ."""

    def __init__(self, operations: Sequence[Operation], steps: int, name: str) -> None:
        self._operations = operations
        self._steps = steps
        self._name = name
        self._coverage = Coverage(operations)

    def all_equal(self, player: Player, stories: Iterable[Story]) -> bool:
        """Play the stories, and show what was seen of the apps: equal answers, or not."""
        difference = self._play(player, stories)
        if difference:
            self._explain(player, difference)
            return False
        out.print(self._coverage.table() if self._operations else "All answers are equal.")
        return True

    def all_kept(
        self, player: Player, ports: Mapping[App, int], url: str, seeds: Sequence[str]
    ) -> bool:
        """Let a crowd write at once, for each of the seeds, and show what got lost, if anything."""
        for seed in seeds:
            player.empty()
            with out.status("Many write at once …"):
                wrong = let_crowd_write(ports, url, seed)
            if wrong:
                out.print("[bold red]Many wrote at once, and not all is right:[/]\n")
                for line in wrong:
                    out.print(f"  {escape(line)}", soft_wrap=True)
                out.print(f"\n{WHERE_LOGS}", soft_wrap=True)
                return False
        if seeds:
            out.print(f"{len(seeds)} × many wrote at once: nothing was lost.")
        return True

    def _play(self, player: Player, stories: Iterable[Story]) -> Difference | None:
        columns = (BarColumn(), MofNCompleteColumn(), Speed(), TimeElapsedColumn())
        with Progress(TextColumn("{task.description}"), *columns, console=out) as progress:
            task = progress.add_task("steps", total=self._steps)

            def hear(step: Step, request: Request, answers: Sequence[PlayedAnswer]) -> None:
                self._coverage.count(request, answers[0].response.status_code)
                progress.advance(task)

            for story in stories:
                if difference := player.play(story, hear):
                    return difference
        return None

    def _explain(self, player: Player, difference: Difference) -> None:
        found = difference
        with out.status("The answers differ: asking again …") as status:
            again = player.play(found.story)
            if again is None:
                out.print("[bold red]The answers differed, but did not when asked again.[/]")
            else:
                found = shorten(player, again, status)
        path = LOGS / f"{self._name}.json"
        write_story(found.story, path)
        out.print("[bold red]The answers differ[/], at the end of this story:\n")
        show(found)
        out.print(f"Play it again: [bold]./triptych parity --replay {path}[/]", soft_wrap=True)
        out.print(WHERE_LOGS, soft_wrap=True)


def shorten(player: Player, difference: Difference, status: Status) -> Difference:
    """The same difference at the end of the shortest story that can be found in time."""
    deadline = time.monotonic() + SHRINKING
    best = difference
    tried = 0

    def shows(story: Story) -> bool:
        nonlocal best, tried
        if time.monotonic() > deadline:
            return False
        tried += 1
        status.update(
            "The answers differ: making the story shorter,"
            f" {len(best.story.steps)} steps left after {tried} tries …"
        )
        found = player.play(story)
        if found is None or found.sides != difference.sides:
            return False
        best = found
        return True

    return player.play(shrink(difference.story, shows)) or best
