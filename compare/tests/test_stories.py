"""Stories before they are played: how they are generated, saved and made shorter."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from compare.prove.parity.engine.generator import MAX_STEPS
from compare.prove.parity.engine.shrink import shrink
from compare.prove.parity.engine.stories import (
    NOTHING,
    Setting,
    Step,
    Story,
    fill,
    fill_step,
    read_story,
    references,
    renumber,
    take_steps,
    write_story,
)
from compare.prove.parity.model import make_stories, make_story
from compare.run.contract import read_operations

SIGN_UP = Step("1", "POST", "/api/users", (("Content-Type", "application/json"),), '{"user": {}}')
NOISE = [Step(str(number), "GET", f"/api/tags?x={number}") for number in range(2, 40)]
WRITE = Step(
    "40",
    "POST",
    "/api/articles?x=1&y=2",
    (("Authorization", "Token ⟦1.user.token⟧"), ("Accept", "text/html")),
    '{"article": {"title": "A title", "body": "needle in a haystack", "tagList": ["a", "b"]}}',
)


def test_references() -> None:
    """A reference is filled with what the app answered to the step of that name."""
    answers = {"1": {"user": {"token": "abc"}}, "2": {"comment": {"id": 7}}}
    assert fill("Token ⟦1.user.token⟧", answers) == "Token abc"
    assert fill("/⟦2.comment.id⟧/⟦2.comment.id⟧", answers) == "/7/7"


@pytest.mark.parametrize("mark", ["⟦9.user.token⟧", "⟦1.user.name⟧", "⟦1.user⟧", "⟦?⟧"])
def test_references_to_nothing(mark: str) -> None:
    """A reference to something that was not answered is filled with a fixed word."""
    assert fill(mark, {"1": {"user": {"token": "abc"}}}) == NOTHING


def test_repetitions() -> None:
    """A repeated text is written as the text and a number."""
    assert fill("x⟦한*3⟧y", {}) == "x한한한y"


def test_file(tmp_path: Path) -> None:
    """A story is read as it was written."""
    odd = Step("41", "PUT", "/", (("X", "\xe9"),), "\udcff\0🐉", chunked=True, app="flask")
    story = Story((SIGN_UP, WRITE, odd), "one database")
    write_story(story, tmp_path / "stories" / "x.json")
    assert read_story(tmp_path / "stories" / "x.json", {"flask"}) == story


def test_numbers() -> None:
    """Steps and references get new numbers; a reference to a missing step finds nothing."""
    lost = replace(WRITE, name="50", target="/api/articles/⟦3.article.slug⟧")
    story = renumber(Story((replace(SIGN_UP, name="7"), lost)))
    assert [step.name for step in story.steps] == ["1", "2"]
    assert references(renumber(Story((SIGN_UP, WRITE))).steps[1]) == {"1"}
    assert fill(story.steps[1].target, {"1": {"article": {"slug": "x"}}}).endswith(NOTHING)


def test_last_story_is_cut() -> None:
    """The number of steps is exact: the last story is cut."""
    stories = [Story(tuple(NOISE[:10]))] * 5
    assert [len(story.steps) for story in take_steps(iter(stories), 25)] == [10, 10, 5]


@pytest.mark.parametrize("setting", ["apart", "one database"])
def test_same_seed(setting: Setting) -> None:
    """The same seed makes the same story, another seed makes another one."""
    operations = read_operations()
    story = make_story("1.0", operations, setting)
    assert story == make_story("1.0", operations, setting)
    assert story != make_story("1.1", operations, setting)


def test_stories_keep_to_the_contract() -> None:
    """Requests are within the limits of BASE-3, and repeat no header that BASE-4 names."""
    stories = list(itertools.islice(make_stories(3, read_operations(), "apart"), 20))
    steps = [step for story in stories for step in story.steps]
    assert {len(story.steps) for story in stories} == {MAX_STEPS}
    for step in steps:
        request = fill_step(step, {})
        names = [name.lower() for name, _ in request.headers]
        room_for_slugs = 110 * step.target.count("slug")
        assert len(f"{request.method} {request.target} HTTP/1.1") + room_for_slugs <= 4000
        assert request.target.isascii() and request.target.isprintable()
        assert not set(request.target) & set(" #")
        assert len(names) < 100
        assert all(len(value.encode("latin-1")) <= 8000 for _, value in request.headers)
        for once in ("host", "authorization", "content-type"):
            assert names.count(once) <= 1


def test_most_steps_refer_to_others() -> None:
    """More than half of the steps refer to an earlier step."""
    stories = itertools.islice(make_stories(4, read_operations(), "apart"), 4)
    steps = [step for story in stories for step in story.steps[20:]]
    referring = [step for step in steps if references(step)]
    assert len(referring) > len(steps) / 2


def test_one_database_writes_once() -> None:
    """On one database a write goes to one app, and a read to all of them."""
    stories = itertools.islice(make_stories(5, read_operations(), "one database"), 4)
    steps = [step for story in stories for step in story.steps]
    assert {step.method in ("GET", "HEAD", "OPTIONS") for step in steps if step.app} == {False}
    assert {step.method in ("GET", "HEAD", "OPTIONS") for step in steps if not step.app} == {True}
    assert {step.app for step in steps if step.app} == {"django", "flask", "fastapi"}


def test_shrinking() -> None:
    """What a difference does not need is removed: steps, headers, query, most of a body."""

    def shows(story: Story) -> bool:
        return any(
            "needle" in (step.body or "") and step.method == "POST" and references(step) == {"1"}
            for step in story.steps
        ) and any(step.target == "/api/users" for step in story.steps)

    story = shrink(Story((SIGN_UP, *NOISE, WRITE)), shows)
    assert story.steps == (
        Step("1", "POST", "/api/users"),
        Step(
            "2",
            "POST",
            "/",
            (("Authorization", "⟦1.user.token⟧"),),
            '{"article": {"body": "needle"}}',
        ),
    )


def test_shrinking_targets() -> None:
    """A shortened target is still valid: it has a path, and complete percent-encoded bytes."""
    seen = []

    def shows(story: Story) -> bool:
        seen.append(story.steps[-1].target)
        return story.steps[-1].target.startswith("http:") and "%ED" in seen[-1]

    target = "http://api.example/api/x%ED%95%9Cy/z?a=%ED&b=c"
    story = shrink(Story((Step("1", "GET", target),)), shows)
    assert story.steps[0].target == "http://api.example/%ED"
    rests = [text.removeprefix("http://api.example") for text in seen]
    assert all(re.fullmatch("/([^%]|%[0-9A-F]{2})*", rest) for rest in rests)


def test_shrinking_to_steps_that_nothing_refers_to() -> None:
    """A step that is needed is kept, even if no other step refers to it."""

    def shows(story: Story) -> bool:
        return {"/api/tags?x=7", "/api/tags?x=30"} <= {step.target for step in story.steps}

    story = shrink(Story((SIGN_UP, *NOISE)), shows)
    assert [step.target for step in story.steps] == ["/api/tags?x=7", "/api/tags?x=30"]
