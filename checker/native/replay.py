"""From the numbers that C gives to steps of the specification: every trace is replayed by the tree's own meaning.

C says which successor to take; the interpreter takes it, and what it gets must be what C had. Knows the interpreter
and layouts; nothing of searches.
"""

from collections.abc import Sequence
from typing import NoReturn

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.interpret import Broken, Interpreter
from ..result import Label, State, Steps
from .binding import NOBODY, Model
from .generate.unit import Program


class EnginesDisagree(Exception):
    """The native engine and the meaning of the specification differ: a bug of ours."""


class Replay:
    """Replays paths of one search."""

    def __init__(self, specification: ir.Specification, program: Program, model: Model) -> None:
        self.specification = specification
        self._interpreter = Interpreter(specification)
        self._program, self._model = program, model

    def steps(self, ordinals: Sequence[int]) -> Steps:
        """The steps that take these successors, one after the other, from the initial states on."""
        found: list[tuple[Label, State]] = []
        at: bytes | None = None
        for ordinal in ordinals:
            there = self._interpreter.successors(found[-1][1]) if found else self._interpreter.initial()
            in_c, _ = self._model.steps(at)
            if ordinal >= len(there) or ordinal >= len(in_c):
                _disagree("it has a successor that the specification does not have")
            at = in_c[ordinal][1]
            label, state = there[ordinal]
            if self._state(at) != state or self._program.actions[in_c[ordinal][0]] != label[0]:
                _disagree(f"a step of {label[0]} leads to another state")
            found.append((label, state))
        return tuple(found)

    def _state(self, data: bytes) -> State:
        """The state that C holds, without the label that may stand behind it."""
        return self._program.state.decode(data)[: len(self.specification.variables)]

    def error(self, steps: Steps, failed: int, properties: int) -> tuple[EvaluationError, Label | str | None]:
        """The run-time check that fails at the end of a trace, and the action instance or property it fails in."""
        if failed != NOBODY and failed >= properties:
            one = self.specification.properties[failed - properties]
            return self._property_error(one, steps), one.name
        try:
            if steps:
                self._interpreter.successors(steps[-1][1])
            else:
                self._interpreter.initial()
        except EvaluationError as error:
            return error, self._culprit(steps)
        _disagree("a run-time check fails that the specification's meaning passes")

    def _property_error(self, one: ir.Property, steps: Steps) -> EvaluationError:
        before = steps[-2][1] if one.kind == "step_invariant" and len(steps) > 1 else None
        try:
            self._interpreter.holds(one.name, steps[-1][1], before)
        except EvaluationError as error:
            return error
        _disagree(f"{one.name} cannot be evaluated where the specification's meaning can")

    def _culprit(self, steps: Steps) -> Label | None:
        if not steps:
            return None
        for action in self.specification.actions:
            try:
                for arguments in self._interpreter.instances(action, steps[-1][1]):
                    if isinstance(self._interpreter.attempt(action.name, arguments, steps[-1][1]), Broken):
                        return action.name, arguments
            except EvaluationError:
                return action.name, ()
        return None


def _disagree(what: str) -> NoReturn:
    raise EnginesDisagree(f"the native engine disagrees with the specification's meaning: {what}; this is our fault")
