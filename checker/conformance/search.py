"""Every step of a specification is taken by the implementation too, and afterwards both must show the same.

`every_step` goes through all reachable states of the specification and takes each step from each; `random_walks` takes
long ones, seeded. The implementation is started anew and led to a state by the labels that led the specification there,
so nothing of it needs to be copied. A divergence is a trace, like any other. Knows no protocol: an `Implementation`
says what a label means to it and what it shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from ...spec.lang import ir
from ...spec.lang.meaning.compile import Meaning
from ..result import Label, State, Steps


class Implementation(Protocol):
    """Something that can be started, led, and looked at."""

    def take(self, label: Label) -> None:
        """Does what the specification's step stands for."""
        ...

    def difference(self, state: State) -> str | None:
        """How what it shows differs from a state of the specification, in words; None where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Divergence:
    """The specification's trace to the first difference, and the difference."""

    steps: Steps
    difference: str


@dataclass(frozen=True, slots=True)
class Conformance:
    """How many states and steps were compared, and the first divergence."""

    states: int
    steps: int
    divergence: Divergence | None
    complete: bool  # all reachable states of the specification were visited


def every_step(specification: ir.Specification, start: Callable[[], Implementation]) -> Conformance:
    """Takes every step from every reachable state; a divergence is a shortest one."""
    meaning, count = Meaning(specification), 0
    paths: dict[State, Steps] = {}
    level: list[State] = []
    for label, state in meaning.initial():
        difference = start().difference(state)
        if difference is not None:
            return Conformance(1, 0, Divergence(((label, state),), difference), False)
        paths.setdefault(state, ((label, state),))
    level = list(paths)
    while level:
        following: list[State] = []
        for state in level:
            for label, after in meaning.successors(state):
                steps = (*paths[state], (label, after))
                count += 1
                difference = _led(start(), steps).difference(after)
                if difference is not None:
                    return Conformance(len(paths), count, Divergence(steps, difference), False)
                if after not in paths:
                    paths[after] = steps
                    following.append(after)
        level = following
    return Conformance(len(paths), count, None, True)


def random_walks(
    specification: ir.Specification, start: Callable[[], Implementation], walks: int, seed: int
) -> Conformance:
    """Takes seeded random walks until nothing can happen; every step is compared."""
    meaning, chance = Meaning(specification), Random(seed)
    count, seen = 0, set[State]()
    for _ in range(walks):
        steps = [chance.choice(meaning.initial())]
        implementation = start()
        while choices := meaning.successors(steps[-1][1]):
            steps.append(chance.choice(choices))
            label, state = steps[-1]
            implementation.take(label)
            count += 1
            seen.add(state)
            difference = implementation.difference(state)
            if difference is not None:
                return Conformance(len(seen), count, Divergence(tuple(steps), difference), False)
    return Conformance(len(seen), count, None, False)


def _led(implementation: Implementation, steps: Sequence[tuple[Label, State]]) -> Implementation:
    for label, _ in steps[1:]:
        implementation.take(label)
    return implementation
