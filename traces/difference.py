"""Two traces beside each other: how far they are the same, and where they part.

Steps are compared by label and state. Aligning what comes after the first difference is left to the reader: both
continuations are given. Knows traces, nothing of rendering.
"""

from dataclasses import dataclass

from .trace import Trace


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
    variables = [[(v.name, v.type) for v in trace.specification.variables] for trace in (left, right)]
    names = [[name for name, _ in own] for own in variables]
    if names[0] != names[1]:
        raise NotComparable(f"{left.specification.name} and {right.specification.name} have different variables")
    same_types = variables[0] == variables[1]
    common = 0
    if same_types:
        pairs = zip(left.steps, right.steps, strict=False)
        for one, other in pairs:
            if one != other:
                break
            common += 1
    return Divergence(common, tuple(_configuration(left, right)))


def _configuration(left: Trace, right: Trace) -> list[str]:
    first, second = dict(left.specification.constants), dict(right.specification.constants)
    found = [f"{name}: {first.get(name)}, {second.get(name)}" for name in first if first[name] != second.get(name)]
    for name in sorted({*left.specification.variants} ^ {*right.specification.variants}):
        on = name in left.specification.variants
        found.append(f"variant {name}: {'on, off' if on else 'off, on'}")
    return found
