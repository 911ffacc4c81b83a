"""Does the specification really treat the elements of a sort alike? A test by random renaming.

For sampled states, the steps of the renamed state must be the renamed steps, and every property must be equally true.
A specification can break this although it has no order on the sort: by storing a sort's elements in a sequence as it
iterates over them, or by taking the first of equals. The test finds such places; it cannot prove their absence.
"""

from collections import Counter
from random import Random

from ...spec.lang import domains, ir
from ...spec.lang.domains import Sort
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Label, Meaning, State
from .symmetry import Permutation, Symmetry

SAMPLES = 64  # the first so many states are tested, and later ones ever more rarely
GENERATED = 8  # the first so many states are tested under permutations that make up all others


class Asymmetry(Exception):
    """The specification tells elements of a sort apart; `error` says where and how it was seen."""

    def __init__(self, error: EvaluationError, culprit: str) -> None:
        super().__init__(str(error))
        self.error, self.culprit = error, culprit


class SelfTest:
    """Renames sampled states at random, from a seed."""

    def __init__(self, meaning: Meaning, whole: Symmetry, seed: int) -> None:
        self._meaning, self._whole = meaning, whole
        self._random = Random(seed)
        self._seed = seed
        self._count = 0
        spec = meaning.specification
        self._params = {a.name: tuple(p.type for p in a.params) for a in (*spec.initial, *spec.actions)}
        self._spans = {action.name: action.span for action in spec.actions}

    def start(self, found: list[tuple[Label, State]]) -> None:
        """Tests that the initial states are the same set under every renaming."""
        states = dict.fromkeys(state for _, state in found)
        for state in list(states)[:SAMPLES]:
            for permutation in (*self._generators(), self._permutation()):
                if self._whole.rename(state, permutation) not in states:
                    initial = self._meaning.specification.initial
                    name, span = (initial[0].name, initial[0].span) if initial else ("init", None)
                    self._report(name, span, "the renamed state is not initial", state, permutation)

    def sample(self, state: State) -> None:
        """Tests this state, or not: every early one, later ones by chance."""
        self._count += 1
        if self._random.random() * self._count < SAMPLES:
            self._test(state, self._permutation())
        if self._count <= GENERATED:
            for permutation in self._generators():
                self._test(state, permutation)

    def _test(self, state: State, permutation: Permutation) -> None:
        renamed = self._whole.rename(state, permutation)
        for name, steps in self._meaning.actions:
            expected = Counter(
                (self._label(lb, permutation), self._whole.rename(t, permutation)) for lb, t in steps(state)
            )
            if expected != Counter(steps(renamed)):
                self._report(name, self._spans[name], "its steps differ in the renamed state", state, permutation)
        for one in self._meaning.specification.properties:
            if one.kind == "step_invariant":
                continue
            if self._meaning.holds(one.name, state) is not self._meaning.holds(one.name, renamed):
                self._report(one.name, one.span, "its truth differs in the renamed state", state, permutation)

    def _label(self, label: Label, permutation: Permutation) -> Label:
        mapping = dict(zip(self._whole.sorts, permutation, strict=True))
        name, arguments = label
        return name, tuple(domains.rename(k, p, mapping) for k, p in zip(self._params[name], arguments, strict=True))

    def _permutation(self) -> Permutation:
        """A permutation at random that moves something."""
        while True:
            moved = tuple(tuple(self._random.sample(range(sort.size), sort.size)) for sort in self._whole.sorts)
            if moved != self._whole.identity():
                return moved

    def _generators(self) -> list[Permutation]:
        """An exchange and a rotation of each sort: every permutation is made of these."""
        identity = self._whole.identity()
        found: list[Permutation] = []
        for number, of_sort in enumerate(identity):
            for moved in dict.fromkeys([(1, 0, *of_sort[2:]), (*of_sort[1:], 0)]):
                found.append((*identity[:number], moved, *identity[number + 1 :]))
        return found

    def _report(self, name: str, span: ir.Span | None, what: str, state: State, permutation: Permutation) -> None:
        variables = self._meaning.specification.variables
        shown = ", ".join(f"{v.name}={domains.show(v.type, p)}" for v, p in zip(variables, state, strict=True))
        moves = ", ".join(_shown(sort, moved) for sort, moved in zip(self._whole.sorts, permutation, strict=True))
        message = (
            f"{name} tells elements of an unordered Sort apart: {what} (seed {self._seed}). "
            f"State: {shown}. Renaming: {moves}. Declare the Sort `ordered=True`, or check with --no-symmetry"
        )
        raise Asymmetry(EvaluationError(span, message), name)


def _shown(sort: Sort, moved: tuple[int, ...]) -> str:
    pairs = (f"{domains.show(sort, old)}→{domains.show(sort, new)}" for old, new in enumerate(moved) if old != new)
    return ", ".join(pairs) or f"{sort.name} unchanged"
