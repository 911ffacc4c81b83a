"""Every step of a specification is taken by the implementation too, and afterwards both must show the same.

`every_step` goes through all reachable states of the specification and takes each step from each; `random_walks` takes
long ones, seeded. The implementation is started anew and led to a state by the labels that led the specification there,
so nothing of it needs to be copied. A divergence is a trace, like any other. Knows no protocol: an `Implementation`
says what a label means to it and what it shows.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Protocol

from ...spec.lang import ir
from ...spec.lang.meaning.compile import Meaning
from ..model import Limits, Progress
from ..reference.search import peak_memory
from ..result import Label, Reason, State, Steps


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
    stopped: Reason | None = None  # by which limit
    depth: int = 0
    actions: Mapping[str, int] = field(default_factory=dict)  # steps by action


class _Stop(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def every_step(
    specification: ir.Specification,
    start: Callable[[], Implementation],
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Conformance:
    """Takes every step from every reachable state; a divergence is a shortest one."""
    search = _Search(specification, start, limits or Limits(), progress)
    try:
        return search.found(search.run())
    except _Stop as stop:
        return search.found(None, stop.reason)
    except KeyboardInterrupt:
        return search.found(None, "interrupted")


class _Search:
    def __init__(
        self,
        specification: ir.Specification,
        start: Callable[[], Implementation],
        limits: Limits,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._meaning, self._start, self._limits, self._progress = Meaning(specification), start, limits, progress
        self._outside = start().outside
        self._paths: dict[State, Steps] = {}
        self._actions: Counter[str] = Counter()
        self._depth = 1
        self._began = time.monotonic()

    def run(self) -> Divergence | None:
        for label, state in self._meaning.initial():
            difference = self._start().difference(state)
            if difference is not None:
                self._paths[state] = ((label, state),)
                return Divergence(((label, state),), difference)
            self._paths.setdefault(state, ((label, state),))
        level = list(self._paths)
        while level:
            if self._limits.depth is not None and self._depth >= self._limits.depth:
                raise _Stop("depth")
            following: list[State] = []
            for number, state in enumerate(level):
                self._look_around(len(level) - number + len(following))
                divergence = self._expand(state, following)
                if divergence is not None:
                    return divergence
            level = following
            self._depth += bool(level)
        return None

    def _expand(self, state: State, following: list[State]) -> Divergence | None:
        for label, after in self._meaning.successors(state):
            if self._outside(after):
                continue
            steps = (*self._paths[state], (label, after))
            self._actions[label[0]] += 1
            difference = led(self._start(), steps).difference(after)
            if difference is not None:
                self._depth = len(steps)
                return Divergence(steps, difference)
            if after not in self._paths:
                self._paths[after] = steps
                following.append(after)
        return None

    def _look_around(self, frontier: int) -> None:
        limits, spent, distinct = self._limits, time.monotonic() - self._began, len(self._paths)
        if limits.states is not None and distinct >= limits.states:
            raise _Stop("states")
        if limits.seconds is not None and spent > limits.seconds:
            raise _Stop("seconds")
        if limits.memory is not None and peak_memory() > limits.memory:
            raise _Stop("memory")
        if self._progress is not None:
            count = self._actions.total()
            self._progress(Progress(distinct, count, self._depth, frontier, spent, peak_memory()))

    def found(self, divergence: Divergence | None, stopped: Reason | None = None) -> Conformance:
        """What the search has come to."""
        complete = divergence is None and stopped is None
        count = self._actions.total()
        return Conformance(len(self._paths), count, divergence, complete, stopped, self._depth, dict(self._actions))


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


def led(implementation: Implementation, steps: Sequence[tuple[Label, State]]) -> Implementation:
    """The implementation after the steps."""
    for (_, before), (label, _) in pairwise(steps):
        implementation.take(label, before)
    return implementation
