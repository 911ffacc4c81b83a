"""The tables of `docs/proofs.md`, printed from runs: what is proved, which seeded bugs break it, what is needed.

`python -m quorate.checker.relational.evaluation theories` prints one of them. Counts and counterexamples depend on
the version of Z3 and on nothing else: effort is bounded by resources, not by time.
"""

import sys
from collections.abc import Callable, Iterator

from ...spec.relational.theory import Kind, Theory
from ...spec.relational.zookeeper import THEORIES
from . import cores
from .counterexample import Counterexample, find
from .obligations import obligations
from .prove import Options, Result, fragment_of, problem_of, prove
from .repair.suggest import Plausible, Suggestion, plausible, suggest
from .solver.discharge import Settings, Status

SHORT = Settings(rlimit=1_000_000, patience=0, counterexamples=False)  # what is proved has stored cores


def theories() -> Iterator[str]:
    """One row per theory. No solver is asked."""
    yield _row(
        "theory", "sorts", "relations and functions", "actions", "conjuncts (properties)", "obligations", "fragment"
    )
    yield _row(*["---"] * 7)
    for name, theory in ((name, theory()) for name, theory in THEORIES.items()):
        conjuncts = (*theory.conjuncts(), *theory.steps(theory))
        properties = sum(c.kind is not Kind.INVARIANT for c in conjuncts)
        todo = obligations(theory)
        decidable = all(fragment_of(theory, o).decidable for o in todo)
        yield _row(
            f"`{name}`",
            ", ".join(sort.__name__ for sort in theory.sorts),
            len(theory.symbols()),
            len(theory.actions()),
            f"{len(conjuncts)} ({properties})",
            len(todo),
            "EPR" if decidable else "outside EPR",
        )


def conjuncts(name: str) -> Iterator[str]:
    """One row per conjunct of a theory."""
    yield _row("conjunct", "kind", "what it says")
    yield _row(*["---"] * 3)
    theory = THEORIES[name]()
    for conjunct in (*theory.conjuncts(), *theory.steps(theory)):
        yield _row(f"`{conjunct.name}`", conjunct.kind.value, conjunct.sentence)


def bugs() -> Iterator[str]:
    """One row per seeded bug: what fails, and the first counterexample."""
    yield _row("theory", "seeded bug", "refuted", "undecided", "first counterexample", "elements", "facts")
    yield _row(*["---"] * 7)
    for name, theory in THEORIES.items():
        for deviation in theory.variants:
            result = prove(name, SHORT, Options(), deviation.name)
            yield _bug_row(name, deviation.name, result)


def _bug_row(theory: str, deviation: str, result: Result) -> str:
    instance = result.problem.instance()
    failing = {o.obligation for o in result.outcomes if o.status is not Status.PROVED}
    examples = (find(instance, o) for o in result.problem.obligations() if o.name in failing)
    first = next((example for example in examples if example is not None), None)
    cells = (f"`{first.obligation}`", _elements(first), first.facts) if first else ("none", "", "")
    counts = len(result.of(Status.REFUTED)), len(result.of(Status.UNDECIDED))
    return _row(f"`{theory}`", deviation, *counts, *cells)


def _elements(example: Counterexample) -> str:
    return ", ".join(f"{count} {sort}" for sort, count in example.before.sizes)


def left_out(*names: str) -> Iterator[str]:
    """One row per strengthening conjunct of ZAB: what fails without it, and what is suggested in its place."""
    theory = THEORIES["zab"]
    choice = plausible(theory())
    yield _row("left out", "not proved without it", "refuted with", "suggested", "of schema", "proof")
    yield _row(*["---"] * 6)
    for conjunct in theory().conjuncts():
        if conjunct.kind is Kind.INVARIANT and (not names or conjunct.name in names):
            yield left_out_row(theory, conjunct.name, choice)


def left_out_row(theory: type[Theory], name: str, choice: Plausible) -> str:
    """The row of one conjunct."""
    failing = fails_without(theory, name)
    if not failing:
        return _row(f"`{name}`", "nothing", "", "", "", "holds without it")
    found = suggest(theory(), frozenset({name}), failing, choice)
    written = "<br>".join(f"`{conjunct}`" for conjunct in found.conjuncts)
    shown = _refuted(theory, name, failing)
    return _row(f"`{name}`", len(failing), shown, written, ", ".join(found.schemas), _proof(found))


def _refuted(theory: type[Theory], name: str, failing: tuple[str, ...]) -> str:
    """The first failing obligation that has a finite counterexample, and the counterexample's elements."""
    for obligation in obligations(theory(), frozenset({name})):
        if obligation.name in failing:
            example = find(theory(), obligation)
            if example is not None:
                return f"`{obligation.name}`: {_elements(example)}"
    return "no finite counterexample found"


def _proof(found: Suggestion) -> str:
    return "complete again" if found.mends else f"{len(found.failing)} still fail"


def fails_without(theory: type[Theory], name: str) -> tuple[str, ...]:
    """The obligations that are not proved without one conjunct. The others have stored cores that do without it."""
    stored = cores.load(cores.beside(theory))
    weakened = {obligation for obligation, core in stored.items() if name in core.hypotheses}
    problem = problem_of(theory, without=frozenset({name}))
    options = Options(use_cores=False, only=lambda obligation: obligation.name in weakened)
    result = prove(problem, Settings(counterexamples=False, persistent=False), options)
    return tuple(o.obligation for o in result.outcomes if o.status is not Status.PROVED)


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


TABLES: dict[str, Callable[..., Iterator[str]]] = {
    "theories": theories,
    "conjuncts": conjuncts,
    "bugs": bugs,
    "left-out": left_out,
}


if __name__ == "__main__":
    for line in TABLES[sys.argv[1]](*sys.argv[2:]):
        print(line, flush=True)
