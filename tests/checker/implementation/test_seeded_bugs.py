"""Every seeded bug, with the depth at which the enumeration finds a violated property, and refinement a forbidden step.

`pytest tests/checker/implementation/test_seeded_bugs.py -m "slow or not slow" -s -n 0` prints the table.
"""

import pytest
from quorate.checker.implementation import Budget, How, check
from quorate.checker.implementation.beside import Beside
from quorate.impl.ensemble.cluster import perform
from quorate.impl.ensemble.properties import violated
from quorate.impl.ensemble.state import BUGS

PROMISE = Budget(transactions=0, elections=2, timeouts=1)
TWO = Budget(transactions=2)
AGAIN = Budget(transactions=2, elections=2, timeouts=1)
ELECTION = Budget(servers=2, transactions=0, elections=0, rounds=1)
# The bug, a budget in which it shows, the property and the number of worlds on a shortest way.
ENUMERATED = [
    ("promise-twice", PROMISE, "promises", 5),
    ("no-round", Budget(transactions=0, elections=0, crashes=1), "fair_votes", 6),
    ("commit-alone", Budget(), "durability", 10),
    ("half-quorums", Budget(servers=2), "durability", 10),
    ("ack-before-sync", Budget(slow_disk=1), "durability", 14),
]
ENUMERATED_SLOWLY = [
    ("any-leader", Budget(crashes=1, elections=2), "durability", 21),
    ("epoch-before-history", Budget(elections=2, timeouts=1, slow_disk=1), "durability", 21),
    ("append-with-gap", TWO, "durability", 24),
    ("deliver-out-of-order", TWO, "durability", 24),
    ("no-truncation", AGAIN, "durability", 26),
    ("keep-acks", Budget(elections=2, slow_disk=1, breaks=1), "durability", 29),
]
# The bug, a budget, whose refinement it is not, what the mismatch says, and the number of worlds.
REFINED = [
    ("no-comparison", Budget(transactions=0, elections=0, rounds=1), "election: current_vote of server 2", 3),
    ("no-quorum-needed", Budget(servers=4, transactions=0), "zab: accepted_epoch of server 0", 4),
    ("promise-twice", PROMISE, "zab: accepted_epoch of server 0", 5),
    ("no-round", Budget(transactions=0, elections=0, crashes=1), "election: current_vote of server 0", 6),
    ("commit-alone", Budget(), "zab: last_committed of server 0", 10),
    ("half-quorums", Budget(servers=2), "zab: last_committed of server 0", 10),
    ("ack-before-sync", Budget(slow_disk=1, crashes=1), "zab: server 1 loses 1.1, which it has acknowledged", 13),
    ("append-with-gap", TWO, "zab: history of server 1", 14),
    ("deliver-out-of-order", TWO, "zab: history of server 1", 14),
]

REFINED_SLOWLY = [
    ("epoch-before-history", Budget(elections=2, timeouts=1, slow_disk=1), "zab: server 2 answers NEWLEADER while", 17)
]


def enumerated(bug: str, budget: Budget, reduce: bool = False) -> tuple[str | None, int]:
    """The property and the number of worlds on the way; the way is replayed."""
    outcome = check(budget, [bug], how=How(reduce))
    result, way = outcome.result, outcome.way
    assert result.verdict == "violated" and way is not None, result.reason
    world = budget.begin([bug]).world
    for label in way:
        assert violated(world) is None
        world = perform(world, label)
    assert violated(world) == result.property
    print(f"{bug}: {result.property}, depth {result.depth}, {result.distinct:,} distinct; {BUGS[bug]}")
    return result.property, len(way) + 1


@pytest.mark.parametrize(("bug", "budget", "name", "depth"), ENUMERATED, ids=[row[0] for row in ENUMERATED])
def test_the_enumeration_finds_it(bug: str, budget: Budget, name: str, depth: int) -> None:
    assert enumerated(bug, budget) == (name, depth)
    assert enumerated(bug, budget, reduce=True)[0] == name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bug", "budget", "name", "depth"), ENUMERATED_SLOWLY, ids=[row[0] for row in ENUMERATED_SLOWLY]
)
def test_the_enumeration_finds_it_in_a_while(bug: str, budget: Budget, name: str, depth: int) -> None:
    assert enumerated(bug, budget) == (name, depth)


@pytest.mark.parametrize(("bug", "budget", "says", "depth"), REFINED, ids=[row[0] for row in REFINED])
def test_refinement_finds_it(bug: str, budget: Budget, says: str, depth: int) -> None:
    """The step is replayed with the specification beside it: the mismatch names what differs and the guard."""
    outcome = check(budget, [bug], how=How(refine=True))
    assert outcome.way is not None
    beside = Beside(budget)
    found = beside.begin(budget.begin([bug]))
    for label in outcome.way:
        assert found.mismatch is None
        found = beside.follow(found, label, budget.after(found, label))
    print(f"{bug}: depth {outcome.result.depth}, {outcome.result.distinct:,} distinct; {found.mismatch}")
    assert found.mismatch is not None and found.mismatch.startswith(says)
    assert any(word in found.mismatch for word in ("spec/zookeeper/", "acknowledged", "follower_process_newleader"))
    assert outcome.result.depth == len(outcome.way) + 1 == depth


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "budget", "says", "depth"), REFINED_SLOWLY, ids=[row[0] for row in REFINED_SLOWLY])
def test_refinement_finds_it_in_a_while(bug: str, budget: Budget, says: str, depth: int) -> None:
    test_refinement_finds_it(bug, budget, says, depth)


def test_without_bugs_nothing_is_found() -> None:
    assert check(ELECTION, how=How(refine=True)).result.verdict == "holds"
    assert check(Budget(servers=2), how=How(refine=True)).result.verdict == "holds"
