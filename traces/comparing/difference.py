"""Two traces beside each other: how far they are the same, and where they part.

Steps are compared by label and state. Aligning what comes after the first difference is left to the reader: both
continuations are given. Knows traces, nothing of rendering.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..encoding import encode
from ..trace import Trace, show_label


class NotComparable(ValueError):
    """The two traces belong to specifications with different variables."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """`common` is the number of leading steps that are the same in both; they differ after it, or one ends there.

    `configuration` lists what differs between the two configurations, as "name: left, right".
    """

    common: int
    configuration: tuple[str, ...]


def compare(left: Trace, right: Trace) -> Divergence:
    """Where two traces part; raises NotComparable."""
    names = [[variable.name for variable in trace.specification.variables] for trace in (left, right)]
    if names[0] != names[1]:
        raise NotComparable(f"{left.specification.name} and {right.specification.name} have different variables")
    common = 0
    for one, other in zip(_steps(left), _steps(right), strict=False):
        if one != other:
            break
        common += 1
    return Divergence(common, tuple(configurations(left, right)))


def _steps(trace: Trace) -> Iterator[tuple[object, ...]]:
    """Every step as people see it, so that traces of two configurations can be compared."""
    variables = trace.specification.variables
    for step in trace.steps:
        values = (encode(variable.type, value) for variable, value in zip(variables, step.state, strict=True))
        yield show_label(trace.specification, step.label), *values


def configurations(left: Trace, right: Trace) -> list[str]:
    """What differs between the configurations of two traces, as "name: left, right"."""
    first, second = dict(left.specification.constants), dict(right.specification.constants)
    found = [f"{name}: {first.get(name)}, {second.get(name)}" for name in first if first[name] != second.get(name)]
    for name in sorted({*left.specification.variants} ^ {*right.specification.variants}):
        on = name in left.specification.variants
        found.append(f"variant {name}: {'on, off' if on else 'off, on'}")
    for name in sorted({*left.specification.splits} ^ {*right.specification.splits}):
        found.append(f"split at {name}: {'yes, no' if name in left.specification.splits else 'no, yes'}")
    return found
