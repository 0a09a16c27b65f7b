"""What a definition in an app refers to, read from the source: no app is imported."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from posixpath import basename

from compare.run.pieces import parse

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# In subclasses of these, each method is a piece.
CHAINABLE = ("QuerySet", "Manager")
CONTRACT = "conduit/contract/"
# Files that are not followed, since every operation uses them; other pages show them.
ELSEWHERE = {
    "conduit/settings.py",
    "conduit/logs.py",
    "conduit/middleware.py",
    f"{CONTRACT}docs.py",
    f"{CONTRACT}document.py",
    f"{CONTRACT}pages.py",
}


@dataclass(frozen=True)
class Definition:
    """A function, a class, a method as `Class.method`, or an assignment, by its name."""

    module: "Module"
    name: str
    node: ast.stmt

    @cached_property
    def locator(self) -> str:
        return f"{self.module.path}::{self.name}"

    @property
    def is_chainable(self) -> bool:
        """Whether it is a class whose methods are used one by one, as a `QuerySet`'s are."""
        return isinstance(self.node, ast.ClassDef) and any(
            part.endswith(CHAINABLE) for base in self.node.bases for part in names_of(base)
        )

    def method(self, name: str) -> "Definition | None":
        for node in getattr(self.node, "body", ()):
            if isinstance(node, FUNCTION) and node.name == name:
                return Definition(self.module, f"{self.name}.{name}", node)
        return None


class Module:
    """One file of an app, and what the names in it stand for."""

    def __init__(self, folder: Path, path: str) -> None:
        self.folder = folder
        self.path = path
        self.name = basename(path)
        self.resolved: dict[str, Definition | Module | None] = {}

    @cached_property
    def tree(self) -> ast.Module:
        return parse((self.folder / self.path).read_text("utf-8"))

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        found: dict[str, Definition] = {}
        for node in self.tree.body:
            match node:
                case (
                    ast.FunctionDef(name=name)
                    | ast.AsyncFunctionDef(name=name)
                    | ast.ClassDef(name=name)
                    | ast.TypeAlias(name=ast.Name(id=name))
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    found.setdefault(name, Definition(self, name, node))
                case ast.Assign(targets=targets):
                    for target in targets:
                        if isinstance(target, ast.Name):
                            found.setdefault(target.id, Definition(self, target.id, node))
        return found

    @cached_property
    def imports(self) -> Mapping[str, tuple[str, str]]:
        """For each name imported from the app itself: what it is imported from, and the name."""
        found = {}
        for node in at_top(self.tree.body):
            if isinstance(node, ast.ImportFrom):
                package = self.package_of(node)
                for alias in node.names:
                    if package is not None:
                        found[alias.asname or alias.name] = (package, alias.name)
        return found

    def package_of(self, node: ast.ImportFrom) -> str | None:
        names = node.module.split(".") if node.module else []
        if node.level:
            return "/".join([*self.path.split("/")[: -node.level], *names])
        return "/".join(names) if names[0] == self.path.split("/")[0] else None

    def resolve(self, name: str) -> "Definition | Module | None":
        """What a name stands for at the top level of this file."""
        if name not in self.resolved:
            self.resolved[name] = self.look_up(name)
        return self.resolved[name]

    def look_up(self, name: str) -> "Definition | Module | None":
        if self.path in ELSEWHERE:
            return None
        if name in self.definitions:
            return self.definitions[name]
        if name not in self.imports:
            return None
        package, original = self.imports[name]
        if module := module_at(self.folder, f"{package}/{original}"):
            return module
        origin = module_at(self.folder, package)
        return origin.resolve(original) if origin and origin is not self else None


def at_top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, and those under an `if TYPE_CHECKING`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from at_top(node.body)


@cache
def module_at(folder: Path, stem: str) -> Module | None:
    """The module `conduit/articles/queries`, or the package of that name."""
    for path in (f"{stem}.py", f"{stem}/__init__.py"):
        if (folder / path).is_file():
            return load(folder, path)
    return None


@cache
def load(folder: Path, path: str) -> Module:
    """The module in a file, whose path is relative to the app's folder."""
    return Module(folder, path)


def references(definition: Definition) -> Iterator[Definition]:
    """The definitions of the app that this one uses, in the order of its code."""
    return Reader(definition).read()


class Reader:
    """Reads one definition; it knows the types of local names if the source declares them."""

    def __init__(self, definition: Definition) -> None:
        self.module = definition.module
        self.node = definition.node
        self.nodes = list(walk_in_order(self.node))
        self.types: dict[str, Definition | None] = {}
        owner, _, method = definition.name.rpartition(".")
        if owner and method:
            self.types["self"] = self.module.definitions[owner]
        if isinstance(self.node, FUNCTION):
            self.note_locals(self.node)

    def note_locals(self, function: Function) -> None:
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.arg != "self":
                self.types[argument.arg] = annotated(self.module, argument.annotation)
        for node in self.nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.types[name] = self.types.get(name) or self.type_of(value)
                case ast.Name(id=name, ctx=ast.Store()):
                    self.types.setdefault(name, None)

    def read(self) -> Iterator[Definition]:
        for node in self.nodes:
            match node:
                case ast.Name(id=name, ctx=ast.Load()) if name not in self.types:
                    found = self.module.resolve(name)
                    if isinstance(found, Definition):
                        yield found
                case ast.Attribute(value=value, attr=attribute):
                    found = self.member(value, attribute)
                    if found is not None:
                        yield found

    def member(self, value: ast.expr, attribute: str) -> Definition | None:
        """What `value.attribute` stands for: a name in a module, or a method of a class."""
        if isinstance(value, ast.Name) and value.id not in self.types:
            module = self.module.resolve(value.id)
            if isinstance(module, Module):
                found = module.resolve(attribute)
                return found if isinstance(found, Definition) else None
        owner = self.type_of(value)
        if owner is None:
            return None
        return owner.method(attribute) or related(owner, attribute)

    def type_of(self, value: ast.expr) -> Definition | None:
        """The class of which the value is an instance, or the manager of a model's rows."""
        match value:
            case ast.Name(id=name) if name in self.types:
                return self.types[name]
            case ast.Attribute(value=ast.Name(id=name), attr="objects"):
                model = self.module.resolve(name)
                return manager_of(model) if isinstance(model, Definition) else None
            case ast.Await(value=inner) | ast.Subscript(value=inner):
                return self.type_of(inner)
            case ast.Call(func=ast.Name(id=name)) if name not in self.types:
                return self.returned(self.module.resolve(name))
            case ast.Call(func=ast.Attribute(value=inner, attr=attribute)):
                found = self.member(inner, attribute)
                # Other methods in a chain are assumed to return the object they are called on.
                return self.returned(found) if found else self.type_of(inner)
        return None

    def returned(self, called: "Definition | Module | None") -> Definition | None:
        if not isinstance(called, Definition):
            return None
        if isinstance(called.node, ast.ClassDef):
            return called
        if isinstance(called.node, FUNCTION):
            return annotated(called.module, called.node.returns)
        return None


def annotated(module: Module, annotation: ast.expr | None) -> Definition | None:
    """The first class of the app that an annotation names."""
    for name in names_of(annotation) if annotation else ():
        found = module.resolve(name)
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef):
            return found
    return None


