"""The state of a trace as rows, one per place, each with the steps that changed it.

Maps are opened up entry by entry, whatever lies below a Map stays one value. Knows values and traces, nothing of pages
beyond their numbered texts.
"""

from collections.abc import Iterator
from typing import Any

from ...spec.lang import domains
from ...spec.lang.domains import Plain, Type, show
from ..changes import changed_variables
from ..trace import Trace
from .texts import Texts

MOST_ENTRIES = 200  # a Map with more entries is shown as one value


def rows(trace: Trace, texts: Texts) -> list[dict[str, Any]]:
    """Every place with its variable and its history: pairs of a step and the text of the value from it on."""
    found: list[dict[str, Any]] = []
    for position, variable in enumerate(trace.specification.variables):
        leaves = list(_leaves(variable.name, variable.type, ()))
        histories: list[list[tuple[int, int]]] = [[] for _ in leaves]
        seen: Any = _NOTHING
        for number, step in enumerate(trace.steps, start=1):
            whole = step.state[position]
            if whole is seen or whole == seen:
                continue
            for history, (_, kind, path) in zip(histories, leaves, strict=True):
                text = texts.number(show(kind, _within(whole, path)))
                if not history or history[-1][1] != text:
                    history.append((number, text))
            seen = whole
        for (place, _, _), history in zip(leaves, histories, strict=True):
            found.append({"place": place, "variable": position, "history": history})
    return found


_NOTHING = object()


def _leaves(place: str, kind: Type, path: tuple[int, ...]) -> Iterator[tuple[str, Type, tuple[int, ...]]]:
    if isinstance(kind, domains.Map) and 0 < domains.cardinality(kind.key) <= MOST_ENTRIES:
        for slot, key in enumerate(domains.values(kind.key)):
            yield from _leaves(f"{place}[{show(kind.key, key)}]", kind.value, (*path, slot))
    else:
        yield place, kind, path


def _within(value: Plain, path: tuple[int, ...]) -> Plain:
    for slot in path:
        value = value[slot]
    return value


def differences(trace: Trace, texts: Texts) -> list[list[tuple[int, int]]]:
    """For every step the places it changed, down to the leaf, and what happened there; nothing for the first."""
    found: list[list[tuple[int, int]]] = [[]]
    for before, step in zip(trace.steps, trace.steps[1:], strict=False):
        changes = changed_variables(trace.specification.variables, before.state, step.state)
        found.append([(texts.number(change.place), texts.number(change.what)) for change in changes])
    return found
