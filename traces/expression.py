"""An expression that somebody asks of a trace: what it is worth after every step.

The text is read by the specification language's own reader, as it would stand in a property, and evaluated by the
interpreter; nothing of it is ever run as Python. Beside `self.phase[r]`, places may be written as they are printed:
`phase[rm1]`. Knows traces and the reader, nothing of who asks.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..spec.lang import domains, ir
from ..spec.lang.domains import Plain, Type, show
from ..spec.lang.errors import EvaluationError
from ..spec.lang.meaning.interpret import Interpreter
from ..spec.lang.reader.read import read_expression
from .trace import Trace

MOST_LETTERS = 500
MOST_WORK = 2_000_000  # bindings of names, in all states together
MOST_ITEMS = 64  # that a collection in the state is taken to hold, when the work is estimated


class TooMuch(ValueError):
    """The expression is too long, or would take too long; the text says which."""


@dataclass(frozen=True, slots=True)
class Value:
    """What the expression is worth from a step on, for people; `fails` where it cannot be evaluated there."""

    step: int
    text: str
    fails: bool = False


def history(spec: type[Any], trace: Trace, text: str) -> list[Value]:
    """The values of an expression, each with the first step that has it. Raises Refused and TooMuch.

    `spec` is the class that the trace's specification was read from.
    """
    if len(text) > MOST_LETTERS:
        raise TooMuch(f"the expression has {len(text):,} letters; the most is {MOST_LETTERS}")
    names = dict(_elements(trace.specification))
    expression, specification = read_expression(spec, trace.specification, text, {n: k for n, (k, _) in names.items()})
    work = _bindings(expression) * len(trace.steps)
    if work > MOST_WORK:
        raise TooMuch(
            f"the expression binds names about {work:,} times in {len(trace.steps):,} states; write a plainer one"
        )
    interpreter, given = Interpreter(specification), {name: value for name, (_, value) in names.items()}
    found: list[Value] = []
    for number in range(1, len(trace.steps) + 1):
        value = _value(interpreter, trace, number, expression, given)
        if not found or (found[-1].text, found[-1].fails) != (value.text, value.fails):
            found.append(value)
    return found


def _value(
    interpreter: Interpreter, trace: Trace, number: int, expression: ir.Expr, given: Mapping[str, Plain]
) -> Value:
    state = trace.steps[number - 1].state
    before = trace.steps[number - 2].state if number > 1 else state  # nothing has changed yet
    try:
        return Value(number, show(expression.type, interpreter.value(expression, state, before, given)))
    except EvaluationError as error:
        return Value(number, error.message, fails=True)


def _elements(specification: ir.Specification) -> Iterator[tuple[str, tuple[Type, Plain]]]:
    """The elements of Sorts by the names that they are shown with."""
    kinds = [variable.type for variable in specification.variables]
    kinds += [param.type for action in specification.actions for param in action.params]
    sorts = frozenset[domains.Sort]().union(*(domains.sorts_within(kind) for kind in kinds))
    for sort in sorted(sorts, key=lambda one: one.name):
        yield from ((show(sort, element), (sort, element)) for element in domains.values(sort))


def _bindings(node: object) -> int:
    """About how often names are bound when a part of the tree is evaluated once."""
    if isinstance(node, tuple):
        return sum(map(_bindings, node))
    if not hasattr(node, "__dataclass_fields__") or isinstance(node, Type):
        return 1
    parts = [getattr(node, name) for name in node.__dataclass_fields__ if name not in ("type", "span", "record")]
    binders = [binder for part in parts if isinstance(part, tuple) for binder in part if isinstance(binder, ir.Binder)]
    return math.prod(map(_size, binders)) * sum(map(_bindings, parts))


_NUMBER = domains.Int | domains.Range


def _size(binder: ir.Binder) -> int:
    match binder.domain:
        case ir.Every(kind):
            return domains.cardinality(kind)
        case ir.Interval(low, high) if isinstance(low.type, _NUMBER) and isinstance(high.type, _NUMBER):
            return max(1, high.type.high - low.type.low)
    return MOST_ITEMS
