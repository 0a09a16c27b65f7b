"""The call chains, as they are found in the apps' source."""

import ast

import pytest

from compare.read.chains import chain
from compare.run.apps import APPS, DJANGO, FASTAPI, FLASK, App
from compare.run.contract import Operation, read_operations
from compare.run.layers import BY_FILE, CONTRACT, LAYERS
from compare.run.pieces import find

OPERATIONS = {operation.name: operation for operation in read_operations()}
# Layers that no app has for an operation, because it needs no tables or no user.
WITHOUT = {
    "get_current_user": {"services", "queries"},
    "get_health": {"dependencies", "services", "queries", "models"},
    "get_tags": {"dependencies"},
}
APP = pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)


def names(app: App, operation: str, layer: str) -> list[str]:
    links = chain(app, OPERATIONS[operation])
    return [link.piece.name for link in links if link.layer.name == layer]


@APP
@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS.values() if not each.route.startswith("GET /api/lab/")],
    ids=lambda operation: operation.name,
)
def test_layers(app: App, operation: Operation) -> None:
    """A chain has all of the layers, from the route to the errors."""
    present = {link.layer.name for link in chain(app, operation)}
    # Django creates connections from its settings, so no name in the source leads to them.
    present.add("database")
    assert present | WITHOUT.get(operation.name, set()) == {layer.name for layer in LAYERS}


@APP
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_handler_first(app: App, operation: Operation) -> None:
    """A chain begins with the handler, and ends with how errors are shaped."""
    links = chain(app, operation)
    assert links[0].piece.name == operation.name
    errors = {link.piece.name for link in links if link.layer.name == "errors"}
    assert errors >= {"respond", "api_error", "http_error"}


@APP
def test_pieces_are_there(app: App) -> None:
    """Each link of a chain is in the file that it names, and is there only once."""
    for operation in OPERATIONS.values():
        locators = [f"{link.piece.path}::{link.piece.name}" for link in chain(app, operation)]
        assert len(set(locators)) == len(locators)
        for locator, link in zip(locators, chain(app, operation), strict=True):
            assert find(locator, app.folder) == link.piece
            ast.parse(link.piece.text)


def test_module_that_is_imported() -> None:
    """`services.create_comment` leads to the function in services.py, and on from there."""
    for app in APPS:
        assert names(app, "create_article_comment", "services")[0] == "create_comment"
        assert "get_article_for_change" in names(app, "create_article_comment", "services")
        assert "record" in names(app, "create_article_comment", "services")


def test_queryset_methods() -> None:
    """What is called on `objects`, or on its results, is a method of the QuerySet."""
    assert names(DJANGO, "get_article_comments", "queries") == [
        "CommentQuerySet.for_article",
        "CommentQuerySet.for_viewer",
        "followed_by",
        "with_following",
    ]
    assert "ArticleQuerySet.newest_first" in names(DJANGO, "get_articles", "queries")


def test_annotated_dependencies() -> None:
    """FastAPI's aliases lead to the functions that they depend on."""
    found = names(FASTAPI, "create_article", "dependencies")
    assert found.index("CurrentUser") < found.index("get_current_user") < found.index("get_token")
    assert "WriteSession" in found
    assert "get_write_session" in names(FASTAPI, "create_article", "database")


def test_decorators() -> None:
    """Flask's decorators are the authentication."""
    assert "login_required" in names(FLASK, "create_article", "dependencies")
    assert "login_optional" in names(FLASK, "get_article", "dependencies")


def test_through_the_framework() -> None:
    """If Django itself calls the manager, the chain continues there."""
    assert names(DJANGO, "login", "queries") == ["UserQuerySet.with_email", "lower_ascii"]


def test_tables() -> None:
    """The tables are those that the operation uses, not those that they refer to."""
    for app in APPS:
        models = names(app, "get_tags", "models")
        assert "Tag" in models
        assert "User" not in models


def test_related_tables() -> None:
    """A table that is reached from a row of another table by `related_name` is used too."""
    for app in APPS:
        assert "Favorite" in names(app, "create_article_favorite", "models")
        assert "Follow" in names(app, "follow_user_by_username", "models")
        assert "Comment" in names(app, "delete_article_comment", "models")


def test_body() -> None:
    """The code that refuses bodies is in the chains of operations with a body, and in no other."""
    for app in APPS:
        for operation in OPERATIONS.values():
            paths = {link.piece.path.as_posix() for link in chain(app, operation)}
            assert ("conduit/contract/bodies.py" in paths) == bool(operation.body)


@APP
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_contract(app: App, operation: Operation) -> None:
    """A file of the contract stands in its layer, and no other file does."""
    links = chain(app, operation)
    assert any(link.layer is CONTRACT for link in links)
    for link in links:
        assert (link.layer is CONTRACT) == link.piece.path.is_relative_to("conduit/contract")


def test_no_layer_twice() -> None:
    """A file has one layer."""
    assert sum(len(layer.files) for layer in LAYERS) == len(BY_FILE)
