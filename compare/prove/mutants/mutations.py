"""The mutants of an app: where something can be changed, by what name it goes, which are drawn."""

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
"""The modules that are changed, wherever they are in an app but in the folders below."""

LEFT_OUT = {"lab", "live", "migrations", "management"}

LOG = m.Call(func=m.Attribute(value=m.Name("log")))
UNTOUCHED = (
    m.Import()
    | m.ImportFrom()
    | m.Assert()  # tells the type checker something, and nobody else
    | m.SimpleStatementLine(body=[m.Raise(exc=m.Call(func=m.Name("AssertionError")))])
    | m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | LOG)])
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Subscript(value=m.Name("QuerySet"))
)
"""What says nothing to a client: imports, docstrings, the log, types."""


@dataclass(frozen=True)
class Mutant:
    """One change in one file."""

    path: str
    """From the folder of the app."""
    function: str
    kind: str
    source: str
    module: cst.Module
    before: cst.CSTNode
    after: cst.CSTNode

    @cached_property
    def code(self) -> str:
        """The file as it is when it is changed."""
        changed = self.module.deep_replace(self.before, self.after)
        return cst.ensure_type(changed, cst.Module).code

    @cached_property
    def diff(self) -> str:
        return "".join(self._diff(3))

    @cached_property
    def id(self) -> str:
        """Eight digits that stay as long as the lines that are changed and those beside them."""
        said = (self.path, self.function, self.kind, *self._diff(1)[2:])
        lines = [line for line in said if not line.startswith("@@")]
        return hashlib.sha256("\0".join(lines).encode()).hexdigest()[:8]

    def _diff(self, context: int) -> list[str]:
        old, new = self.source.splitlines(keepends=True), self.code.splitlines(keepends=True)
        return list(difflib.unified_diff(old, new, self.path, self.path, n=context))

    def runs(self) -> bool:
        """Is it Python at all, and another program than before?"""
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
            # A module without one of its names does not start, which proves little.
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
    """All mutants of a module; some of them may be no Python, or no change."""
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
    """So many of them, of each kind as many as there can be; the same seed draws the same."""
    lots = random.Random(seed)
    piles: dict[str, list[Mutant]] = {kind: [] for kind in OPERATORS}
    for mutant in mutants:
        piles[mutant.kind].append(mutant)
    for pile in piles.values():
        lots.shuffle(pile)
    drawn: dict[str, Mutant] = {}
    while len(drawn) < number and any(piles.values()):
        for pile in piles.values():
            # The next that runs, and says something that was not said yet.
            while pile:
                mutant = pile.pop()
                if mutant.runs() and drawn.setdefault(mutant.id, mutant) is mutant:
                    break
    return list(drawn.values())[:number]
