"""Shrinking a trace by replay, in three kinds of attempts until none of them helps any more.

First steps are left out, in ever smaller groups (delta debugging, Zeller and Hildebrandt 2002), and with them what they
enabled. Then a search uses the trace's own steps in any order. Then bounded searches with every step look for shortcuts
between the trace's states and to its end. Each attempt is a behaviour of the specification; the simplest is kept.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from ..trace import Label, State, Step, Trace
from .behaviours import Behaviours, NotShrinkable, Steps
from .cost import Cost, Element, Measure, Objective

__all__ = ["SHRUNK", "NotShrinkable", "Shrunk", "needed", "shrink"]

SHRUNK = ", shrunk from "  # stands in a trace's engine, before the number of states it had
BUDGET = 20_000  # states that one search may meet
Successors = Callable[[State], Iterable[tuple[Label, State]]]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The simpler trace. `necessary` has for each step whether the end is lost without it (of the first: True)."""

    trace: Trace
    before: Cost
    after: Cost
    faults: tuple[str, ...]  # the actions that counted as faults
    necessary: tuple[bool, ...]


def shrink(trace: Trace, objective: Objective = "steps", faults: Collection[str] = (), budget: int = BUDGET) -> Shrunk:
    """The simplest trace found that ends as this one does; the same one for the same input.

    Raises NotShrinkable where the trace ends in nothing particular.
    """
    shrinker = _Shrinker(trace, objective, faults, budget)
    best = shrinker.shrunk(trace.steps)
    cost = shrinker.measure.cost
    necessary = (True, *(not shrinker.can_do_without(best, position) for position in range(1, len(best))))
    engine = trace.engine if best == trace.steps else f"{trace.engine.partition(SHRUNK)[0]}{SHRUNK}{len(trace.steps)}"
    return Shrunk(
        replace(trace, steps=best, engine=engine),
        cost(trace.steps),
        cost(best),
        tuple(shrinker.measure.faults),
        necessary,
    )


def needed(trace: Trace) -> tuple[bool, ...]:
    """For each step whether the end is lost without it, and without what only it enabled (of the first: True).

    Raises NotShrinkable where the trace ends in nothing particular.
    """
    shrinker = _Shrinker(trace, "steps", (), BUDGET)
    positions = range(1, len(trace.steps))
    return (True, *(not shrinker.can_do_without(trace.steps, position) for position in positions))


