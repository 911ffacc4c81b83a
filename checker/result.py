"""What every engine answers: a verdict, how it came about, exact counts, and traces as labels and plain states.

A result is data. It knows nothing of how traces are explained or printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..spec.lang.domains import Plain
from ..spec.lang.errors import EvaluationError
from .profile import Profile

Verdict = Literal["holds", "violated", "undecided"]

# What a result gives as its reason. "complete" goes with holds, the next five with violated, the rest with undecided.
Reason = Literal[
    "complete",  # the whole space of this configuration was searched, and no property is violated
    "invariant",
    "step_invariant",
    "deadlock",
    "divergence",  # the implementation took a step differently
    "asymmetry",  # the specification tells elements of an unordered Sort apart; `error` says where
    "error",  # a run-time check of the specification failed; `error` says which
    "states",  # a limit was reached: states, depth, seconds, memory
    "depth",
    "seconds",
    "memory",
    "interrupted",
    "walks",  # only random walks were taken
    "disk",  # the disk is full, or failed, while the frontier was being kept there
]

DEADLOCK = "deadlock"  # the name of the property that no state is stuck

Label = tuple[str, tuple[Plain, ...]]
State = tuple[Plain, ...]
Steps = tuple[tuple[Label, State], ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One violated property in a search that went on: the first shortest trace, and how often it is violated.

    `count` is the number of violating states (with symmetry: orbits), or of violating steps for a step invariant.
    """

    property: str
    kind: Literal["invariant", "step_invariant", "deadlock"]
    count: int
    steps: Steps


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of an engine.

    Counts are TLC's: `generated` are the initial states and the successors of every expanded state, one per enabled
    action instance; `distinct` those left after merging; `depth` the number of states on the longest shortest path
    (an initial state has depth 1); `outside` the generated states that a boundary kept from being explored, which are
    checked and not counted as distinct. `witnesses` maps each to its shortest trace, or to None where it was not
    reached. `steps` runs from an initial state: for a violated invariant or a deadlock to the state at fault, for a
    step invariant through the step at fault, for an error to the state in which `failed` could not be evaluated.
    """

    verdict: Verdict
    reason: Reason
    property: str | None = None  # the violated one, or DEADLOCK
    complete: bool = False  # every reachable state within the boundaries was found and checked
    distinct: int = 0
    generated: int = 0
    depth: int = 0
    outside: int = 0
    unreduced: int | None = None  # with symmetry: the exact number of distinct states that the orbits stand for
    actions: Mapping[str, int] = field(default_factory=dict)  # generated successors by action
    distinct_actions: Mapping[str, int] = field(default_factory=dict)  # new states by action
    bounds: Mapping[str, int | float | str | bool] = field(default_factory=dict)  # constants, limits, identity, …
    properties: tuple[str, ...] = ()  # what was checked, DEADLOCK included
    engine: str = ""
    seconds: float = 0.0
    peak_memory: int = 0  # bytes
    witnesses: Mapping[str, Steps | None] = field(default_factory=dict)
    steps: Steps | None = None
    error: EvaluationError | None = None
    failed: Label | str | None = None  # with an error: the action instance, or the name of the property
    violations: tuple[Violation, ...] = ()  # with check_all: all violated properties, as found
    symmetric_sorts: tuple[str, ...] = ()  # whose elements were treated as interchangeable
    ghosts_left_out: tuple[str, ...] = ()  # the variables that are not part of a state's identity
    profile: Profile | None = None  # where it was asked for
    dead_values: tuple[str, ...] = ()  # values that are not part of it, and when, in words

    def unreached(self) -> tuple[str, ...]:
        """Witnesses that were not reached: in a complete search, what holds may hold vacuously."""
        return tuple(name for name, steps in self.witnesses.items() if steps is None)

    def dead_actions(self) -> tuple[str, ...]:
        """Actions that never generated a successor."""
        return tuple(name for name, count in self.actions.items() if count == 0)