def related(model: Definition, name: str) -> Definition | None:
    """The model whose foreign key gives `model` an attribute of that name, by `related_name`."""
    if model.module.name != "models.py":
        return None
    return related_models(model.module.folder).get((model.locator, name))


@cache
def related_models(folder: Path) -> Mapping[tuple[str, str], Definition]:
    found = {}
    for file in sorted(folder.glob("conduit/*/models.py")):
        module = load(folder, file.relative_to(folder).as_posix())
        for other in module.definitions.values():
            for node in getattr(other.node, "body", ()):
                match node:
                    case ast.Assign(value=ast.Call(args=[ast.Name(id=name), *_], keywords=words)):
                        model = module.resolve(name)
                        for word in words:
                            if (
                                word.arg == "related_name"
                                and isinstance(word.value, ast.Constant)
                                and isinstance(model, Definition)
                            ):
                                found[model.locator, str(word.value.value)] = other
    return found


def manager_of(model: Definition) -> Definition | None:
    """The class behind `objects`: `X.as_manager()`, or `Manager.from_queryset(X)()`."""
    for node in getattr(model.node, "body", ()):
        match node:
            case ast.Assign(targets=[ast.Name(id="objects")], value=value):
                for name in reversed(list(names_of(value))):
                    found = model.module.resolve(name)
                    if isinstance(found, Definition):
                        return found
    return None


def names_of(node: ast.AST) -> Iterator[str]:
    return (each.id for each in walk_in_order(node) if isinstance(each, ast.Name))


def walk_in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Like `ast.walk`, but in the order of the source."""
    rest = [node]
    while rest:
        node = rest.pop()
        yield node
        children: list[ast.AST] = []
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list):
                children += (each for each in value if isinstance(each, ast.AST))
        rest += reversed(children)
