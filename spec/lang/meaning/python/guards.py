"""Which guards of an action stand outside of which loops over its parameters.

A guard moves outwards only if nothing can be noticed: it needs none of the inner parameters, and no run-time check
that could fail, in it or before it, is reached in one order and not in the other. This module writes no source.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import ir
from .. import effects
from ..failing import is_total


@dataclass(frozen=True, slots=True)
class Guard:
    """A statement that needs the first `level` parameters only."""

    statement: ir.Require | ir.Expect | ir.Let
    level: int


def hoisted(specification: ir.Specification, action: ir.Action) -> tuple[list[Guard], Sequence[ir.Stmt]]:
    """The guards at the beginning of an action with their levels, in order, and the statements after them."""
    levels = {param.name: number + 1 for number, param in enumerate(action.params)}
    once = _assigned_once(action)
    guards: list[Guard] = []
    floor = _drawn_floor(specification, action)  # no guard moves out of loops whose domains may fail
    highest = 0  # of the guards so far
    body = _flat(action.body)
    for number, statement in enumerate(body):
        if not isinstance(statement, ir.Require | ir.Expect | ir.Let):
            return guards, body[number:]
        value = statement.test if isinstance(statement, ir.Require) else statement.value
        if not isinstance(statement, ir.Require) and statement.name not in once:
            return guards, body[number:]
        level = max([floor, *(levels.get(name, 0) for name in _locals(value))])
        if not is_total(specification, value):
            level = max(level, highest, _last_drawn(action))
            floor = level
        highest = max(highest, level)
        if not isinstance(statement, ir.Require):
            levels[statement.name] = level
        guards.append(Guard(statement, level))
    return guards, ()


def _flat(body: Sequence[ir.Stmt]) -> list[ir.Stmt]:
    """The statements with every `require(a and b)` at the beginning as two."""
    flat: list[ir.Stmt] = []
    for statement in body:
        match statement:
            case ir.Require(ir.Logic("and", items)):
                flat += _flat([ir.Require(item, span=item.span) for item in items])
            case _:
                flat.append(statement)
    return flat


def _assigned_once(action: ir.Action) -> set[str]:
    names: list[str] = [param.name for param in action.params]

    def visit(body: Sequence[ir.Stmt]) -> None:
        for statement in body:
            match statement:
                case ir.Let(name) | ir.Expect(name):
                    names.append(name)
                case ir.If(_, then, otherwise):
                    visit((*then, *otherwise))
                case ir.For(binder, inner):
                    names.append(binder.name)
                    visit(inner)
                case _:
                    pass

    visit(action.body)
    return {name for name in names if names.count(name) == 1}


def _locals(node: object) -> set[str]:
    """The local names that occur in an expression; bound ones too, which only keeps a guard further in."""
    inner = {name for part in effects.parts(node) for name in _locals(part)}
    return inner | {node.name} if isinstance(node, ir.Local) else inner


def _drawn_floor(specification: ir.Specification, action: ir.Action) -> int:
    floors = [
        number + 1
        for number, param in enumerate(action.params)
        if param.drawn is not None and not is_total(specification, param.drawn)
    ]
    return max(floors, default=0)


def _last_drawn(action: ir.Action) -> int:
    return max((number + 1 for number, param in enumerate(action.params) if param.drawn is not None), default=0)
