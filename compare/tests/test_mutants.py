"""Mutants: what is changed, what is not changed, and that their ids are stable."""

import signal
from pathlib import Path

import pytest

from compare.prove.mutants.command import chosen
from compare.prove.mutants.mutations import Mutant, draw, mutants_of
from compare.prove.mutants.trees import NEAR, NEAR_MODULE, Tree, Verdict
from compare.prove.mutants.unseen import read_unseen
from compare.run.apps import BY_NAME, ROOT
from compare.run.processes import Processes, run_to_end
from compare.run.terminal import UsageError

PATH = "conduit/things/services.py"


def changes(source: str, kind: str) -> list[str]:
    """The lines that the mutants of this kind put in."""
    found = [mutant for mutant in mutants_of(PATH, source + "\n") if mutant.kind == kind]
    assert all(mutant.runs() for mutant in found)
    return [
        " ".join(line[1:].strip() for line in mutant.diff.splitlines()[3:] if line[0] == "+")
        for mutant in found
    ]


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        ("status", "respond(404)", ["respond(403)"]),
        ("status", 'raise NotFound(a="b")', ['raise Forbidden(a="b")']),
        ("sign-in", "@login_required\ndef f(): ...", ["@login_optional"]),
        ("sign-in", "def f(user: CurrentUser): ...", ["def f(user: Viewer): ..."]),
        ("filter", "select(a).where(b).limit(c)", ["select(a).where(b)", "select(a).limit(c)"]),
        ("filter", "Tag.objects.filter(a=b)", ["Tag.objects.all()"]),
        ("filter", "queries.count(a)", []),
        ("line", "def f():\n    if a:\n        raise b", ["pass", "pass"]),
        ("line", 'def f():\n    """Says."""\n    log.error(a)', []),
        ("line", "a = 1", []),
        ("decorator", "@a\n@b\ndef f(): ...", ["", ""]),
        ("operator", "a < b", ["a <= b"]),
        ("number", "a = 20", ["a = 21"]),
        ("number", "a: Annotated[str, f(n=3)]", ["a: Annotated[str, f(n=4)]"]),
        ("string", 'a: Literal["b"]', []),
        ("string", "import a", []),
    ],
)
def test_changes(kind: str, source: str, expected: list[str]) -> None:
    """Each kind changes what its name says, and nothing that no client can see."""
    assert changes(source, kind) == expected


def ids(source: str) -> set[str]:
    return {mutant.id for mutant in mutants_of(PATH, source)}


def test_ids_last() -> None:
    """A mutant keeps its id if lines are added elsewhere, but not if its own line changes."""
    source = "def f():\n    a = b\n    return a + 1\n"
    assert ids(source) == ids("import c\n\n\n" + source)
    assert not ids(source) & ids(source.replace("b", "c").replace("1", "2"))


def sample(number: int, seed: int) -> list[Mutant]:
    file = ROOT / "flask_app" / "conduit" / "comments" / "services.py"
    return draw(mutants_of(PATH, file.read_text("utf-8")), number, seed)


def test_samples() -> None:
    """The same seed draws the same mutants, another seed draws others, and none is drawn twice."""
    drawn = [mutant.id for mutant in sample(24, 1)]
    assert drawn == [mutant.id for mutant in sample(24, 1)]
    assert drawn != [mutant.id for mutant in sample(24, 2)]
    assert len(set(drawn)) == 24


def test_unknown_id() -> None:
    """An id that no mutant has is an error."""
    with pytest.raises(UsageError, match="no mutant '0123abcx' of this app"):
        chosen(sample(2, 1), ["0123abcx"])


def test_samples_are_even() -> None:
    """About the same number is drawn of each kind, even if one kind has many more mutants."""
    kinds = [mutant.kind for mutant in sample(24, 1)]
    assert kinds.count("argument") <= kinds.count("line") + 1


def test_near_files() -> None:
    """The test files that are run first exist in the suite."""
    names = [name for group in (NEAR, NEAR_MODULE) for near in group.values() for name in near]
    assert [name for name in names if not (ROOT / "shared_tests" / f"{name}.py").exists()] == []


def test_unseen(tmp_path: Path) -> None:
    """An entry of the page applies to the apps that it names."""
    page = tmp_path / "mutants.md"
    page.write_text(
        "# Mutants\n\n- `0123abcd` (flask, fastapi) `f`: why.\n- `4567abcd` (django)\n", "utf-8"
    )
    assert read_unseen(BY_NAME["flask"], page) == {"0123abcd"}
    assert read_unseen(BY_NAME["django"], page) == {"4567abcd"}


# A suite of one test in each part, which imports the app.
SUITE = """
import sys, pytest
sys.path.insert(0, "flask_app")

def test_near():
    from conduit.things import VALUE
    assert VALUE == 1

@pytest.mark.process
def test_other(): ...
"""
OWN_SUITE = """
def test_own():
    from conduit.things import VALUE
    assert isinstance(VALUE, int)
"""
CONFTEST = "def pytest_addoption(parser):\n    parser.addoption('--app')\n"


def test_verdicts(tmp_path: Path) -> None:
    """A change is killed by a test of the suite or of the app, survives, or takes too long."""
    original = tmp_path / "original"
    for path, text in {
        "flask_app/conduit/things.py": "VALUE = 1",
        "flask_app/tests/test_things.py": OWN_SUITE,
        "shared_tests/conftest.py": CONFTEST,
        "shared_tests/test_far.py": SUITE,
        "spec/rules.md": "",
        "pyproject.toml": "",
        **{f"shared_tests/{name}.py": SUITE for name in NEAR[""]},
    }.items():
        (original / path).parent.mkdir(parents=True, exist_ok=True)
        (original / path).write_text(text)

    async def judge(code: str, limit: float) -> Verdict:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            tree = Tree(BY_NAME["flask"], processes, tmp_path / code, original)
            return await tree.try_change("conduit/things.py", code, limit)

    assert run_to_end(judge("VALUE = 2", 60)) == Verdict("killed", "test_bodies.py::test_near")
    own = Verdict("killed by own tests", "test_things.py::test_own")
    assert run_to_end(judge("VALUE = 1.0", 60)) == own
    assert run_to_end(judge("VALUE = True", 60)) == Verdict("survived")
    slow = "import time; time.sleep(600)"
    assert run_to_end(judge(slow, 3)) == Verdict("timed out", "near")
