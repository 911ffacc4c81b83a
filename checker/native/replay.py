"""From the numbers that C gives to steps of the specification: every trace is replayed by the tree's own meaning.

C says which action to take, and which of its steps; the interpreter takes that one, and what it gets must be what C
had. Knows the interpreter and layouts; nothing of searches.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NoReturn

from ...spec.lang import domains, ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.interpret import Broken, Interpreter
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
        self._decode = program.state.decoder()
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
        representative: State | None = None
        back = identity = self._symmetry.identity()  # from the representative in C to the state at hand
        for ordinal in ordinals:
            name, among, after_it = self._in_c(at, ordinal)
            label, target = self._taken(representative, name, among)
            step = self._renamed(label, target, back)
            if back != identity:
                self._once_more(found[-1][1], step)
            found.append(step)
            at, representative = after_it, self._state(after_it)
            back = after(back, inverse(self._renaming(target, representative, label)))
        return tuple(found)

    def _in_c(self, at: bytes | None, ordinal: int) -> tuple[str, int, bytes]:
        """A successor in C: its action, how many others by that action come before it, and the state."""
        in_c, _ = self._model.steps(at)
        if ordinal >= len(in_c):
            _disagree("it does not find its own step again")
        action, state = in_c[ordinal]
        return self._program.actions[action], sum(other == action for other, _ in in_c[:ordinal]), state

    def _taken(self, at: State | None, name: str, among: int) -> tuple[Label, State]:
        """The step by an action after so many others by it; of other actions, and of later ones, nothing is asked."""
        there = self._interpreter.initial_by(name) if at is None else self._interpreter.successors_by(name, at)
        for found in islice(there, among, None):
            return found
        _disagree(f"it takes a step of {name} that the specification does not have")

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

    def _once_more(self, before: State, step: tuple[Label, State]) -> None:
        """Takes a step between concrete states; this is where a false claim of symmetry shows."""
        label, state = step
        try:
            same = self._interpreter.taken(*label, before) == state
        except EvaluationError:
            same = False
        if not same:
            raise NotReplayed(label)

    def _state(self, data: bytes) -> State:
        """The state that C holds, without the label that may stand behind it."""
        return self._decode(data)[: len(self.specification.variables)]

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
