"""The result of a proof as text for a terminal: what holds, for which sizes, what broke, what was not decided."""

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from ...spec.relational.theory import Kind, Theory
from .prove import Result, Verdict
from .repair.suggest import Suggestion
from .solver.discharge import Status
from .table import table

MOST_LINES = 10  # of undecided obligations
EXIT_CODES = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNDECIDED: 4}


def report(result: Result) -> str:
    """The whole report."""
    theory = result.problem.instance()
    return "\n".join([*head(theory, result), *_failures(theory, result), "", verdict_line(result)])


def head(theory: Theory, result: Result) -> Iterator[str]:
    """What was asked, how much of it was proved, and in which fragment it lies."""
    yield from _summary(theory, result)
    yield from _fragment(result)


def suggestion_report(found: Suggestion) -> str:
    """What may mend a broken proof, or that nothing was found."""
    filtered = f"{found.candidates} candidates, {found.plausible} true of all samples, {found.asked} put to the solver"
    if not found.conjuncts:
        return f"\nsuggestions: none found ({filtered})"
    pairs = zip(found.schemas, found.conjuncts, strict=True)
    lines = [f"  {schema}: {conjunct}" for schema, conjunct in pairs]
    rest = f"{len(found.failing)} obligations still fail" if found.failing else "the proof is complete with them"
    return "\n".join([f"\nsuggestions ({filtered}); {rest}:", *lines])


def _summary(theory: Theory, result: Result) -> Iterator[str]:
    kinds = Counter(c.kind for c in (*theory.conjuncts(), *theory.steps(theory)))
    counted = ", ".join(f"{kinds[kind]} {_plural(kind, kinds[kind])}" for kind in Kind if kinds[kind])
    sorts = ", ".join(sort.__name__ for sort in theory.sorts)
    yield f"{result.problem.theory} for any number of: {sorts}"
    yield f"{counted}; {len(theory.actions())} actions; {result.settings.integers} integers"
    if result.problem.deviations:
        yield f"deviations: {', '.join(result.problem.deviations)}"
    if result.problem.without:
        yield f"left out: {', '.join(sorted(result.problem.without))}"
    how = Counter(_manner(outcome.how) for outcome in result.of(Status.PROVED))
    manners = ", ".join(f"{count} {manner}" for manner, count in sorted(how.items()))
    yield f"{len(result.of(Status.PROVED))} of {len(result.outcomes)} obligations proved ({manners or 'none'})"
    spent = f"{result.seconds:.1f} s, {result.processor_seconds:.1f} s of solving"
    yield f"{spent}, {result.solver}, seed {result.settings.seed}"


def _plural(kind: Kind, count: int) -> str:
    if count == 1:
        return kind.value
    return kind.value[:-1] + "ies" if kind.value.endswith("y") else kind.value + "s"


def _manner(how: str) -> str:
    return "after another seed" if how.startswith("seed") else how


def _fragment(result: Result) -> Iterator[str]:
    outside = result.undecidable
    if not outside:
        yield "fragment: every obligation is decidable (EPR): no sort graph has a cycle"
        return
    yield f"fragment: {len(outside)} of {len(result.fragments)} obligations, among them {outside[0][0]}, are"
    yield outside[0][1].explanation()


def _failures(theory: Theory, result: Result) -> Iterator[str]:
    for outcome in result.of(Status.REFUTED):
        yield ""
        if outcome.counterexample is not None:
            yield table(theory, outcome.counterexample)
        else:
            yield f"{outcome.obligation}: refuted; no counterexample small enough to show was found"
    undecided = result.of(Status.UNDECIDED)
    yield from (f"undecided: {outcome.obligation}: {outcome.how}" for outcome in undecided[:MOST_LINES])
    if len(undecided) > MOST_LINES:
        yield f"undecided: {len(undecided) - MOST_LINES} more"


def verdict_line(result: Result) -> str:
    """The verdict in a sentence."""
    match result.verdict:
        case Verdict.HOLDS:
            return "holds: proved for any size of every sort"
        case Verdict.VIOLATED:
            count = len(result.of(Status.REFUTED))
            return f"violated: {count} obligation{'s' if count > 1 else ''} refuted; the proof breaks there"
        case Verdict.UNDECIDED:
            return f"undecided: {len(result.of(Status.UNDECIDED))} obligations are neither proved nor refuted"
    assert_never(result.verdict)
