"""How `mirror` checks the apps' source."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compare.read import counterparts
from compare.read.counterparts import COUNTERPARTS
from compare.read.handlers import Handler, handlers_of
from compare.read.mirror import Pieces, check_handlers, check_pieces, check_rows, every_piece
from compare.run.apps import APPS
from compare.run.contract import Operation
from compare.run.terminal import Failed

FILE = Path("conduit/articles/api.py")
OPERATIONS = [
    Operation("get_articles", "GET", "/api/articles", "Get articles"),
    Operation("get_tags", "GET", "/api/tags", "Get tags"),
]
ARTICLES = Handler("get_articles", "Get articles", FILE)
TAGS = Handler("get_tags", "Get tags", FILE)


def problems(*handlers: Handler) -> list[str]:
    """The problems if the last app has these handlers, and the others have the right ones."""
    *others, last = APPS
    present = {app: [ARTICLES, TAGS] for app in others} | {last: list(handlers)}
    return list(check_handlers(OPERATIONS, present))


def test_handlers_are_found(tmp_path: Path) -> None:
    """A handler is a function with a route, sync or async; other functions are ignored."""
    file = tmp_path / "api.py"
    file.write_text(
        '@router.get("/articles")\n'
        "async def get_articles():\n"
        '    """Get articles"""\n'
        '@bp.get("/tags")\n'
        "@login_required\n"
        "def get_tags():\n"
        '    """Get tags"""\n'
        "@cache\n"
        "def helper(): ...\n",
        "utf-8",
    )
    found = [(handler.name, handler.docstring) for handler in handlers_of(file, tmp_path)]
    assert found == [("get_articles", "Get articles"), ("get_tags", "Get tags")]


def test_mirrored_handlers() -> None:
    """The contract's handlers, in its order, are all right."""
    assert problems(ARTICLES, TAGS) == []


def test_missing_handler() -> None:
    """An operation without a handler is named."""
    assert problems(ARTICLES) == ["fastapi: get_tags has 0 handlers, not one"]


def test_other_order() -> None:
    """Handlers stand in the contract's order."""
    (problem,) = problems(TAGS, ARTICLES)
    assert problem.endswith("which is get_articles, get_tags")


def test_other_docstring() -> None:
    """A docstring is the summary of the operation."""
    (problem,) = problems(ARTICLES, Handler("get_tags", "Get the tags", FILE))
    assert "its docstring is 'Get the tags'" in problem


def test_other_file() -> None:
    """A handler is in the same file of each app."""
    elsewhere = Handler("get_tags", "Get tags", Path("conduit/tags/api.py"))
    (problem,) = problems(ARTICLES, elsewhere)
    assert problem.endswith("is in conduit/articles/api.py of django")


def test_additional_handler() -> None:
    """A handler that the contract does not know is named."""
    (problem,) = problems(ARTICLES, TAGS, Handler("get_secret", "", FILE))
    assert problem.endswith("get_secret: is no operation of spec/openapi.yaml")


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return {app: every_piece(app) for app in APPS}


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: Pieces
) -> Iterator[Callable[[str, str], list[str]]]:
    """The problems of counterparts.toml after a part of its text is replaced."""
    text = COUNTERPARTS.read_text("utf-8")

    def problems_of(old: str, new: str) -> list[str]:
        assert old in text
        changed = tmp_path / "counterparts.toml"
        changed.write_text(text.replace(old, new, 1), "utf-8")
        monkeypatch.setattr(counterparts, "COUNTERPARTS", changed)
        counterparts.by_hand.cache_clear()
        counterparts.counterparts_of.cache_clear()
        rows = list(counterparts.read_rows(changed.read_text("utf-8")))
        return [*check_rows(rows), *check_pieces(pieces)]

    yield problems_of
    counterparts.by_hand.cache_clear()
    counterparts.counterparts_of.cache_clear()


Check = Callable[[str, str], list[str]]
EQUAL = "conduit/validation.py::field_messages"
SOCK = 'flask = ["conduit/live/sockets.py::sock"]'


def test_counterparts(check: Check) -> None:
    """Each row of the file is right, and each piece that an app does not have is explained."""
    assert check(SOCK, SOCK) == []


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ('flask = ["conduit/live/sockets.py::sok"]', "has no sok: the nearest is sock"),
        (
            'flask = ["conduit/live/socket.py::sock"]',
            "flask_app has no file conduit/live/socket.py",
        ),
        (f'{SOCK}\nwhy = "Twice."\n\n[[rows]]\n{SOCK}', "::sock of flask is in two rows"),
        (
            f'pieces = ["{EQUAL}"]\nwhy = "Equal."\n\n[[rows]]\n{SOCK}',
            "::field_messages is equal in all apps: remove it",
        ),
        (
            f'{SOCK}\nwhy = "See `conduit/gone.py::x`."\n\n[[rows]]\n{SOCK}',
            "no app has conduit/gone.py::x, which a sentence names",
        ),
    ],
)
def test_wrong_row(check: Check, new: str, message: str) -> None:
    """A locator that is gone, one that is named twice, and a row without a difference are named."""
    assert any(message in problem for problem in check(SOCK, new))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (f'{SOCK}\nfastapi = ["a", "b"]', "lists of the same length"),
        ("flask = []", "lists of the same length"),
        (f'{SOCK}\nwhy = ""\n\n[[rows]]\n{SOCK}', "give `why`"),
        (f"{SOCK}\nwho = 1", "give `why`"),
        (f"{SOCK} [", "is not valid TOML"),
    ],
)
def test_row_that_cannot_be_read(check: Check, new: str, message: str) -> None:
    """A row without its sentence, with unknown keys or with wrong values is refused."""
    with pytest.raises(Failed, match=re.escape(message)):
        check(SOCK, new)


def block_of(locator: str) -> str:
    """The entry that names the locator first."""
    return next(
        f"[[rows]]{part}"
        for part in COUNTERPARTS.read_text("utf-8").split("[[rows]]")
        if f'"{locator}"' in part
    )


def test_piece_that_is_not_explained(check: Check) -> None:
    """A piece that an app does not have needs a sentence."""
    (lone,) = check(block_of("conduit/live/sockets.py::sock"), "")
    assert lone.startswith(
        "flask_app/conduit/live/sockets.py::sock: give its counterpart in Django"
    )


def test_equal_docstring(check: Check) -> None:
    """A piece with the same docstring, which has no counterpart yet, is suggested as one."""
    found = check(block_of("conduit/comments/queries.py::CommentQuerySet.for_viewer"), "")
    assert "flask has the same docstring in conduit/comments/queries.py::for_viewer" in found[0]
