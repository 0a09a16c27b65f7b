"""The mutants of an app: where code can be changed, their ids, and which are drawn."""

import difflib
import hashlib
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libcst as cst
import libcst.matchers as m

from compare.prove.mutants.operators import OPERATORS, replacements
from compare.run.apps import App

FILES = {"api", "auth", "bodies", "errors", "passwords", "queries", "schemas", "services"}
FILES |= {"health", "slugs", "tokens", "validation"}
"""The modules that are changed, in all folders of an app except those below."""

LEFT_OUT = {"lab", "live", "migrations", "management"}

LOG = m.Call(func=m.Attribute(value=m.Name("log")))
UNTOUCHED = (
    m.Import()
    | m.ImportFrom()
    | m.Assert()  # only for the type checker
    | m.SimpleStatementLine(body=[m.Raise(exc=m.Call(func=m.Name("AssertionError")))])
    | m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | LOG)])
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Subscript(value=m.Name("QuerySet"))
)
"""Code that no client can see: imports, docstrings, the log, types."""


@dataclass(frozen=True)
class Mutant:
    """One change in one file."""

    path: str
    """Relative to the folder of the app."""
    function: str
    kind: str
    source: str
    module: cst.Module
    before: cst.CSTNode
    after: cst.CSTNode

    @cached_property
    def code(self) -> str:
        """The changed file."""
        changed = self.module.deep_replace(self.before, self.after)
        return cst.ensure_type(changed, cst.Module).code

    @cached_property
    def diff(self) -> str:
        return "".join(self._diff(3))

    @cached_property
    def id(self) -> str:
        """Eight digits that stay the same as long as the changed lines and their neighbors do."""
        said = (self.path, self.function, self.kind, *self._diff(1)[2:])
        lines = [line for line in said if not line.startswith("@@")]
        return hashlib.sha256("\0".join(lines).encode()).hexdigest()[:8]

    def _diff(self, context: int) -> list[str]:
        old, new = self.source.splitlines(keepends=True), self.code.splitlines(keepends=True)
        return list(difflib.unified_diff(old, new, self.path, self.path, n=context))

    def runs(self) -> bool:
        """Whether the code is valid Python and differs from the original."""
        with suppress(SyntaxError):
            return compile(self.code, self.path, "exec") is not None and bool(self.diff)
        return False


class Finder(cst.CSTVisitor):
    """Collects the mutants of a module."""

    def __init__(self, path: str, source: str, module: cst.Module) -> None:
        super().__init__()
        self.mutants: list[Mutant] = []
        self._path = path
        self._source = source
        self._module = module
        self._names: list[str] = []
        # Types are not mutated, but what is called inside them is: Annotated[str, Field(…)].
        self._in_type = [False]

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, UNTOUCHED):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        if isinstance(node, cst.Annotation | cst.Call):
            self._in_type.append(isinstance(node, cst.Annotation))
        for kind in ["sign-in"] if self._in_type[-1] else OPERATORS:
            # A module without one of its names cannot be imported, which proves little.
            if self._names or kind not in {"line", "value"}:
                for other in replacements(kind, node):
                    self.mutants.append(self._mutant(kind, node, other))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if m.matches(original_node, UNTOUCHED):
            return
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
        if isinstance(original_node, cst.Annotation | cst.Call):
            self._in_type.pop()

    def _mutant(self, kind: str, node: cst.CSTNode, other: cst.CSTNode) -> Mutant:
        names = ".".join(self._names)
        return Mutant(self._path, names, kind, self._source, self._module, node, other)


def mutants_of(path: str, source: str) -> list[Mutant]:
    """All mutants of a module; some may be invalid Python, or change nothing."""
    module = cst.parse_module(source)
    finder = Finder(path, source, module)
    module.visit(finder)
    return finder.mutants


def files_of(app: App) -> Iterator[Path]:
    for path in sorted((app.folder / "conduit").rglob("*.py")):
        if path.stem in FILES and not LEFT_OUT & set(path.parts):
            yield path


def all_mutants(app: App) -> list[Mutant]:
    found = []
    for path in files_of(app):
        found += mutants_of(path.relative_to(app.folder).as_posix(), path.read_text("utf-8"))
    return found


def draw(mutants: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """Draw `number` mutants, about equally many of each kind; the same seed draws the same."""
    rng = random.Random(seed)
    by_kind: dict[str, list[Mutant]] = {kind: [] for kind in OPERATORS}
    for mutant in mutants:
        by_kind[mutant.kind].append(mutant)
    for pile in by_kind.values():
        rng.shuffle(pile)
    drawn: dict[str, Mutant] = {}
    while len(drawn) < number and any(by_kind.values()):
        for pile in by_kind.values():
            # The next mutant that runs, and that was not drawn yet.
            while pile:
                mutant = pile.pop()
                if mutant.runs() and drawn.setdefault(mutant.id, mutant) is mutant:
                    break
    return list(drawn.values())[:number]
