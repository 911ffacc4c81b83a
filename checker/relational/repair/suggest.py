"""Suggestions for a broken proof: candidates that are true of samples, exclude the counterexample, and prove.

The search goes round by round: take an obligation that fails, its minimised counterexample, and among the
candidates that are false before that step the smallest that is inductive beside the rest. Nothing is suggested
that was not proved; where the search ends without mending the proof, it says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ....spec.relational.finite import Compiled, Structure
from ....spec.relational.terms import Formula
from ....spec.relational.theory import Theory
from ....spec.relational.walks import Instance
from ..counterexample import Counterexample, find
from ..obligations import START, Obligation, obligations
from ..solver.discharge import Settings, Status, discharge
from .schemas import Candidate, Schemas

WALKS, LENGTH, SAMPLES, SEED = 400, 50, 120, 1
ROUNDS = 6  # conjuncts suggested at most
QUICK = 400_000  # resource units for each question about a candidate


@dataclass(frozen=True)
class Suggestion:
    """What was found: the conjuncts that were proved, and the obligations that still fail with them."""

    conjuncts: tuple[str, ...]  # as formulas
    schemas: tuple[str, ...]  # the schema of each
    failing: tuple[str, ...]
    candidates: int  # that the vocabulary offers
    plausible: int  # of them true of all samples
    asked: int  # of them put to the solver

    @property
    def mends(self) -> bool:
        """The proof is complete with the suggested conjuncts."""
        return not self.failing and bool(self.conjuncts)


@dataclass(frozen=True)
class Plausible:
    """The candidates over a vocabulary that are true of samples. To be made once per theory."""

    offered: int
    candidates: tuple[tuple[Candidate, Formula], ...]


def plausible(theory: Theory) -> Plausible:
    """Filter all candidates on sampled states of the theory's small instances."""
    samples = [s for sizes in theory.instances for s in Instance(theory, **sizes).sample(WALKS, LENGTH, SAMPLES, SEED)]
    distinct: dict[Formula, Candidate] = {}
    offered = 0
    for candidate in sorted(Schemas(theory).candidates(), key=lambda c: c.size):
        offered += 1
        distinct.setdefault(candidate(theory).formula, candidate)
    kept = ((candidate, formula) for formula, candidate in distinct.items() if _true_of_all(formula, samples))
    return Plausible(offered, tuple(kept))


def _true_of_all(formula: Formula, samples: list[Structure]) -> bool:
    test = Compiled(formula)
    return all(test.call(state) for state in samples)


def suggest(theory: Theory, without: frozenset[str], failing: tuple[str, ...], choice: Plausible) -> Suggestion:
    """Mend the proof of `theory` without some conjuncts, whose obligations `failing` were found to fail."""
    search = _Search(theory, without, choice)
    left = failing
    for _ in range(ROUNDS):
        left = search.still_failing(left)
        if not left or not search.extend(left):
            break
    found = tuple(candidate(theory).name.removeprefix("suggested: ") for candidate in search.accepted)
    schemas = tuple(candidate.schema for candidate in search.accepted)
    left = search.still_failing(left)
    return Suggestion(found, schemas, left, choice.offered, len(choice.candidates), search.asked)


class _Search:
    def __init__(self, theory: Theory, without: frozenset[str], choice: Plausible) -> None:
        self.theory, self.without, self.choice = theory, without, choice
        self.accepted: tuple[Candidate, ...] = ()
        self.asked = 0
        self.quick = Settings(rlimit=QUICK, counterexamples=False, persistent=False)

    def still_failing(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the obligations that are not proved with what was accepted."""
        patient = replace(self.quick, rlimit=QUICK * 10)
        proved = {o.name for o in self._obligations(names) if self._is_proved(o, patient)}
        return tuple(name for name in names if name not in proved)

    def extend(self, failing: tuple[str, ...]) -> bool:
        """Accept one candidate more; False where none of them helps."""
        example = next(self._examples(failing), None)
        if example is None:
            return False
        for candidate, formula in self.choice.candidates:
            excluded = not Compiled(formula).call(example.before)
            if excluded and candidate not in self.accepted and self._is_inductive(candidate):
                self.accepted += (candidate,)
                return True
        return False

    def _examples(self, names: tuple[str, ...]) -> Iterator[Counterexample]:
        for obligation in self._obligations(names):
            example = find(self.theory, obligation)
            if example is not None:
                yield example

    def _obligations(self, names: tuple[str, ...]) -> list[Obligation]:
        return [o for o in obligations(self.theory, self.without, self.accepted) if o.name in names]

    def _is_inductive(self, candidate: Candidate) -> bool:
        self.asked += 1
        name = candidate(self.theory).name
        todo = obligations(self.theory, self.without, (*self.accepted, candidate))
        own = [o for o in todo if o.conjunct.name == name and not o.unchanged]
        return all(self._is_proved(o, self.quick) for o in sorted(own, key=lambda o: o.action != START))

    def _is_proved(self, obligation: Obligation, settings: Settings) -> bool:
        return discharge(self.theory, obligation, settings).status is Status.PROVED