class _Shrinker:
    def __init__(self, trace: Trace, objective: Objective, faults: Collection[str], budget: int) -> None:
        self.behaviours = Behaviours(trace)
        self.measure = Measure(trace.specification, faults)
        self._objective, self._budget = objective, budget

    def shrunk(self, steps: Steps) -> Steps:
        best = self._simpler(steps, self.behaviours.run(steps[0], _labels(steps))) or steps
        while True:
            start = best
            for attempt in self._attempts():
                best = self._simpler(best, attempt(best)) or best
            if best == start:
                return best

    def _attempts(self) -> Iterator[Callable[[Steps], Steps | None]]:
        yield from (self._without_loops, self._left_out, self._reordered, self._of_same_actions)
        yield from (self._without_a_server, self._with_shortcuts)

    def _simpler(self, best: Steps, other: Steps | None) -> Steps | None:
        """The other where it is simpler."""
        return other if other is not None and self._key(other) < self._key(best) else None

    def _key(self, steps: Steps) -> tuple[int, ...]:
        return self.measure.cost(steps).key(self._objective)

    def can_do_without(self, steps: Steps, position: int) -> bool:
        """Whether the end is reached without this step, and without what only it enabled."""
        labels = _labels(steps)
        return self.behaviours.run(steps[0], labels[: position - 1] + labels[position:]) is not None

    def _without_loops(self, steps: Steps) -> Steps | None:
        last = {step.state: position for position, step in enumerate(steps)}
        kept, position = list[Label](), last[steps[0].state]
        while position + 1 < len(steps):
            kept.append(steps[position + 1].label)
            position = last[steps[position + 1].state]
        return self.behaviours.run(steps[0], kept, lenient=False)

    def _left_out(self, steps: Steps) -> Steps:
        """From which no group of neighbouring steps can be left out, down to single ones."""
        size = max(1, (len(steps) - 1) // 2)
        while True:
            position = 0
            while position < len(steps) - 1:
                labels = _labels(steps)
                other = self.behaviours.run(steps[0], labels[:position] + labels[position + size :])
                shorter = self._simpler(steps, other)
                steps, position = (shorter, position) if shorter is not None else (steps, position + size)
            if size == 1:
                return steps
            size //= 2

    def _reordered(self, steps: Steps) -> Steps | None:
        """The simplest behaviour that is made of the trace's own steps."""
        successors = self.behaviours.only(_labels(steps))
        return self._search([steps[0]], successors, self._ends, self._budget, self._limit(steps))

    def _limit(self, steps: Steps) -> int:
        """How long a way may be that is simpler: shorter, where steps count first."""
        return len(steps) - 1 if self._objective == "steps" else 2 * len(steps)

    def _of_same_actions(self, steps: Steps) -> Steps | None:
        """The simplest behaviour of the trace's actions, with any arguments that the trace mentions."""
        successors = self._among(self._used(steps), {label[0] for label in _labels(steps)})
        return self._search(self.behaviours.initial, successors, self._ends, self._budget, self._limit(steps))

    def _with_shortcuts(self, steps: Steps) -> Steps | None:
        """From every state on, a shorter way to the end, or to a later state of the trace."""
        every = self.behaviours.labels
        best = self._search(self.behaviours.initial, every, self._ends, self._budget, self._limit(steps))
        if best is not None:
            return best
        for position in range(len(steps) - 1):
            later = {step.state: index for index, step in enumerate(steps) if index > position + 1}

            def arrives(before: State | None, state: State, later: dict[State, int] = later) -> bool:
                return state in later or self._ends(before, state)

            way = self._search([steps[position]], every, arrives, self._budget // 20, self._limit(steps))
            if way is None:
                continue
            rest = steps[later[way[-1].state] + 1 :] if way[-1].state in later else ()
            labels = [*_labels(steps[: position + 1]), *_labels(way), *(step.label for step in rest)]
            shorter = self._simpler(steps, self.behaviours.run(steps[0], labels))
            if shorter is not None:
                return shorter
        return None

    def _without_a_server(self, steps: Steps) -> Steps | None:
        """The same end with one element fewer, whoever acts in its place."""
        used, every = self._used(steps), [action.name for action in self.behaviours.specification.actions]
        for element in used:
            successors = self._among(used.keys() - {element}, every)
            found = self._search(self.behaviours.initial, successors, self._ends, self._budget, self._limit(steps))
            if found is not None:
                return found
        return None

    def _used(self, steps: Steps) -> dict[Element, None]:
        return dict.fromkeys(element for label in _labels(steps) for element in self.measure.elements(label))

    def _among(self, elements: Collection[Element], actions: Collection[str]) -> Successors:
        """The steps of these actions that mention no other elements."""

        def steps(state: State) -> Iterator[tuple[Label, State]]:
            for label, after in self.behaviours.labels(state, actions):
                if all(element in elements for element in self.measure.elements(label)):
                    yield label, after

        return steps

    def _ends(self, before: State | None, state: State) -> bool:
        return self.behaviours.ends(before, state)

    def _search(
        self,
        starts: Iterable[Step],
        successors: Successors,
        arrives: Callable[[State | None, State], bool],
        budget: int,
        limit: int,
    ) -> Steps | None:
        return _Search(self.measure, self._objective, limit, budget).run(starts, successors, arrives)


@dataclass(frozen=True, slots=True, order=True)
class _Way:
    """A way that a search has found: what it costs (the objective first, then steps), and its last step."""

    cost: tuple[int, int]
    number: int  # ways are distinct, and of equal ones the first comes first
    step: Step = field(compare=False)
    lane: Element | None = field(compare=False)
    rest: "_Way | None" = field(compare=False)
    arrived: bool = field(compare=False)

    def steps(self) -> Steps:
        found, way = list[Step](), self
        while True:
            found.append(way.step)
            if way.rest is None:
                return tuple(reversed(found))
            way = way.rest


class _Search:
    """The cheapest way from one of the starts to where `arrives` says so, within a number of states."""

    def __init__(self, measure: Measure, objective: Objective, limit: int, budget: int) -> None:
        self._measure, self._objective = measure, objective
        self._limit, self._budget = limit, budget  # of steps, and of states

    def run(
        self, starts: Iterable[Step], successors: Successors, arrives: Callable[[State | None, State], bool]
    ) -> Steps | None:
        queue: list[_Way] = []
        for start in starts:
            queue.append(_Way((0, 1), len(queue), start, None, None, arrives(None, start.state)))
        cheapest = {(way.step.state, way.lane): way.cost for way in queue}
        number = len(queue)
        heapq.heapify(queue)
        while queue and len(cheapest) <= self._budget:
            way = heapq.heappop(queue)
            if way.arrived:
                return way.steps()
            if way.cost[1] >= self._limit or way.cost > cheapest[way.step.state, way.lane]:
                continue
            for label, after in successors(way.step.state):
                cost, lane = self._onwards(way, label)
                arrived = arrives(way.step.state, after)
                if not arrived and cost >= cheapest.get((after, lane), (cost[0] + 1, 0)):
                    continue
                if not arrived:
                    cheapest[after, lane] = cost
                number += 1
                heapq.heappush(queue, _Way(cost, number, Step(label, after), lane, way, arrived))
        return None

    def _onwards(self, way: _Way, label: Label) -> tuple[tuple[int, int], Element | None]:
        """What a way costs with one more step, and who has acted last where that matters."""
        spent, steps = way.cost
        match self._objective:
            case "faults":
                return (spent + (label[0] in self._measure.faults), steps + 1), None
            case "switches":
                lane = self._measure.lane(label) or way.lane
                return (spent + (way.lane is not None and lane != way.lane), steps + 1), lane
            case "steps" | "servers":
                return (0, steps + 1), None
        assert_never(self._objective)


def _labels(steps: Steps) -> list[Label]:
    return [step.label for step in steps[1:]]
