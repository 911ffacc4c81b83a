"""The meaning of a specification as generated Python: initial states, steps, properties.

`source_of` writes the source, `Meaning` compiles it once and runs it. Nothing is interpreted per step. A failing
run-time check raises EvaluationError. This module knows nothing of searches.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import ir
from ..domains import Plain
from .python.functions import Source, Writer

Label = tuple[str, tuple[Plain, ...]]
State = tuple[Plain, ...]
Steps = Callable[[State], Sequence[tuple[Label, State]]]


def source_of(specification: ir.Specification) -> Source:
    """The Python source that a specification means."""
    return Writer(specification).source()


class Meaning:
    """One specification, ready to run.

    `actions` are the pairs of an action's name and the function that gives all its steps in a state, in order of
    declaration; instances come in order of their arguments.
    """

    def __init__(self, specification: ir.Specification) -> None:
        self.specification = specification
        source = source_of(specification)
        module: dict[str, Any] = dict(source.objects)
        exec(compile(source.text, f"<{specification.name}>", "exec"), module)  # our own text, never a user's
        self._start: Callable[[], State] = module[source.start]
        self._initial: list[tuple[str, Steps]] = [(name, module[function]) for name, function in source.initial]
        self.actions: list[tuple[str, Steps]] = [(name, module[function]) for name, function in source.actions]
        if specification.performer is not None:
            self.actions = [(name, partial(specification.performer.steps, name)) for name, _ in self.actions]
        self.properties: dict[str, Callable[..., bool]] = {
            name: module[function] for name, function in source.properties.items()
        }
        self._steps = {one.name for one in specification.properties if one.kind == "step_invariant"}

    def initial(self) -> list[tuple[Label, State]]:
        """The initial states with their labels; without an initial action there is one, labelled `init`."""
        if self.specification.performer is not None:
            return self.specification.performer.initial()
        start = self._start()
        if not self._initial:
            return [(("init", ()), start)]
        return [step for _, steps in self._initial for step in steps(start)]

    def successors(self, state: State) -> list[tuple[Label, State]]:
        """All steps that can happen in a state."""
        return [step for _, steps in self.actions for step in steps(state)]

    def holds(self, name: str, state: State, before: State | None = None) -> bool:
        """Whether a property is true in a state; of a step invariant, in the step from `before` to it."""
        if name in self._steps:
            return bool(self.properties[name](before, state))
        return bool(self.properties[name](state))
