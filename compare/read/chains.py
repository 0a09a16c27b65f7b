"""The call chain of an operation: all its code in an app, from the route to the tables."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from compare.read.handlers import read_handlers
from compare.read.source import CONTRACT as CONTRACT_FOLDER
from compare.read.source import Definition, Module, load, references
from compare.run.apps import App
from compare.run.contract import Operation
from compare.run.layers import (
    BY_FILE,
    CONTRACT,
    DATABASE,
    DEPENDENCIES,
    ERRORS,
    HANDLER,
    LAYERS,
    MODELS,
    Layer,
)
from compare.run.pieces import Piece, find

# Where an app is assembled, so that these files name the code that the frameworks call.
ASSEMBLY = ("conduit/__init__.py", "conduit/main.py", "conduit/api.py")
# Django finds these by their names in its settings.
IN_SETTINGS = {
    "django": (
        "conduit/contract/apps.py::ContractConfig",
        "conduit/contract/bodies.py::register",
        "conduit/contract/responses.py::register",
        "conduit/contract/middleware.py::ContractMiddleware",
    ),
}
BODIES = f"{CONTRACT_FOLDER}bodies.py"
SESSIONS = "conduit/database/__init__.py"
# Calls that go through a framework, so that no name in the source shows their target.
THROUGH_FRAMEWORK = {
    ("django", "conduit/accounts/services.py::login"): (
        "conduit/accounts/models.py::UserManager.get_by_natural_key",
        "conduit/accounts/passwords.py::Argon2id.verify",
    ),
}


@dataclass(frozen=True)
class Link:
    """A piece of a chain, and its layer in this chain."""

    layer: Layer
    piece: Piece


@cache
def chain(app: App, operation: Operation) -> tuple[Link, ...]:
    """The pieces by layer, and in each layer in the order in which the code refers to them."""
    found: dict[str, Link] = {}
    left_out = () if operation.body else (BODIES,)
    for definition, layer in seeds(app, operation):
        follow(app, definition, layer, found, left_out)
    return tuple(sorted(found.values(), key=lambda link: LAYERS.index(link.layer)))


def seeds(app: App, operation: Operation) -> Iterator[tuple[Definition, Layer]]:
    handler = next(each for each in read_handlers(app) if each.name == operation.name)
    yield load(app.folder, str(handler.file)).definitions[operation.name], HANDLER
    yield from ((each, ERRORS) for each in used_at_assembly(app, "errors.py"))
    yield from ((each, CONTRACT) for each in contract_of(app))


def contract_of(app: App) -> Iterator[Definition]:
    """The code by which an app installs its folder `contract`."""
    yield from used_at_assembly(app, "contract/__init__.py")
    for locator in IN_SETTINGS.get(app.name, ()):
        path, _, name = locator.partition("::")
        yield load(app.folder, path).definitions[name]


@cache
def used_at_assembly(app: App, file: str) -> tuple[Definition, ...]:
    """What the app's assembly uses from a file, and the methods of the assembly that use it."""
    return tuple(named_at_assembly(app, file))


def named_at_assembly(app: App, file: str) -> Iterator[Definition]:
    for path in ASSEMBLY:
        if not (app.folder / path).exists():
            continue
        module = load(app.folder, path)
        for definition in parts_of(module):
            named = [each for each in references(definition) if is_code_of(each, file)]
            if "." in definition.name and named:
                yield definition
            yield from named


def parts_of(module: Module) -> Iterator[Definition]:
    """Functions and methods of a module, and its statements that define nothing."""
    for number, node in enumerate(module.tree.body):
        definition = Definition(module, getattr(node, "name", f"statement {number}"), node)
        if isinstance(node, ast.ClassDef):
            methods = (each.name for each in node.body if isinstance(each, ast.FunctionDef))
            yield from filter(None, map(definition.method, methods))
        else:
            yield definition


def is_code_of(definition: Definition, file: str) -> bool:
    return definition.module.path == f"conduit/{file}"


def follow(
    app: App,
    definition: Definition,
    layer: Layer,
    found: dict[str, Link],
    left_out: tuple[str, ...] = (),
) -> None:
    """Add the definition and all that it leads to, except what is in the files to leave out."""
    if definition.locator in found or definition.module.path in left_out:
        return
    found[definition.locator] = Link(layer, piece_of(app, definition.locator))
    for target in leads_to(app, definition):
        own = layer_of(target, layer)
        # A model names other models only in its foreign keys.
        if own is layer or not isinstance(definition.node, ast.ClassDef) or layer is not MODELS:
            follow(app, target, own, found, left_out)


def layer_of(definition: Definition, layer: Layer) -> Layer:
    """The layer of its file; without one, the layer in which it is used."""
    file = definition.module.name
    if definition.module.path.startswith(CONTRACT_FOLDER):
        return CONTRACT
    if file in BY_FILE:
        return BY_FILE[file]
    if definition.module.path == SESSIONS:
        return DEPENDENCIES if layer is HANDLER else DATABASE
    return layer


@cache
def piece_of(app: App, locator: str) -> Piece:
    return find(locator, app.folder)


@cache
def leads_to(app: App, definition: Definition) -> tuple[Definition, ...]:
    targets = [whole(each) for each in references(definition)]
    for locator in THROUGH_FRAMEWORK.get((app.name, definition.locator), ()):
        path, _, name = locator.partition("::")
        owner, _, method = name.partition(".")
        target = load(app.folder, path).definitions[owner]
        targets.append((target.method(method) if method else None) or target)
    return tuple(dict.fromkeys(each for each in targets if not each.is_chainable))


def whole(definition: Definition) -> Definition:
    """The class of a method; the method itself if its class is chainable."""
    owner, _, method = definition.name.partition(".")
    if not method or definition.module.definitions[owner].is_chainable:
        return definition
    return definition.module.definitions[owner]
