"""Conditions are tested as soon as all the names in them are bound, not once more for every later binding.

`any(a(i) and b(i, j) for i … for j …)` becomes `any(b(i, j) for i … if a(i) for j …)`. That is the same where nothing
in it can stop: else a condition might be tested that was not, or one left out that would have stopped.
Knows the tree and which helpers stop; nothing of C.
"""

from dataclasses import replace
from typing import Literal

from ....spec.lang import domains, ir
from ....spec.lang.meaning import effects
from ....spec.lang.meaning.failing import may_fail
from .scope import Scope


def quantified(scope: Scope, e: ir.Quantified) -> tuple[tuple[ir.Binder, ...], ir.Expr]:
    """The binders and the test, with parts of the test as conditions of the binders."""
    if len(e.binders) == 1 or not _never_stops(scope, e):
        return e.binders, e.body
    op: Literal["and", "or"] = "and" if e.op == "any" else "or"
    test = e.body
    items = test.items if isinstance(test, ir.Logic) and test.op == op else (test,)
    last = len(e.binders) - 1
    rest = tuple(item for item in items if _place(e.binders, item) == last)
    early = [item for item in items if _place(e.binders, item) < last]
    conditions = [item if op == "and" else ir.Not(item, type=item.type, span=item.span) for item in early]
    if not rest:
        return _earlier(e.binders, conditions), ir.Literal(op == "and", type=domains.Bool(), span=test.span)
    left = rest[0] if len(rest) == 1 else ir.Logic(op, rest, type=test.type, span=test.span)
    return _earlier(e.binders, conditions), left


def _earlier(binders: tuple[ir.Binder, ...], conditions: list[ir.Expr]) -> tuple[ir.Binder, ...]:
    """The binders, with these conditions and their own where all names are bound."""
    places: list[list[ir.Expr]] = [[] for _ in binders]
    for here, binder in enumerate(binders):
        for item in (item for condition in binder.conditions for item in _conjuncts(condition)):
            places[_place(binders[: here + 1], item)].append(item)
    for item in conditions:
        places[_place(binders, item)].append(item)
    return tuple(replace(binder, conditions=tuple(given)) for binder, given in zip(binders, places, strict=True))


def _conjuncts(condition: ir.Expr) -> tuple[ir.Expr, ...]:
    return condition.items if isinstance(condition, ir.Logic) and condition.op == "and" else (condition,)


def _place(binders: tuple[ir.Binder, ...], item: ir.Expr) -> int:
    """The binder after which all names in an expression are bound; the first one if there are none."""
    named = _names(item)
    return max((place for place, binder in enumerate(binders) if binder.name in named), default=0)


def _names(node: object) -> set[str]:
    """All local names in an expression, also those that it binds itself."""
    own = {node.name} if isinstance(node, ir.Local | ir.Binder) else set()
    return own.union(*map(_names, effects.parts(node)))


def _never_stops(scope: Scope, node: object) -> bool:
    if isinstance(node, ir.Call) and scope.helpers[node.function].name in scope.body.unit.stopping:
        return False
    return not may_fail(node) and all(_never_stops(scope, part) for part in effects.parts(node))
