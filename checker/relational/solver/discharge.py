"""One obligation, with everything that may be tried on it, in this order: the stored core, all hypotheses, other
seeds, fewer hypotheses, a finite instance, more resources. Nothing but "unsatisfiable" is ever called proved.

Effort is bounded by Z3's resource count (`rlimit`), not by time: a loaded machine gives the same answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from time import process_time
from typing import Any

import z3

from ....spec.relational.terms import symbols
from ....spec.relational.theory import Theory
from ...z3_memory import OUT_OF_MEMORY, check
from ..counterexample import Counterexample, find
from ..obligations import Hypothesis, Obligation
from .translate import Integers, Translation


class Status(Enum):
    """What became of an obligation."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Settings:
    """How hard to try, and how."""

    seed: int = 0
    rlimit: int = 3_000_000  # Z3 resource units per attempt
    memory_megabytes: int = 4096  # per process
    integers: Integers = "unbounded"
    minimise_cores: bool = False
    counterexamples: bool = True
    persistent: bool = True  # otherwise one attempt with all hypotheses is enough
    patience: int = 8  # the last attempts get this many times the resources of the first; 0 leaves them out


@dataclass(frozen=True)
class Outcome:
    """Status of one obligation, how it was reached, and what shows it."""

    obligation: str
    status: Status
    how: str
    core: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    seconds: float = 0.0  # processor time


def discharge(
    theory: Theory, obligation: Obligation, settings: Settings, stored: tuple[str, ...] | None = None
) -> Outcome:
    """Prove or refute one obligation."""
    begin = process_time()
    if obligation.unchanged:
        return Outcome(obligation.name, Status.PROVED, "unchanged by the action", (obligation.conjunct.name,))
    try:
        outcome = _Attempts(theory, obligation, settings).outcome(stored)
    except (z3.Z3Exception, MemoryError) as error:
        why = OUT_OF_MEMORY if isinstance(error, MemoryError) else f"Z3: {error}"
        outcome = Outcome(obligation.name, Status.UNDECIDED, why)
    return replace(outcome, seconds=process_time() - begin)


@dataclass(frozen=True)
class _Answer:
    verdict: str  # sat, unsat, unknown
    core: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    reason: str = ""


class _Attempts:
    def __init__(self, theory: Theory, obligation: Obligation, settings: Settings) -> None:
        self.theory, self.obligation, self.settings = theory, obligation, settings
        self.translation = Translation(theory, settings.integers)

    def outcome(self, stored: tuple[str, ...] | None) -> Outcome:
        reason = ""
        for how, hypotheses, seed, rlimit in self._plan(stored):
            answer = self._ask(hypotheses, seed, rlimit)
            reason = reason or answer.reason
            if answer.verdict == "unsat":
                return self._proved(how, answer.core)
            if answer.verdict == "sat" and len(hypotheses) == len(self.obligation.hypotheses):
                return self._refuted("all hypotheses hold before, the conjunct is false after", answer.sizes)
            if answer.reason == OUT_OF_MEMORY:
                return self._outcome(Status.UNDECIDED, OUT_OF_MEMORY)
            if how == "fewer hypotheses" and self.settings.counterexamples:
                example = self._example(None)
                if example is not None:
                    return self._outcome(Status.REFUTED, "a finite instance", (), example)
        return self._outcome(Status.UNDECIDED, f"Z3 gave up: {reason}")

    def _plan(self, stored: tuple[str, ...] | None) -> Iterator[tuple[str, tuple[Hypothesis, ...], int, int]]:
        everything, rlimit, seed = self.obligation.hypotheses, self.settings.rlimit, self.settings.seed
        if stored is not None:
            yield "stored core", self._named(stored), seed, rlimit
        yield "all hypotheses", everything, seed, rlimit
        if not self.settings.persistent:
            return
        for other in (1, 2):
            yield f"seed {seed + other}", everything, seed + other, rlimit
        yield "fewer hypotheses", self._related(), seed, rlimit
        patience = self.settings.patience
        for other in (0, 1, 2) if patience else ():
            yield f"seed {seed + other}, {patience} times the resources", everything, seed + other, rlimit * patience

    def _named(self, names: Iterable[str]) -> tuple[Hypothesis, ...]:
        wanted = set(names)
        return tuple(h for h in self.obligation.hypotheses if h.name in wanted)

    def _related(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that speak only of relations in the goal or the guards."""
        spoken = symbols(self.obligation.goal).union(*map(symbols, self.obligation.guards))
        return tuple(h for h in self.obligation.hypotheses if symbols(h.formula) <= spoken)

    def _ask(self, hypotheses: tuple[Hypothesis, ...], seed: int, rlimit: int) -> _Answer:
        solver = self._solver(hypotheses, seed)
        solver.set("rlimit", rlimit)
        verdict, reason = check(solver, self.settings.memory_megabytes)
        if verdict == "unsat":
            return _Answer(verdict, tuple(sorted(str(name) for name in solver.unsat_core())))
        if verdict == "unknown":
            return _Answer(verdict, reason=_reason(reason))
        return _Answer(verdict, sizes=self._sizes(solver.model()))

    def _solver(self, hypotheses: tuple[Hypothesis, ...], seed: int) -> Any:
        solver, translate = z3.Solver(ctx=self.translation.context), self.translation.formula
        solver.set("random_seed", seed)
        solver.add(*(translate(axiom.formula) for axiom in self.theory.axioms()))
        for hypothesis in hypotheses:
            solver.assert_and_track(translate(hypothesis.formula), hypothesis.name)
        solver.add(*(translate(guard) for guard in self.obligation.guards))
        solver.add(z3.Not(translate(self.obligation.goal)))
        return solver

    def _sizes(self, model: Any) -> tuple[tuple[str, int], ...]:
        """How many elements of each sort the model has."""
        universes = {str(sort): len(model.get_universe(sort)) for sort in model.sorts()}
        names = (sort.__name__ for sort in self.theory.sorts if sort.__name__ != "Integer")
        return tuple((name, universes.get(name, 1)) for name in names)

    def _proved(self, how: str, core: tuple[str, ...]) -> Outcome:
        smallest = self._minimised(core) if self.settings.minimise_cores else core
        return self._outcome(Status.PROVED, how, smallest)

    def _minimised(self, core: tuple[str, ...]) -> tuple[str, ...]:
        """Leave out one hypothesis after the other, as long as the rest is quickly enough."""
        for name in core:
            rest = tuple(other for other in core if other != name)
            if self._ask(self._named(rest), self.settings.seed, self.settings.rlimit).verdict == "unsat":
                core = rest
        return core

    def _refuted(self, how: str, sizes: tuple[tuple[str, int], ...]) -> Outcome:
        example = None
        if self.settings.counterexamples:
            example = self._example(dict(sizes))
        return self._outcome(Status.REFUTED, how, (), example)

    def _example(self, sizes: dict[str, int] | None) -> Counterexample | None:
        return find(self.theory, self.obligation, self.settings.integers, sizes, self.settings.memory_megabytes)

    def _outcome(
        self, status: Status, how: str, core: tuple[str, ...] = (), example: Counterexample | None = None
    ) -> Outcome:
        return Outcome(self.obligation.name, status, how, core, example)


def _reason(given: str) -> str:
    words = {
        "canceled": "the resource limit was reached",
        "max. resource limit exceeded": "the resource limit was reached",
    }
    return words.get(given, given)
