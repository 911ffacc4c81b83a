"""Properties by steps: what is true where, and the evaluated trees of what is false.

Truths come from the generated Python, trees from the interpreter. Knows traces, nothing of pages beyond their texts.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Meaning
from ..trace import Trace
from ..why import Reason, why_violated
from .texts import Texts

MOST_TREES = 60


def properties(trace: Trace, meaning: Meaning, texts: Texts) -> dict[str, Any]:
    """One line of truth values per property ('1', '0', 'x' fails, ' ' not defined), and evaluated trees.

    There is a tree for the end of the trace, and for the first falsehoods of everything that should hold.
    """
    values = courses(trace, meaning)
    matrix = [
        {"name": one.name, "kind": one.kind, "doc": " ".join(one.doc.split()), "values": values[one.name]}
        for one in trace.specification.properties
    ]
    trees: dict[str, Any] = {}
    for name, number in _worth_explaining(trace, matrix):
        reason = _explained(trace, name, number)
        if reason is not None:
            trees[f"{name}:{number}"] = packed(reason, texts)
    return {"properties": matrix, "trees": trees}


def trees_at(trace: Trace, number: int, texts: Texts) -> dict[str, Any]:
    """The evaluated trees of all properties after one step, by name."""
    found = {one.name: _explained(trace, one.name, number) for one in trace.specification.properties}
    return {name: packed(reason, texts) for name, reason in found.items() if reason is not None}


def courses(trace: Trace, meaning: Meaning) -> dict[str, str]:
    """What is true after each step, by property: '1' true, '0' false, 'x' cannot be evaluated, ' ' not defined."""
    return {one.name: _course(trace, meaning, one) for one in trace.specification.properties}


def _course(trace: Trace, meaning: Meaning, one: ir.Property) -> str:
    found, before = [], None
    for step in trace.steps:
        found.append(_truth(meaning, one, step.state, before))
        before = step.state
    return "".join(found)


def _truth(meaning: Meaning, one: ir.Property, state: Any, before: Any) -> str:
    if one.kind == "step_invariant" and before is None:
        return " "
    try:
        return "1" if meaning.holds(one.name, state, before) else "0"
    except EvaluationError:
        return "x"


def _worth_explaining(trace: Trace, matrix: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    last = len(trace.steps)
    wanted = [(str(one["name"]), last) for one in matrix]
    for one in matrix:
        if one["kind"] in ("invariant", "step_invariant"):
            wanted += [(str(one["name"]), at) for at, value in enumerate(one["values"], start=1) if value == "0"]
    yield from list(dict.fromkeys(wanted))[:MOST_TREES]


def _explained(trace: Trace, name: str, number: int) -> Reason | None:
    """The property's tree after a step."""
    node = next(one for one in trace.specification.properties if one.name == name)
    if node.kind == "step_invariant" and number == 1:
        return None
    try:
        return why_violated(replace(trace, steps=trace.steps[:number], property=name, failure=None))
    except EvaluationError:
        return None


def packed(reason: Reason, texts: Texts) -> list[Any]:
    """A reason as nested lists: text, value, bindings, note, what was read, parts."""
    return [
        texts.number(reason.text),
        reason.value if reason.value in ("true", "false", None) else f"={reason.value}",
        [texts.number(one) for one in reason.binding],
        reason.note,
        [[texts.number(seen.place), texts.number(seen.value), seen.writer] for seen in reason.reads],
        [packed(part, texts) for part in reason.reasons],
    ]
