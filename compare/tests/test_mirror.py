"""What the mirror sees in the apps' source."""

from pathlib import Path

from compare.read.handlers import Handler, handlers_of
from compare.read.mirror import check_handlers
from compare.run.apps import APPS
from compare.run.contract import Operation

FILE = Path("conduit/articles/api.py")
OPERATIONS = [
    Operation("get_articles", "GET", "/api/articles", "Get articles"),
    Operation("get_tags", "GET", "/api/tags", "Get tags"),
]
ARTICLES = Handler("get_articles", "Get articles", FILE)
TAGS = Handler("get_tags", "Get tags", FILE)


def problems(*handlers: Handler) -> list[str]:
    """What is wrong when the last of the apps has these handlers, and the others the right ones."""
    *others, last = APPS
    present = {app: [ARTICLES, TAGS] for app in others} | {last: list(handlers)}
    return list(check_handlers(OPERATIONS, present))


def test_handlers_are_found(tmp_path: Path) -> None:
    """A handler is a function with a route, sync or async; other functions are none."""
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
