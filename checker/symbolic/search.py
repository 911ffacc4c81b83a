"""The three questions to Z3: a violation within K steps, an inductive invariant, k-induction.

A violation is a path from an initial state; it is replayed by the Python meaning before it counts. A counterexample to
induction starts anywhere, so it proves nothing about reachable states; it is reported as such. Whatever the solver
gives up on is undecided. Knows formulas, not reports.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import z3

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Meaning
from .. import reference
from ..model import Limits, Options, properties_of
from ..result import DEADLOCK, Result, State, Steps
from .path import Path
from .renaming import Renamings
from .solving import Gave, Patience, Solver
from .terms import Truth, conj, disj, neg
from .transition import System

SELF_TESTED = 64  # states on which a declared symmetry is tested before it is relied on


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: "steps" searches paths of at most `bound` steps; "inductive" asks whether the named invariants
    (all, where none is named) are preserved together by every step; "k-induction" lets `bound` steps go by first."""

    kind: Literal["steps", "inductive", "k-induction"] = "steps"
    bound: int = 10
    invariants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A result; and where induction fails the pair of states (or path) that shows it, which need not be reachable."""

    result: Result
    to_induction: tuple[State, ...] = ()
    broken: str | None = None  # the invariant that the last of these states, or the last step, violates


def prove(specification: ir.Specification, question: Question, options: Options) -> Answer:
    """Asks Z3. Verdicts: `violated` with a replayed trace, `holds` by induction for every reachable state of this
    configuration, or `undecided`: no violation within the bound, not inductive, or the solver gave up."""
    started = time.monotonic()
    kinds: tuple[ir.Kind, ...] = ("invariant", "step_invariant")
    known = [one for kind in kinds for one in properties_of(specification, kind, options)]
    asked = [one for one in known if not question.invariants or one.name in question.invariants]
    try:
        answer = _Prover(specification, question, options, asked).answer()
    except Gave as problem:
        answer = Answer(undecided(specification, question, asked, str(problem), problem.limit))
    finished = replace(answer.result, engine="symbolic", seconds=time.monotonic() - started)
    return replace(answer, result=finished)


class _Prover:
    def __init__(
        self, specification: ir.Specification, question: Question, options: Options, asked: list[ir.Property]
    ) -> None:
        self.specification, self.question, self.options, self.asked = specification, question, options, asked
        self.patience = Patience(options.limits)
        self.system = System(specification, options, self.patience.check)
        self.meaning = Meaning(specification)
        self.invariants = [one for one in asked if one.kind == "invariant"]
        self.step_invariants = [one for one in asked if one.kind == "step_invariant"]

    def answer(self) -> Answer:
        match self.question.kind:
            case "steps":
                return self._steps(self.question.bound)
            case "inductive":
                return self._induction(1)
            case "k-induction":
                return self._induction(self.question.bound)

    # -------------------------------------------------------------------------------------------- formulas

    def _bad_state(self) -> Truth:
        """That `now` violates an invariant, is stuck, or cannot be evaluated."""
        found: list[Truth] = []
        for one in self.invariants:
            holds, failures = self.system.holds(one)
            found += [neg(holds), *(failure.condition for failure in failures)]
        chosen = self.options.properties
        if self.options.deadlock and (chosen is None or DEADLOCK in chosen) and not self.question.invariants:
            found.append(conj(self.system.inside(), self.system.stuck()))
        if not self.question.invariants:
            found += [conj(self.system.inside(), f.condition) for i in self.system.instances for f in i.failures]
        return disj(*found)

    def _bad_step(self) -> Truth:
        """That the step from `now` to `next` violates a step invariant."""
        found: list[Truth] = []
        for one in self.step_invariants:
            holds, failures = self.system.holds(one)
            found += [neg(holds), *(failure.condition for failure in failures)]
        return disj(*found)

    def _at(self, formula: Truth, states: list[list[Any]], index: int) -> Any:
        """A formula over `now` and `next`, moved to two consecutive states of a path."""
        if isinstance(formula, bool):
            return z3.BoolVal(formula)
        pairs = list(zip(self.system.constants(self.system.now), states[index], strict=True))
        if index + 1 < len(states):
            pairs += list(zip(self.system.constants(self.system.next), states[index + 1], strict=True))
            pairs += [(taken, z3.Bool(f"{index}.{taken.decl().name()}")) for taken in self.system.taken]
        return z3.substitute(formula, *pairs)

    def _copy(self, index: int) -> list[Any]:
        constants = self.system.constants(self.system.now)
        return [z3.Const(f"{index}.{constant.decl().name()}", constant.sort()) for constant in constants]

    # ----------------------------------------------------------------------------------------- k-step search

    def _steps(self, bound: int) -> Answer:
        """Longer and longer paths; the first violation is a shortest one. Where none is longer, all were seen."""
        solver = Solver(self.options.seed, self.patience)
        renamings = Renamings(self.specification) if self._is_symmetric() else None
        path = Path(self.system, solver, self._bad_state(), self._bad_step(), renamings)
        for length in range(bound + 1):
            model = path.violation()
            if model is not None:
                return Answer(self._violated(path.rows, model))
            if length == bound:
                break
            if not path.extend():
                result = replace(self._undecided(f"no path has more than {length} steps"), reason="complete")
                return Answer(replace(result, verdict="holds", complete=True))
            model = path.bad_last_step()
            if model is not None:
                return Answer(self._violated(path.rows, model))
        return Answer(self._undecided(f"no violation within {bound} steps"))

    def _is_symmetric(self) -> bool:
        """Whether names may be exchanged: nothing is seen to tell them apart in the first states of all."""
        if not self.options.symmetry:
            return False
        first = reference.check(self.specification, replace(self.options, limits=Limits(states=SELF_TESTED)))
        return first.reason != "asymmetry"

    def _violated(self, states: list[list[Any]], model: Any) -> Result:
        plain = [self._plain(row, model) for row in states]
        steps = self._replayed(plain)
        return self._judged(steps)

    def _plain(self, row: list[Any], model: Any) -> State:
        moved = dict(zip((c.get_id() for c in self.system.constants(self.system.now)), row, strict=True))
        state = {name: _moved(value, moved) for name, value in self.system.now.items()}
        return self.system.plain(state, model)

    def _replayed(self, states: list[State]) -> Steps:
        """The path with labels, each step found among the successors that the Python meaning gives."""
        found = [next(((label, s) for label, s in self.meaning.initial() if s == states[0]), None)]
        for before, after in pairwise(states):
            found.append(next(((label, s) for label, s in self.meaning.successors(before) if s == after), None))
        if any(entry is None for entry in found):
            raise AssertionError("a path that Z3 gave is not a behaviour of the Python meaning")
        return tuple(entry for entry in found if entry is not None)

    def _judged(self, steps: Steps) -> Result:
        """Which property the last state, or the last step, violates, as the Python meaning says."""
        last = steps[-1][1]
        before = steps[-2][1] if len(steps) > 1 else None
        common = replace(self._undecided(""), steps=steps, depth=len(steps), verdict="violated")
        for one in self._checked(before):
            try:
                if not self.meaning.holds(one.name, last, before if one.kind == "step_invariant" else None):
                    kind: Any = one.kind
                    return replace(common, property=one.name, reason=kind)
            except EvaluationError as error:
                return replace(common, reason="error", error=error, failed=one.name)
        try:
            stuck = not self.meaning.successors(last)
        except EvaluationError as error:
            return replace(common, reason="error", error=error)
        if stuck:
            return replace(common, property=DEADLOCK, reason="deadlock")
        raise AssertionError("Z3 sees a violation where the Python meaning sees none")

    def _checked(self, before: State | None) -> Iterator[ir.Property]:
        yield from self.invariants
        if before is not None:
            yield from self.step_invariants

    def _undecided(self, why: str) -> Result:
        return undecided(self.specification, self.question, self.asked, why)

    # ----------------------------------------------------------------------------------------------- induction

    def _induction(self, length: int) -> Answer:
        """Base: no violation within `length - 1` steps. Step: after `length` good states comes another good one."""
        base = self._steps(length - 1)
        if base.result.verdict != "undecided":
            return base
        solver, states = Solver(self.options.seed, self.patience), [self._copy(n) for n in range(length + 1)]
        step, good, typed = self.system.step(), neg(self._bad_state()), self.system.well_typed()
        bad_step, inside = self._bad_step(), self.system.inside()
        solver.add(self._at(typed, states, 0))
        for n in range(length):
            solver.add(self._at(conj(good, inside, step), states, n))
            if n + 1 < length:
                solver.add(self._at(neg(bad_step), states, n))
        worse = z3.Or(self._at(self._bad_state(), states, length), self._at(bad_step, states, length - 1))
        model = solver.model(worse)
        if model is None:
            result = replace(self._undecided("the invariants are inductive"), verdict="holds", reason="complete")
            return Answer(replace(result, complete=True))
        model = self._simplest(solver, worse, states, model)
        path = tuple(self._plain(row, model) for row in states)
        return Answer(self._undecided("the invariants are not inductive"), path, self._culprit(path))

    def _simplest(self, solver: Solver, worse: Any, states: list[list[Any]], model: Any) -> Any:
        """A counterexample whose first state has as many leaves as possible as the initial state has them."""
        _, start = self.meaning.initial()[0]
        wanted = self.system.known_state(start)
        kept: list[Any] = [worse]
        for constant, value in zip(states[0], self.system.constants(wanted), strict=True):
            same = constant == value
            if z3.is_true(model.eval(same, model_completion=True)):
                kept.append(same)
                continue
            simpler = solver.model(*kept, same)
            if simpler is not None:
                model = simpler
                kept.append(same)
        return model

    def _culprit(self, path: tuple[State, ...]) -> str | None:
        for one in self._checked(path[-2]):
            try:
                if not self.meaning.holds(one.name, path[-1], path[-2] if one.kind == "step_invariant" else None):
                    return one.name
            except EvaluationError:
                return one.name
        return DEADLOCK


def undecided(
    specification: ir.Specification,
    question: Question,
    asked: list[ir.Property],
    why: str,
    limit: Literal["seconds", "memory", "depth"] = "depth",
) -> Result:
    """A result that says what was asked and why it is not decided."""
    bounds: dict[str, int | float | str | bool] = dict(specification.constants)
    bounds |= {"question": question.kind, "why": why}
    if question.kind != "inductive":
        bounds["steps"] = question.bound
    names = tuple(one.name for one in asked)
    return Result(verdict="undecided", reason=limit, bounds=bounds, properties=names)


def _moved(value: Any, moved: dict[int, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_moved(part, moved) for part in value)
    return moved[value.get_id()]
