"""From the numbers that C gives to steps of the specification: every trace is replayed by the tree's own meaning.

C says which successor to take; the interpreter takes it, and what it gets must be what C had. Knows the interpreter
and layouts; nothing of searches.
"""

from collections.abc import Sequence
from typing import NoReturn

from ...spec.lang import domains, ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.interpret import Broken, Enabled, Interpreter
from ..reference.rebuild import NotReplayed
from ..reference.symmetry import Permutation, Symmetry, after, inverse
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
        self._symmetry = Symmetry(program.symmetric, (variable.type for variable in specification.variables))
        actions = (*specification.initial, *specification.actions)
        self._params = {action.name: tuple(param.type for param in action.params) for action in actions}

    def steps(self, ordinals: Sequence[int]) -> Steps:
        """The steps that take these successors, one after the other, from the initial states on.

        Under symmetry C goes from representative to representative; the renamings on the way are carried along, so
        that the steps are those of concrete elements.
        """
        found: list[tuple[Label, State]] = []
        at: bytes | None = None
        back = self._symmetry.identity()  # from the representative in C to the state at hand
        for ordinal in ordinals:
            label, target = self._taken(at, ordinal)
            in_c, _ = self._model.steps(at)
            if ordinal >= len(in_c) or self._program.actions[in_c[ordinal][0]] != label[0]:
                _disagree(f"it does not take the step {label[0]}")
            found.append(self._renamed(label, target, back))
            at = in_c[ordinal][1]
            back = after(back, inverse(self._renaming(target, self._state(at), label)))
        self._walk(found)
        return tuple(found)

    def _taken(self, at: bytes | None, ordinal: int) -> tuple[Label, State]:
        there = self._interpreter.initial() if at is None else self._known(self._state(at), ordinal)
        if ordinal >= len(there):
            _disagree("it has a successor that the specification does not have")
        return there[ordinal]

    def _known(self, state: State, ordinal: int) -> list[tuple[Label, State]]:
        """The steps of a state up to one of them: an action further on may not be possible to evaluate."""
        found: list[tuple[Label, State]] = []
        for action in self.specification.actions:
            for arguments in self._interpreter.instances(action, state):
                after_it = self._interpreter.attempt(action.name, arguments, state)
                if isinstance(after_it, Enabled):
                    found.append(((action.name, arguments), after_it.state))
            if len(found) > ordinal:
                break
        return found

    def _renamed(self, label: Label, state: State, names: Permutation) -> tuple[Label, State]:
        if not self._program.symmetric:
            return label, state
        mapping = dict(zip(self._symmetry.sorts, names, strict=True))
        name, arguments = label
        pairs = zip(self._params.get(name, ()), arguments, strict=True)
        renamed = tuple(domains.rename(kind, plain, mapping) for kind, plain in pairs)
        return (name, renamed), self._symmetry.rename(state, names)

    def _renaming(self, target: State, representative: State, label: Label) -> Permutation:
        """The renaming that leads from a state to the one that stands for it."""
        if not self._program.symmetric and target == representative:
            return self._symmetry.identity()
        one, other = self._symmetry.canonical(target), self._symmetry.canonical(representative)
        if one.values != other.values:
            _disagree(f"a step of {label[0]} leads to another state")
        return after(inverse(other.permutation), one.permutation)

    def _walk(self, steps: Sequence[tuple[Label, State]]) -> None:
        """Takes the concrete steps once more; under symmetry this is where a false claim of symmetry shows."""
        for number, step in enumerate(steps if self._program.symmetric else ()):
            before = steps[number - 1][1] if number else None
            there = self._interpreter.initial() if before is None else self._interpreter.successors(before)
            if step not in there:
                raise NotReplayed(step[0])

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
