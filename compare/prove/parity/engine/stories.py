"""Stories: sequences of requests, in a form that can be saved and repeated.

A value that only a service knows stands in a story as a reference: `⟦3.order.id⟧` is the id in the
response to step 3. `⟦a*70000⟧` is a text that would be too long to write down.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

from compare.run.terminal import UsageError

MARK = re.compile("⟦([^⟦⟧]*)⟧")
REFERENCE = re.compile(r"(\d+)((?:\.\w+)+)")
REPETITION = re.compile(r"(.+)\*(\d+)", re.DOTALL)
# A client may name the host in the target, as in a request to a proxy.
HOST = re.compile("^http://[^/?]*")
# Replaces a reference to a step that is gone, or whose response has no such value: a story stays
# valid when steps are removed.
NOTHING = "nothing"

Header = tuple[str, str]
Bodies = Mapping[str, Any]
"""The JSON bodies of the responses of one service, by the names of their steps."""
Setting = Literal["apart", "one database"]
"""Whether each service has a database of its own, or all of them share one."""


@dataclass(frozen=True)
class Step:
    """One request."""

    name: str
    """A number, by which later steps refer to the response."""
    method: str
    target: str
    headers: tuple[Header, ...] = ()
    body: str | None = None
    """Bytes that are not UTF-8 are lone surrogates here, as in Python's file names."""
    chunked: bool = False
    app: str | None = None
    """The only service that gets the request; without a name, all of them get it."""

    @property
    def path(self) -> str:
        """The path for routing: without host and query, and decoded."""
        return unquote(HOST.sub("", self.target).partition("?")[0])

    def header(self, name: str) -> str | None:
        """The value of the header, whose name is given in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True)
class Story:
    steps: tuple[Step, ...]
    setting: Setting = "apart"


def mark(text: str) -> str:
    """A reference or a repetition, as it stands in a story."""
    return f"⟦{text}⟧"


def fill(text: str, bodies: Bodies) -> str:
    """The text with its marks replaced."""
    return MARK.sub(lambda found: resolve_mark(found[1], bodies), text) if "⟦" in text else text


def resolve_mark(content: str, bodies: Bodies) -> str:
    if repetition := REPETITION.fullmatch(content):
        return repetition[1] * int(repetition[2])
    if reference := REFERENCE.fullmatch(content):
        value = bodies.get(reference[1])
        for key in reference[2].split(".")[1:]:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str | int):
            return str(value)
    return NOTHING


def map_texts(step: Step, change: Callable[[str], str]) -> Step:
    """The step with other texts in the places where marks can stand."""
    return replace(
        step,
        target=change(step.target),
        headers=tuple((name, change(value)) for name, value in step.headers),
        body=None if step.body is None else change(step.body),
    )


def fill_step(step: Step, bodies: Bodies) -> Step:
    """The step as it is sent to a service that has given these responses so far."""
    return map_texts(step, lambda text: fill(text, bodies))


def find_references(*texts: str) -> set[tuple[str, str]]:
    """The references in the texts: the name of the step, and the path in its response."""
    contents = [content for text in texts for content in MARK.findall(text)]
    return {(found[1], found[2]) for each in contents if (found := REFERENCE.fullmatch(each))}


def references(step: Step) -> set[str]:
    """The names of the steps that this one refers to."""
    values = (value for _, value in step.headers)
    return {name for name, _ in find_references(step.target, step.body or "", *values)}


def renumber(story: Story) -> Story:
    """The same story with its steps named 1, 2, 3, …"""
    names = {step.name: str(number) for number, step in enumerate(story.steps, 1)}

    def rename_mark(found: re.Match[str]) -> str:
        reference = REFERENCE.fullmatch(found[1])
        # The name of a step that is gone must not become the name of another one.
        return mark(names.get(reference[1], "0") + reference[2]) if reference else found[0]

    steps = [
        replace(map_texts(step, lambda text: MARK.sub(rename_mark, text)), name=names[step.name])
        for step in story.steps
    ]
    return replace(story, steps=tuple(steps))


def take_steps(stories: Iterator[Story], steps: int) -> Iterator[Story]:
    """The first stories, up to this number of steps; the last one is cut."""
    for story in stories:
        yield replace(story, steps=story.steps[:steps])
        steps -= len(story.steps)
        if steps <= 0:
            return


def write_story(story: Story, path: Path) -> None:
    defaults = asdict(Step("", "", ""))
    steps = [
        {key: value for key, value in asdict(step).items() if value != defaults[key]}
        for step in story.steps
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    # Lone surrogates cannot be written in UTF-8; their escapes can.
    text = json.dumps({"setting": story.setting, "steps": steps}, indent=2)
    path.write_text(f"{text}\n", "utf-8")


def read_story(path: Path, services: Collection[str]) -> Story:
    """The story in a file; raises `UsageError` if there is none for the services."""
    try:
        data = json.loads(path.read_text("utf-8"))
        steps = tuple(map(read_step, data["steps"]))
        if data["setting"] not in get_args(Setting) or not steps:
            raise ValueError
        if {step.app for step in steps} - {None, *services}:
            raise ValueError
        return Story(steps, data["setting"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{path} is not a valid story: give a file that ./triptych parity wrote"
        ) from None


def read_step(data: Mapping[str, Any]) -> Step:
    headers = tuple((str(name), str(value)) for name, value in data.get("headers", ()))
    return Step(**{**data, "headers": headers})
