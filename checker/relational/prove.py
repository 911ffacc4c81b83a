"""Prove a theory: every obligation, in one call, with one honest verdict.

`holds` says that every obligation was shown unsatisfiable. `violated` says that one has a finite counterexample,
checked in Python: the proof breaks there; only at the start does that mean that the state is reached.
Everything else, limits of time, memory and resources among it, is `undecided`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import monotonic

import z3

from ...spec.relational.linter import Claim, Fragment, fragment
from ...spec.relational.theory import Theory
from ...spec.relational.zookeeper import THEORIES
from . import cores as core_files
from .obligations import Obligation
from .solver.discharge import Outcome, Settings, Status
from .workers import Problem, Work, run


class Verdict(Enum):
    """The answer, in the words of all engines."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Result:
    """What was asked, what came out, and for which limits."""

    problem: Problem
    settings: Settings
    outcomes: tuple[Outcome, ...]
    fragments: tuple[tuple[str, Fragment], ...]  # of the obligations, by name
    seconds: float  # wall time
    solver: str

    @property
    def verdict(self) -> Verdict:
        """Holds only if everything was proved."""
        if any(outcome.status is Status.REFUTED for outcome in self.outcomes):
            return Verdict.VIOLATED
        proved = self.outcomes and all(outcome.status is Status.PROVED for outcome in self.outcomes)
        return Verdict.HOLDS if proved else Verdict.UNDECIDED

    @property
    def processor_seconds(self) -> float:
        """Time spent on obligations, over all processes."""
        return sum(outcome.seconds for outcome in self.outcomes)

    def of(self, status: Status) -> tuple[Outcome, ...]:
        """The outcomes with this status."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is status)

    @property
    def undecidable(self) -> tuple[tuple[str, Fragment], ...]:
        """The obligations outside the decidable fragment."""
        return tuple((name, f) for name, f in self.fragments if not f.decidable)


@dataclass(frozen=True)
class Options:
    """How to run: processes, stored cores, limits, which obligations."""

    jobs: int = 2
    use_cores: bool = True
    store_cores: bool = False
    seconds: float | None = None  # wall-time limit of the whole run
    only: Callable[[Obligation], bool] | None = None
    progress: Callable[[Outcome], None] = lambda _: None


def prove(
    name: str | Problem, settings: Settings | None = None, options: Options | None = None, *deviations: str
) -> Result:
    """Prove a bundled theory by name (`zab`, `epochs`, `election`, `znodes`), or any problem.

    Raises KeyError for an unknown name, ValueError for an unknown deviation, CoreError for a broken core file.
    """
    settings, options = settings or Settings(), options or Options()
    problem = name if isinstance(name, Problem) else problem_of(THEORIES[name], *deviations)
    begin = monotonic()
    theory, todo = problem.instance(), problem.obligations()
    stored = core_files.load(core_files.beside(type(theory))) if options.use_cores else {}
    numbers = [n for n, o in enumerate(todo) if options.only is None or options.only(o)]
    deadline = None if options.seconds is None else begin + options.seconds
    found = run(Work(problem, settings, stored, numbers, deadline), options.jobs, options.progress)
    outcomes = tuple(found[n] for n in numbers)
    graphs = tuple((todo[n].name, fragment_of(theory, todo[n])) for n in numbers)
    version = f"Z3 {z3.get_version_string()}"
    result = Result(problem, settings, outcomes, graphs, monotonic() - begin, version)
    if options.store_cores and result.verdict is Verdict.HOLDS:
        store(type(theory), todo, result)
    return result


def problem_of(theory: type[Theory], *deviations: str, without: frozenset[str] = frozenset()) -> Problem:
    """The problem of proving a theory, with deviations switched on and conjuncts left out.

    Raises ValueError for a name that the theory does not have.
    """
    known = [conjunct.name for conjunct in theory(*deviations).conjuncts()]
    for name in without - set(known):
        raise ValueError(f"{theory.__name__} has no conjunct {name!r}; it has: {', '.join(known)}")
    return Problem(theory.__module__, theory.__qualname__, deviations, without)


def store(theory: type[Theory], todo: tuple[Obligation, ...], result: Result) -> None:
    """Write the cores of a complete proof beside the theory. Obligations that no action touches need none."""
    found = {outcome.obligation: outcome.core for outcome in result.outcomes}
    kept = tuple(core_files.Core(o.name, o.digest(), found[o.name]) for o in todo if not o.unchanged)
    core_files.store(core_files.beside(theory), theory.__name__, kept)


def fragment_of(theory: Theory, obligation: Obligation) -> Fragment:
    """The fragment of one obligation, as the solver gets it."""
    assumed = [Claim(axiom.name, axiom.formula) for axiom in theory.axioms()]
    assumed += [Claim(h.name, h.formula) for h in obligation.hypotheses]
    assumed += [Claim(f"guard {n} of {obligation.action}", g) for n, g in enumerate(obligation.guards, 1)]
    return fragment(theory, (*assumed, Claim(f"not {obligation.conjunct.name}", obligation.goal, assumed=False)))
