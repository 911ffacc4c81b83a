"""Every step of a specification is taken by the implementation too, and afterwards both must show the same.

`every_step` goes through all reachable states of the specification and takes each step from each; `random_walks` takes
long ones, seeded. The implementation is started anew and led to a state by the labels that led the specification there,
so nothing of it needs to be copied. A divergence is a trace, like any other. Knows no protocol: an `Implementation`
says what a label means to it and what it shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Protocol

from ...spec.lang import ir
from ...spec.lang.meaning.compile import Meaning
from ..result import Label, State, Steps


class Implementation(Protocol):
    """Something that can be started, led, and looked at."""

    def take(self, label: Label, before: State) -> None:
        """Does what the specification's step from `before` stands for."""
        ...

    def outside(self, state: State) -> bool:
        """Whether it is known to part from the specification in this state, which is left out, and all behind it."""
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
    meaning, count, outside = Meaning(specification), 0, start().outside
    paths: dict[State, Steps] = {}
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
                if outside(after):
                    continue
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
    specification: ir.Specification, start: Callable[[], Implementation], walks: int, depth: int, seed: int
) -> Conformance:
    """Takes seeded random walks until nothing can happen, or `depth` is reached; every step is compared."""
    meaning, chance = Meaning(specification), Random(seed)
    count, seen = 0, set[State]()
    for _ in range(walks):
        steps = [chance.choice(meaning.initial())]
        implementation = start()
        while len(steps) <= depth:
            before = steps[-1][1]
            choices = [step for step in meaning.successors(before) if not implementation.outside(step[1])]
            if not choices:
                break
            label, state = chance.choice(choices)
            steps.append((label, state))
            implementation.take(label, before)
            count += 1
            seen.add(state)
            difference = implementation.difference(state)
            if difference is not None:
                return Conformance(len(seen), count, Divergence(tuple(steps), difference), False)
    return Conformance(len(seen), count, None, False)


def _led(implementation: Implementation, steps: Sequence[tuple[Label, State]]) -> Implementation:
    for (_, before), (label, _) in pairwise(steps):
        implementation.take(label, before)
    return implementation
