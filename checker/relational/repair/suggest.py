"""Suggestions for a broken proof: candidates that are true of samples, exclude the counterexample, and prove.

The search goes round by round: take an obligation that fails, its minimised counterexample, and among the
candidates that are false before that step the smallest that is inductive beside the rest. Nothing is suggested
that was not proved; where the search ends without mending the proof, it says so.
"""

from dataclasses import dataclass

from ....spec.relational.finite import Compiled
from ....spec.relational.terms import Formula
from ....spec.relational.theory import Theory
from ....spec.relational.walks import Instance
from .. import cores
from ..counterexample import Counterexample, find
from ..obligations import START, Obligation, obligations
from ..solver.discharge import Settings, Status, discharge
from .schemas import Candidate, Schemas

WALKS, LENGTH, SAMPLES, SEED = 400, 50, 120, 1
ROUNDS = 6  # conjuncts suggested at most
QUICK = 400_000  # resource units for each question about a candidate
PATIENT = 10_000_000  # and about one that proves what was broken


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
    candidates: tuple[tuple[Candidate, Compiled], ...]


def plausible(theory: Theory) -> Plausible:
    """Filter all candidates on sampled states of the theory's small instances."""
    samples = [s for sizes in theory.instances for s in Instance(theory, **sizes).sample(WALKS, LENGTH, SAMPLES, SEED)]
    distinct: dict[Formula, Candidate] = {}
    offered = 0
    for candidate in sorted(Schemas(theory).candidates(), key=lambda c: c.size):
        offered += 1
        distinct.setdefault(candidate(theory).formula, candidate)
    tested = ((candidate, Compiled(formula)) for formula, candidate in distinct.items())
    kept = ((candidate, test) for candidate, test in tested if all(test.call(state) for state in samples))
    return Plausible(offered, tuple(kept))


def suggest(theory: Theory, without: frozenset[str], failing: tuple[str, ...], choice: Plausible) -> Suggestion:
    """Mend the proof of `theory` without some conjuncts, whose obligations `failing` were found to fail."""
    search = _Search(theory, without, choice)
    left = failing
    for _ in range(ROUNDS):
        left, broken = search.next_example(left)
        if broken is None or not search.extend(*broken):
            break
    if not left:
        left = search.prune(failing)
    found = tuple(candidate(theory).name.removeprefix("suggested: ") for candidate in search.accepted)
    schemas = tuple(candidate.schema for candidate in search.accepted)
    return Suggestion(found, schemas, left, choice.offered, len(choice.candidates), search.asked)


class _Search:
    def __init__(self, theory: Theory, without: frozenset[str], choice: Plausible) -> None:
        self.theory, self.without, self.choice = theory, without, choice
        self.accepted: tuple[Candidate, ...] = ()
        self.asked = 0
        self.cores = cores.load(cores.beside(type(theory)))
        self.quick = Settings(rlimit=QUICK, counterexamples=False, persistent=False)
        self.patient = Settings(rlimit=PATIENT, counterexamples=False, patience=0)

    def next_example(self, failing: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, Counterexample] | None]:
        """An obligation with a counterexample, after those that are not known to be proved by now."""
        left = failing
        for obligation in self._obligations(failing):
            if not self._is_proved(obligation, self.quick):
                example = find(self.theory, obligation)
                if example is not None:
                    return left, (obligation.name, example)
                if not self._is_proved(obligation, self.patient):
                    continue
            left = tuple(name for name in left if name != obligation.name)
        return left, None

    def extend(self, broken: str, example: Counterexample) -> bool:
        """Accept one candidate more: the first that proves the broken obligation and is inductive, else the
        first that excludes the counterexample and is inductive. False where there is none."""
        excluding = [c for c, test in self.choice.candidates if not test.call(example.before)]
        excluding = [candidate for candidate in excluding if candidate not in self.accepted]
        proving = (candidate for candidate in excluding if self._proves(candidate, broken))
        chosen = next((c for c in proving if self._is_inductive(c, patient=True)), None)
        chosen = chosen or next((c for c in excluding if self._is_inductive(c)), None)
        if chosen is not None:
            self.accepted += (chosen,)
        return chosen is not None

    def _proves(self, candidate: Candidate, name: str) -> bool:
        self.asked += 1
        todo = obligations(self.theory, self.without, (*self.accepted, candidate))
        return self._is_proved(next(o for o in todo if o.name == name), self.quick)

    def prune(self, failing: tuple[str, ...]) -> tuple[str, ...]:
        """Give back what was accepted and is not needed in the end; the obligations that fail then (none)."""
        for candidate in self.accepted:
            whole = self.accepted
            self.accepted = tuple(other for other in whole if other is not candidate)
            inductive = all(self._is_inductive(c, patient=True) for c in self.accepted)
            if not self.accepted or not inductive or self._unproved(failing):
                self.accepted = whole
        return self._unproved(failing)

    def _unproved(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(o.name for o in self._obligations(names) if not self._is_proved(o, self.patient))

    def _obligations(self, names: tuple[str, ...]) -> list[Obligation]:
        return [o for o in obligations(self.theory, self.without, self.accepted) if o.name in names]

    def _is_inductive(self, candidate: Candidate, patient: bool = False) -> bool:
        self.asked += 1
        name = candidate(self.theory).name
        others = tuple(other for other in self.accepted if other is not candidate)
        todo = obligations(self.theory, self.without, (*others, candidate))
        own = [o for o in todo if o.conjunct.name == name and not o.unchanged]
        outcomes = ((o, self._outcome(o, self.quick)) for o in sorted(own, key=lambda o: o.action != START))
        undecided = []
        for obligation, status in outcomes:
            if status is Status.REFUTED or (status is Status.UNDECIDED and not patient):
                return False
            undecided += [obligation] if status is Status.UNDECIDED else []
        return all(self._is_proved(o, self.patient) for o in undecided)

    def _is_proved(self, obligation: Obligation, settings: Settings) -> bool:
        return self._outcome(obligation, settings) is Status.PROVED

    def _outcome(self, obligation: Obligation, settings: Settings) -> Status:
        """With the stored core and what was accepted as a first guess."""
        core = self.cores.get(obligation.name)
        suggested = tuple(candidate(self.theory).name for candidate in self.accepted)
        guess = (*core.hypotheses, *suggested) if core is not None else None
        return discharge(self.theory, obligation, settings, guess).status
