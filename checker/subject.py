"""What is checked, from the words of a command line: a specification, or the implementation with its picture of itself.

`impl:cluster` is the ensemble of real nodes, `impl:znodes`, `impl:sessions` and `impl:watches` are the data service
beside the specification of that name. Each gives a tree whose steps the implementation takes.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .commands.arguments import find_class, nearest, read_specification
from .commands.mistakes import Mistake

if TYPE_CHECKING:
    from ..spec.lang import ir

CLUSTER = "impl:cluster"
SERVICES = ("impl:znodes", "impl:sessions", "impl:watches")
IMPLEMENTATION = (CLUSTER, *SERVICES)


def subject(
    source: str, words: Iterable[str], variants: Iterable[str] = (), splits: Iterable[str] = ()
) -> "ir.Specification":
    """The tree of what `source` names, in this configuration; raises Mistake or Refused."""
    if not source.startswith("impl:"):
        return read_specification(find_class(source), words, variants, splits)
    if source == CLUSTER:
        from .implementation.command import configured

        return configured(words, variants, splits)
    if source not in SERVICES:
        near = nearest(source, IMPLEMENTATION)
        raise Mistake(f"the implementation has no {source!r}{near} (it has: {', '.join(IMPLEMENTATION)})")
    from .conformance.command import compared

    return compared(source, words, variants, splits)


def recorded(source: str, words: Iterable[str], variants: Iterable[str], splits: Iterable[str]) -> "ir.Specification":
    """The tree that a trace was recorded in: the seeded bugs of a test's trace are on again."""
    if source != CLUSTER:
        return subject(source, words, variants, splits)
    from .implementation.command import planted

    return planted(words, variants)


def class_of(source: str) -> Any:
    """The class whose names an expression about a trace may use."""
    if source == CLUSTER:
        from .implementation.picture import World

        return World
    return find_class(source.removeprefix("impl:") if source in SERVICES else source)
