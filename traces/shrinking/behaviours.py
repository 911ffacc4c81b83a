"""Behaviours of one specification that end as a trace does: run by compiled Python, each step remembered.

Where a boundary is false a behaviour may end, but not go on: so engines have it. Knows nothing of what is simpler.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Meaning
from ..replay import failing
from ..trace import DEADLOCK, Label, State, Step, Trace

Steps = tuple[Step, ...]


class NotShrinkable(Exception):
    """There is nothing that a shorter trace would have to show; the text says why."""


class Behaviours:
    """Takes steps in the trace's specification, and knows when the trace's end is reached."""

    def __init__(self, trace: Trace) -> None:
        self.specification = trace.specification
        self._meaning = Meaning(trace.specification)
        self._actions = dict(self._meaning.actions)
        self._after: dict[tuple[State, str], dict[Label, State]] = {}
        self._boundaries = [one.name for one in trace.specification.properties if one.kind == "boundary"]
        self._outside: dict[State, bool] = {}
        self.initial = [Step(label, state) for label, state in self._meaning.initial()]
        self.ends = self._end(trace)

    def _end(self, trace: Trace) -> Callable[[State | None, State], bool]:
        """Whether a step, or the initial state, ends a behaviour as the trace ends."""
        name, meaning = trace.property, self._meaning
        if trace.failure is not None:
            return self._failure(trace)
        if name is None or trace.verdict == "undecided":
            raise NotShrinkable("the trace ends in no violation and reaches nothing, so every part of it may matter")
        if name == DEADLOCK:
            intended = [one.name for one in trace.specification.properties if one.kind == "terminal"]
            return lambda _, state: not self.labels(state) and not any(meaning.holds(one, state) for one in intended)
        node = trace.property_node()
        if node is not None and node.kind == "step_invariant":
            return lambda before, state: before is not None and not meaning.holds(name, state, before)
        wanted = trace.verdict == "reached"
        return lambda _, state: meaning.holds(name, state) is wanted

    def _failure(self, trace: Trace) -> Callable[[State | None, State], bool]:
        from ...spec.lang.meaning.interpret import Interpreter

        interpreter, seen = Interpreter(trace.specification), dict[tuple[State | None, State], bool]()
        place = trace.failure.place if trace.failure is not None else ""

        def ends(before: State | None, state: State) -> bool:
            if (before, state) not in seen:
                found = failing(interpreter, state, before)
                seen[before, state] = found is not None and str(found[1].span) == place
            return seen[before, state]

        return ends

    def after(self, state: State, action: str) -> dict[Label, State]:
        """The steps of one action; none where they cannot be evaluated, or the state lies outside a boundary."""
        key = (state, action)
        if key not in self._after:
            if len(self._after) > 500_000:
                self._after.clear()
            try:
                self._after[key] = {} if self._is_outside(state) else dict(self._actions[action](state))
            except EvaluationError:
                self._after[key] = {}
        return self._after[key]

    def labels(self, state: State, actions: Collection[str] | None = None) -> list[tuple[Label, State]]:
        """All steps, or those of some actions, in order of declaration."""
        wanted = [name for name in self._actions if actions is None or name in actions]
        return [step for action in wanted for step in self.after(state, action).items()]

    def only(self, labels: Collection[Label]) -> Callable[[State], Iterator[tuple[Label, State]]]:
        """What can happen in a state, of these labels."""
        wanted, actions = set(labels), {label[0] for label in labels}

        def steps(state: State) -> Iterator[tuple[Label, State]]:
            return (step for step in self.labels(state, actions) if step[0] in wanted)

        return steps

    def run(self, first: Step, labels: Iterable[Label], lenient: bool = True) -> Steps | None:
        """The behaviour that takes these steps until the end is reached; None where it is not reached.

        A step that cannot happen is left out if `lenient`, as what enabled it may have been left out on purpose.
        """
        if self.ends(None, first.state):
            return (first,)
        found, state = [first], first.state
        for label in labels:
            after = self.after(state, label[0]).get(label)
            if after is None:
                if lenient:
                    continue
                return None
            found.append(Step(label, after))
            if self.ends(state, after):
                return tuple(found)
            state = after
        return None

    def _is_outside(self, state: State) -> bool:
        if not self._boundaries:
            return False
        if state not in self._outside:
            self._outside[state] = not all(self._meaning.holds(name, state) for name in self._boundaries)
        return self._outside[state]
