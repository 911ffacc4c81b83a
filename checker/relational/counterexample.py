"""Counterexamples to induction: found over small sorts, minimised, and checked again in Python before use.

A state in which every hypothesis holds, and a step from it after which a conjunct is false. It says that the proof
breaks; it does not say that the state can be reached.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import z3

from ...spec.relational.finite import Compiled, CompiledAction, Structure, falsifying
from ...spec.relational.terms import Variable
from ...spec.relational.theory import Theory
from ...spec.relational.vocabulary import OrderedSort
from ..z3_memory import check
from .obligations import EVERYWHERE, START, Obligation
from .solver.ground import Ground
from .solver.translate import Integers

LARGEST_ORDER = 4  # elements of ordered sorts, where the other sorts have two
LARGEST_SORT = 3  # elements per sort, at most, in the search for a finite counterexample


@dataclass(frozen=True)
class Counterexample:
    """A minimised counterexample to one obligation."""

    obligation: str
    sentence: str
    before: Structure
    after: Structure
    action: str
    parameters: tuple[tuple[Variable, int], ...]
    binding: tuple[tuple[Variable, int], ...]  # values for which the conjunct is false afterwards
    facts_found: int  # true facts before minimisation

    @property
    def facts(self) -> int:
        """True facts of the first state."""
        return sum(len(tuples) for _, tuples in self.before.relations)


def find(
    theory: Theory,
    obligation: Obligation,
    integers: Integers = "unbounded",
    sizes_of_model: dict[str, int] | None = None,
    megabytes: int | None = None,
) -> Counterexample | None:
    """The counterexample with the smallest sorts, then the fewest facts.

    Sorts of up to `LARGEST_SORT` elements are tried, then longer orders of fewer other elements, then the sizes of
    a model that a solver found. None if no counterexample is so small, or needs more memory.
    """
    sorts = [sort for sort in theory.sorts if sort.__name__ != "Integer"]
    candidates = [{sort.__name__: largest for sort in sorts} for largest in range(1, LARGEST_SORT + 1)]
    candidates.append({sort.__name__: LARGEST_ORDER if issubclass(sort, OrderedSort) else 2 for sort in sorts})
    search = partial(_Search, theory, obligation, integers=integers, megabytes=megabytes)
    for sizes in (*candidates, *((sizes_of_model,) if sizes_of_model else ())):
        if search(sizes).solvable():
            return search(_shrunk(search, sizes)).smallest()
    return None


def _shrunk(search: "Callable[[dict[str, int]], _Search]", sizes: dict[str, int]) -> dict[str, int]:
    """Sizes none of which can be smaller by itself."""
    for name in sizes:
        for smaller in range(1, sizes[name]):
            if search({**sizes, name: smaller}).solvable():
                sizes = {**sizes, name: smaller}
                break
    return sizes


class _Search:
    """One obligation over given sizes."""

    def __init__(
        self,
        theory: Theory,
        obligation: Obligation,
        sizes: dict[str, int],
        integers: Integers,
        megabytes: int | None = None,
    ) -> None:
        self.theory, self.obligation, self.integers, self.megabytes = theory, obligation, integers, megabytes
        self.ground = Ground(theory, sizes, integers)
        self.parameters = {p: self.ground.constant(f"parameter {p.name}", p.sort) for p in obligation.parameters}
        self.solver = z3.Solver(ctx=self.ground.context)
        for formula in (*(a.formula for a in theory.axioms()), *(h.formula for h in obligation.hypotheses)):
            self._require(self.ground.formula(formula, {}))
        for guard in obligation.guards:
            self._require(self.ground.formula(guard, self.parameters))
        goal = self.ground.formula(obligation.goal, self.parameters)
        self._require((not goal) if isinstance(goal, bool) else z3.Not(goal))
        self.solver.add(*self.ground.constraints)

    def _require(self, condition: Any) -> None:
        self.solver.add(self.ground.boolean(condition))

    def solvable(self) -> bool:
        """Is there a counterexample of these sizes, as far as the memory goes?"""
        return check(self.solver, self.megabytes)[0] == "sat"

    def smallest(self) -> Counterexample:
        """The model with no fact that could be left out by itself."""
        assert self.solvable()
        atoms = list(self.ground.atoms.values())
        found = sum(self._is_true(atom) for atom in atoms)
        self.solver.add(*(z3.Not(atom) for atom in atoms if not self._is_true(atom)))
        for atom in atoms:
            self._prefer(z3.Not(atom))
        for value in (*self.ground.values.values(), *self.parameters.values()):
            self._prefer(value[0][0] if isinstance(value, list) else value == 0)
        assert self.solvable()
        return self._replayed(found)

    def _prefer(self, condition: Any) -> None:
        """Require the condition from now on, if that leaves a model."""
        if self.solver.check(condition) == z3.sat:
            self.solver.add(condition)

    def _is_true(self, atom: Any) -> bool:
        return bool(z3.is_true(self.solver.model().eval(atom, model_completion=True)))

    def _replayed(self, found: int) -> Counterexample:
        """Read the model off, take the step in Python, and check that it shows what it claims."""
        model, words = self.solver.model(), self.integers == "int32"
        before = self.ground.structure(model)
        values = {p: self.ground.element(model, v) for p, v in self.parameters.items()}
        for hypothesis in self.obligation.hypotheses:
            assert Compiled(hypothesis.formula).call(before), f"{hypothesis.name} is false before the step"
        after = self._step(before, tuple(values.values()), words)
        binding = falsifying(self.obligation.goal, before, values, words)
        assert binding is not None, "the conjunct is true after the step"
        conjunct, action = self.obligation.conjunct, self.obligation.action
        parts = tuple(values.items()), tuple(binding.items())
        return Counterexample(self.obligation.name, conjunct.sentence, before, after, action, *parts, found)

    def _step(self, before: Structure, values: tuple[int, ...], words: bool) -> Structure:
        if self.obligation.action == EVERYWHERE:
            return before
        if self.obligation.action == START:
            return CompiledAction(self.theory, self.theory.first_step(), words).after(before, ())
        action = next(a for a in self.theory.actions() if a.name == self.obligation.action)
        compiled = CompiledAction(self.theory, action, words)
        for guard in action.step.guards:
            assert Compiled(guard, action.parameters, words).call(before, values), "a guard is false"
        return compiled.after(before, values)


def differences(example: Counterexample) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Facts that the step adds (`+`) and takes away (`-`), with the relation's name."""
    old = example.before.lookup.relations
    for name, tuples in example.after.relations:
        yield from (("+", name, arguments) for arguments in sorted(tuples - old[name]))
        yield from (("-", name, arguments) for arguments in sorted(old[name] - tuples))
