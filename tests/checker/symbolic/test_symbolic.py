"""Z3 on the same tree: verdicts and shortest depths are those of the explicit engine."""

import pytest
from quorate.checker.commands.arguments import find_class
from quorate.checker.model import Options
from quorate.checker.reference import check
from quorate.checker.symbolic import Question, prove
from quorate.spec.lang import ir
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read

PLAIN = Options(symmetry=False)


def tree(name: str, constants: dict[str, int], *variants: str) -> ir.Specification:
    return read(find_class(name), constants, variants)


VIOLATED = [
    ("two-phase-commit", {"managers": 2}, "commit-early"),
    ("two-phase-commit", {"managers": 2}, "abort-late"),
    ("ewd840", {"nodes": 3}, "stay-white"),
    ("ewd840", {"nodes": 3}, "pass-while-active"),
    ("philosophers", {"philosophers": 3}, "one-fork"),
    ("philosophers", {"philosophers": 3}, "eat-dirty"),
    ("peterson", {"processes": 2}, None),
    ("bakery", {"processes": 2, "numbers": 1}, None),
]


def variants_of(name: str) -> list[str]:
    from quorate.spec.lang.specification import declared

    return list(declared(find_class(name))[1])


CASES = [
    (name, constants, variant) for name, constants, one in VIOLATED for variant in ([one] if one else variants_of(name))
]


@pytest.mark.parametrize(("name", "constants", "variant"), CASES, ids=lambda value: str(value))
def test_the_shortest_counterexample_is_the_explicit_one(name: str, constants: dict[str, int], variant: str) -> None:
    specification = tree(name, constants, variant)
    explicit = check(specification, PLAIN)
    assert explicit.verdict == "violated" and explicit.steps is not None
    found = prove(specification, Question("steps", len(explicit.steps) - 1), PLAIN).result
    assert found.verdict == "violated" and found.steps is not None
    assert len(found.steps) == len(explicit.steps)
    sooner = prove(specification, Question("steps", len(explicit.steps) - 2), PLAIN).result
    assert sooner.verdict == "undecided" and sooner.steps is None


@pytest.mark.parametrize(
    ("name", "constants", "steps"),
    [
        ("two-phase-commit", {"managers": 2}, 8),
        ("paxos", {"values": 1, "ballots": 1}, 8),
        ("lamport-mutex", {"processes": 2, "clock": 3}, 5),
        ("ewd998", {"nodes": 2}, 5),
        ("token-ring", {"nodes": 2}, 6),
        ("raft-election", {"servers": 2, "terms": 1}, 6),
        ("philosophers", {"philosophers": 3}, 8),
    ],
    ids=lambda value: str(value),
)
def test_what_holds_is_not_violated_within_the_bound(name: str, constants: dict[str, int], steps: int) -> None:
    found = prove(tree(name, constants), Question("steps", steps), PLAIN).result
    assert found.verdict == "undecided"
    assert found.bounds["why"] == f"no violation within {steps} steps"


def test_an_inductive_invariant_holds() -> None:
    """Dijkstra's invariant of EWD 840 is inductive; that is what he proves."""
    found = prove(tree("ewd840", {"nodes": 4}), Question("inductive"), PLAIN).result
    assert (found.verdict, found.reason, found.complete) == ("holds", "complete", True)


def test_an_invariant_that_is_not_inductive_has_a_pair_of_states() -> None:
    specification = tree("two-phase-commit", {"managers": 3})
    answer = prove(specification, Question("inductive", invariants=("consistent",)), PLAIN)
    assert answer.result.verdict == "undecided" and answer.broken == "consistent"
    before, after = answer.to_induction
    meaning = Meaning(specification)
    assert meaning.holds("consistent", before) and not meaning.holds("consistent", after)
    assert after in [state for _, state in meaning.successors(before)]
    # Minimised: nothing has been said or heard, one manager has committed by itself, another aborts.
    _, start = meaning.initial()[0]
    assert sum(a != b for a, b in zip(before[1:], start[1:], strict=True)) == 0


def test_more_steps_make_induction_stronger() -> None:
    """With a planted bug the base of k-induction fails as soon as the bug is within reach."""
    specification = tree("two-phase-commit", {"managers": 2}, "commit-early")
    near = prove(specification, Question("k-induction", 2), PLAIN)
    assert near.result.verdict == "undecided" and len(near.to_induction) == 3
    far = prove(specification, Question("k-induction", 4), PLAIN)
    assert far.result.verdict == "violated" and far.result.depth == 4


@pytest.mark.slow
@pytest.mark.parametrize("variant", [*variants_of("paxos")])
def test_paxos_variants_agree(variant: str) -> None:
    specification = tree("paxos", {}, variant)
    explicit = check(specification, PLAIN)
    assert explicit.steps is not None
    found = prove(specification, Question("steps", len(explicit.steps)), PLAIN).result
    assert found.depth == len(explicit.steps)
