"""Stories: requests one after the other, written down so that they can be told again.

What only an app can know stands in a story as a reference: `⟦3.user.token⟧` is the token in the
answer to step 3, and `⟦a*70000⟧` is a text that would be too long to write down.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

from compare.run.apps import BY_NAME
from compare.run.terminal import UsageError

LONGEST = 100
"""Steps that a story has at most."""
MARK = re.compile("⟦([^⟦⟧]*)⟧")
REFERENCE = re.compile(r"(\d+)((?:\.\w+)+)")
REPETITION = re.compile(r"(.+)\*(\d+)", re.DOTALL)
# HTTP lets a client name the host in the target, as it does for a proxy.
ABSOLUTE = re.compile("http://[^/]*")
# What a reference says when its step is gone or was answered otherwise: a story stays a story
# whatever is taken out of it.
NOTHING = "nothing"

Answers = Mapping[str, Any]
"""The JSON bodies of an app's answers, by the names of their steps."""
Setting = Literal["apart", "one database"]


@dataclass(frozen=True)
class Step:
    """One request."""

    name: str
    """By which later steps refer to its answer: a number."""
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    """Bytes that are not UTF-8 are lone surrogates here, as in Python's file names."""
    chunked: bool = False
    app: str | None = None
    """The only app that is asked; all of them, if none is named."""


@dataclass(frozen=True)
class Story:
    steps: tuple[Step, ...]
    setting: Setting = "apart"
    """Whether each app has a database of its own, or all of them have one."""


@dataclass(frozen=True)
class Request:
    """A step as it is sent to one app."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes | None
    chunked: bool

    @property
    def path(self) -> str:
        """What the apps route by: without host and query, and decoded."""
        return unquote(ABSOLUTE.sub("", self.target).partition("?")[0])

    def header(self, name: str) -> str | None:
        """The value of the header, whose name is given in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def mark(text: str) -> str:
    """A reference or a repetition, as it stands in a story."""
    return f"⟦{text}⟧"


def fill(text: str, answers: Answers) -> str:
    """The text with its marks replaced."""
    return MARK.sub(lambda found: unmark(found[1], answers), text) if "⟦" in text else text


def unmark(content: str, answers: Answers) -> str:
    if repetition := REPETITION.fullmatch(content):
        return repetition[1] * int(repetition[2])
    if reference := REFERENCE.fullmatch(content):
        value = answers.get(reference[1])
        for key in reference[2].split(".")[1:]:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str | int):
            return str(value)
    return NOTHING


def make_request(step: Step, answers: Answers) -> Request:
    """The step for an app that has given these answers so far."""
    return Request(
        method=step.method,
        target=fill(step.target, answers),
        headers=[(name, fill(value, answers)) for name, value in step.headers],
        body=None
        if step.body is None
        else fill(step.body, answers).encode(errors="surrogateescape"),
        chunked=step.chunked,
    )


def references(step: Step) -> set[str]:
    """The names of the steps that this one refers to."""
    texts = [step.target, step.body or "", *(value for _, value in step.headers)]
    marks = [content for text in texts for content in MARK.findall(text)]
    return {found[1] for content in marks if (found := REFERENCE.fullmatch(content))}


def renumber(story: Story) -> Story:
    """The same story with its steps named 1, 2, 3, …"""
    names = {step.name: str(number) for number, step in enumerate(story.steps, 1)}

    def rename(text: str) -> str:
        def replace(found: re.Match[str]) -> str:
            reference = REFERENCE.fullmatch(found[1])
            if not reference:
                return found[0]
            # Names of steps that are gone must not come to mean another step.
            return mark(names.get(reference[1], "0") + reference[2])

        return MARK.sub(replace, text)

    steps = tuple(
        Step(
            name=names[step.name],
            method=step.method,
            target=rename(step.target),
            headers=tuple((name, rename(value)) for name, value in step.headers),
            body=None if step.body is None else rename(step.body),
            chunked=step.chunked,
            app=step.app,
        )
        for step in story.steps
    )
    return Story(steps, story.setting)


def take_steps(stories: Iterator[Story], steps: int) -> Iterator[Story]:
    """As many stories as have so many steps, the last one cut short."""
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
    # Lone surrogates are no UTF-8; escaped they are.
    text = json.dumps({"setting": story.setting, "steps": steps}, indent=2)
    path.write_text(f"{text}\n", "utf-8")


def read_story(path: Path) -> Story:
    """The story in a file; raises `UsageError` where there is none."""
    try:
        data = json.loads(path.read_text("utf-8"))
        steps = tuple(read_step(step) for step in data["steps"])
        if data["setting"] not in get_args(Setting) or not steps:
            raise ValueError
        return Story(steps, data["setting"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} is no story: give a file that ./triptych parity wrote") from None


def read_step(data: Mapping[str, Any]) -> Step:
    headers = tuple((str(name), str(value)) for name, value in data.get("headers", ()))
    step = Step(**{**data, "headers": headers})
    if step.app is not None and step.app not in BY_NAME:
        raise ValueError(f"no app {step.app}")
    return step
