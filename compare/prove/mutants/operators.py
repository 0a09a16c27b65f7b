"""The mutation operators: mutmut's, and those that an API needs in addition.

An operator takes a node and yields its possible replacements.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import libcst as cst
import libcst.matchers as m
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[cst.CSTNode]]

STATUSES = {200: 201, 201: 200, 204: 200, 400: 422, 401: 403, 403: 404, 404: 403, 405: 404}
STATUSES |= {409: 422, 413: 400, 415: 400, 422: 400, 500: 503, 501: 500, 503: 500}
"""Each status, and one that a client could confuse with it."""

ERRORS = {
    "BadRequest": "Invalid",
    "Conflict": "Forbidden",
    "Forbidden": "NotFound",
    "Invalid": "BadRequest",
    "NotFound": "Forbidden",
    "TooLarge": "BadRequest",
    "Unauthorized": "Forbidden",
    "UnsupportedMediaType": "BadRequest",
}

SIGN_IN = {
    "login_required": "login_optional",
    "login_optional": "login_required",
    "CurrentUser": "Viewer",
    "Viewer": "CurrentUser",
}

FILTERS = {"filter", "exclude"}
"""Methods that begin a chain on a Django manager; without them, it returns all rows."""


def swap_status(node: cst.Integer) -> Iterator[cst.CSTNode]:
    """`404` → `403`."""
    if node.evaluated_value in STATUSES:
        yield node.with_changes(value=str(STATUSES[node.evaluated_value]))


def swap_error(node: cst.Raise) -> Iterator[cst.CSTNode]:
    """`raise NotFound(…)` → `raise Forbidden(…)`."""
    if isinstance(node.exc, cst.Call) and isinstance(node.exc.func, cst.Name):
        name = node.exc.func
        if name.value in ERRORS:
            yield node.with_deep_changes(name, value=ERRORS[name.value])


def swap_sign_in(node: cst.Name) -> Iterator[cst.CSTNode]:
    """`login_required` → `login_optional`."""
    if node.value in SIGN_IN:
        yield node.with_changes(value=SIGN_IN[node.value])


def drop_link(node: cst.Call) -> Iterator[cst.CSTNode]:
    """`select(…).where(…).limit(…)` → `select(…).where(…)`."""
    if not isinstance(node.func, cst.Attribute):
        return
    rest = node.func.value
    if isinstance(rest, cst.Call):
        yield rest
    elif node.func.attr.value in FILTERS:
        yield node.with_changes(func=node.func.with_changes(attr=cst.Name("all")), args=[])


def drop_statement(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """`changes["slug"] = …` → `pass`."""
    droppable = m.Expr() | m.Raise() | m.Assign() | m.AnnAssign() | m.AugAssign() | m.Continue()
    if m.matches(node.body[0], droppable):
        yield node.with_changes(body=[cst.Pass()])


def drop_guard(node: cst.If) -> Iterator[cst.CSTNode]:
    """`if …: raise …` → `pass`."""
    if node.orelse is None:
        yield cst.SimpleStatementLine([cst.Pass()], leading_lines=node.leading_lines)


def drop_decorator(node: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """`@login_required` → nothing."""
    for place, _ in enumerate(node.decorators):
        rest = [*node.decorators[:place], *node.decorators[place + 1 :]]
        yield node.with_changes(decorators=rest)


def change_number(node: cst.BaseNumber) -> Iterator[cst.CSTNode]:
    """Change any number that is not a status."""
    if not (isinstance(node, cst.Integer) and node.evaluated_value in STATUSES):
        yield from mutators.operator_number(node)


OPERATORS: Mapping[str, Sequence[tuple[Any, Operator]]] = {
    "status": [(cst.Integer, swap_status), (cst.Raise, swap_error)],
    "sign-in": [(cst.Name, swap_sign_in)],
    "filter": [(cst.Call, drop_link)],
    "line": [(cst.SimpleStatementLine, drop_statement), (cst.If, drop_guard)],
    "decorator": [(cst.FunctionDef, drop_decorator)],
    "operator": [
        (cst.UnaryOperation, mutators.operator_remove_unary_ops),
        (cst.CSTNode, mutators.operator_keywords),
        (cst.CSTNode, mutators.operator_swap_op),
        (cst.IfExp, mutators.operator_if_exp),
    ],
    "argument": [(cst.Call, mutators.operator_arg_removal)],
    "method": [
        (cst.Call, mutators.operator_symmetric_string_methods_swap),
        (cst.Call, mutators.operator_unsymmetrical_string_methods_swap),
    ],
    "number": [(cst.BaseNumber, change_number)],
    "word": [(cst.Name, mutators.operator_name)],
    "string": [(cst.BaseString, mutators.operator_string)],
    "value": [
        (cst.Assign, mutators.operator_assignment),
        (cst.AugAssign, mutators.operator_augmented_assignment),
        (cst.Lambda, mutators.operator_lambda),
    ],
}
"""The operators by kind: about the same number of mutants is drawn of each kind."""


def replacements(kind: str, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The replacements of the node by the operators of this kind."""
    for type_, operator in OPERATORS[kind]:
        if isinstance(node, type_):
            yield from operator(node)
