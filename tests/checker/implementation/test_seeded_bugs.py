"""Every seeded bug, with the depth at which the enumeration finds a violated property, and refinement a forbidden step.

`pytest tests/checker/implementation/test_seeded_bugs.py -s -n 0` prints the table. Where a bug needs
more than a few faults the enumeration begins in a situation that the bug has no part in: its labels are replayed from
the beginning, and counted.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from quorate.checker.implementation import Budget, How, check
from quorate.checker.implementation.beside import Beside
from quorate.checker.result import Result
from quorate.impl.ensemble.cluster import Label, World, enabled, perform
from quorate.impl.ensemble.properties import violated
from quorate.impl.ensemble.state import BUGS, Ensemble

Way = tuple[Label, ...]


class Run:
    """What happens one after the other, from the beginning."""

    def __init__(self, servers: int) -> None:
        self.world: World = Budget(servers).begin().world
        assert self.world.ensemble == Ensemble(servers, oracle=True)
        self.way: Way = ()

    def do(self, *labels: Label) -> "Run":
        for label in labels:
            self.world, self.way = perform(self.world, label), (*self.way, label)
        return self

    def settle(self, *servers: int, follow: bool = True) -> "Run":
        """All that can happen among these servers happens, first come, first served; nobody is elected."""
        names = (
            {"follow", "leader_receives", "follower_receives"} if follow else {"leader_receives", "follower_receives"}
        )
        while labels := [one for one in enabled(self.world) if one[0] in names and set(one[1]) <= set(servers)]:
            self.do(labels[0])
        return self


def apart() -> Way:
    """Two of four servers are to lead, each with one follower."""
    return Run(4).do(("elect", (0,)), ("follow", (1,)), ("elect", (2,)), ("follow", (3,))).way


def led_alone() -> Way:
    """Server 2 has proposed epoch 1, which nobody else has heard of, and looks for a leader again."""
    promised = ("elect", (2,)), ("follow", (1,)), ("leader_receives", (2, 1))
    return Run(3).do(*promised, ("timeout", (1,)), ("timeout", (2,))).way


def established() -> Way:
    """Server 0 leads epoch 1, the others follow, nothing is under way."""
    return Run(3).do(("elect", (0,))).settle(0, 1, 2).way


def led_by_two() -> Way:
    """Server 0 leads epoch 1 with server 1; server 2 looks for a leader."""
    return Run(3).do(("elect", (0,))).settle(0, 1).way


def two_histories() -> Way:
    """Servers 0 and 1 have led epochs 1 and 2 and each has logged a transaction that reached nobody; all look again."""
    run = Run(3).do(("elect", (0,))).settle(0, 1, 2)
    run.do(("request", (0,)), ("break", (1, 0)), ("break", (2, 0))).settle(0, 1, 2, follow=False)
    run.do(("elect", (1,))).settle(1, 2)
    return run.do(("request", (1,)), ("break", (2, 1))).settle(1, 2, follow=False).way


class Row(NamedTuple):
    """A bug, a budget in which it shows, what is said then, the number of worlds on the way, what came before."""

    bug: str
    budget: Budget
    says: str
    depth: int
    since: Callable[[], Way] = tuple


PROMISE = Budget(transactions=0, elections=2, timeouts=1)
TWO = Budget(transactions=2)
VOTES = Budget(transactions=0, elections=0, crashes=1)
TOLD = Budget(servers=2, elections=0, timeouts=1)
BEHIND = Budget(crashes=1, timeouts=1, elections=1)
APART = Budget(servers=4, transactions=0)
OLD = Budget(transactions=0, elections=2, timeouts=2)
NEWER = Budget(transactions=0, elections=2, timeouts=1)
ONCE = Budget(transactions=2, timeouts=1)
BROKEN = Budget(slow_disk=1, breaks=1)
HISTORY = Budget(elections=2, timeouts=1, slow_disk=1)
ELECTION = Budget(servers=2, transactions=0, elections=0, rounds=1)
ENUMERATED = [
    Row("promise-twice", PROMISE, "promises", 5),
    Row("no-round", VOTES, "fair_votes", 6),
    Row("no-comparison", Budget(transactions=0, elections=0, crashes=1, rounds=1), "worthy_winner", 6),
    Row("commit-alone", Budget(), "durability", 10),
    Row("half-quorums", Budget(servers=2), "durability", 10),
    Row("ack-before-sync", Budget(slow_disk=1), "durability", 14),
    Row("no-quorum-needed", APART, "one_leader", 17, apart),
    Row("old-epoch", OLD, "promises", 17, led_alone),
    Row("any-leader", Budget(crashes=1), "durability", 21, led_by_two),
    Row("epoch-before-history", HISTORY, "durability", 21),
    Row("append-with-gap", TWO, "durability", 24),
    Row("deliver-out-of-order", TWO, "durability", 24),
    Row("no-truncation", ONCE, "durability", 27, led_by_two),
    Row("ignore-zxid", BEHIND, "durability", 30, established),
    Row("keep-acks", BROKEN, "durability", 31, established),
    Row("ignore-epoch", NEWER, "durability", 50, two_histories),
]
# From the beginning, where that takes longer: the shortest ways of all.
ENUMERATED_SLOWLY = [
    Row("any-leader", Budget(crashes=1, elections=2), "durability", 21),
    Row("no-truncation", Budget(transactions=2, elections=2, timeouts=1), "durability", 26),
    Row("keep-acks", Budget(elections=2, slow_disk=1, breaks=1), "durability", 29),
]
REFINED = [
    Row("no-comparison", Budget(transactions=0, elections=0, rounds=1), "election: current_vote of server 2", 3),
    Row("no-quorum-needed", APART, "zab: accepted_epoch of server 0", 4),
    Row("promise-twice", PROMISE, "zab: accepted_epoch of server 0", 5),
    Row("no-round", VOTES, "election: current_vote of server 0", 6),
    Row("ignore-epoch", TOLD, "election: current_vote of server 1", 9),
    Row("commit-alone", Budget(), "zab: last_committed of server 0", 10),
    Row("half-quorums", Budget(servers=2), "zab: last_committed of server 0", 10),
    Row("ack-before-sync", Budget(slow_disk=1, crashes=1), "zab: server 1 loses 1.1, which it has acknowledged", 13),
    Row("ignore-zxid", TOLD, "election: current_vote of server 1", 13),
    Row("append-with-gap", TWO, "zab: history of server 1", 14),
    Row("deliver-out-of-order", TWO, "zab: history of server 1", 14),
    Row("old-epoch", OLD, "zab: ", 17, led_alone),
    Row("any-leader", Budget(crashes=1), "zab: ", 18, led_by_two),
    Row("keep-acks", BROKEN, "zab: ", 30, established),
    Row("no-truncation", ONCE, "zab: follower_process_propose(0, 1) cannot happen", 24, led_by_two),
]
REFINED_SLOWLY = [Row("epoch-before-history", HISTORY, "zab: server 2 answers NEWLEADER while", 17)]


def bugs_of(rows: list[Row]) -> list[str]:
    return [row.bug for row in rows]


def enumerated(row: Row, reduce: bool = False) -> Result:
    """What the enumeration says; the way is replayed from the beginning."""
    outcome = check(row.budget, [row.bug], how=How(reduce), since=row.since())
    result, way = outcome.result, outcome.way
    assert result.verdict == "violated" and way is not None, result.reason
    world = row.budget.begin([row.bug]).world
    for label in way:
        assert violated(world) is None
        world = perform(world, label)
    assert violated(world) == result.property and result.depth == len(way) + 1
    print(f"{row.bug}: {result.property}, depth {result.depth}, {result.distinct:,} distinct; {BUGS[row.bug]}")
    return result


def test_every_bug_is_here() -> None:
    assert set(bugs_of(ENUMERATED)) == set(BUGS) == {*bugs_of(REFINED), *bugs_of(REFINED_SLOWLY)}


@pytest.mark.parametrize("row", ENUMERATED, ids=bugs_of(ENUMERATED))
def test_the_enumeration_finds_it(row: Row) -> None:
    result = enumerated(row)
    assert (result.property, result.depth) == (row.says, row.depth)
    assert enumerated(row, reduce=True).property == row.says


@pytest.mark.slow
@pytest.mark.parametrize("row", ENUMERATED_SLOWLY, ids=bugs_of(ENUMERATED_SLOWLY))
def test_the_enumeration_finds_it_from_the_beginning(row: Row) -> None:
    result = enumerated(row)
    assert (result.property, result.depth) == (row.says, row.depth)


@pytest.mark.parametrize("since", [apart, led_alone, established, led_by_two, two_histories])
def test_situations_are_reached_without_a_bug(since: Callable[[], Way]) -> None:
    """They are ways of the sound implementation, and everything that can happen then is sound."""
    for row in ENUMERATED:
        if row.since is since:
            assert check(row.budget, how=How(reduce=True), since=since()).result.verdict == "holds"


@pytest.mark.parametrize("row", REFINED, ids=bugs_of(REFINED))
def test_refinement_finds_it(row: Row) -> None:
    """The step is replayed with the specification beside it: the mismatch names what differs and the guard."""
    outcome = check(row.budget, [row.bug], how=How(refine=True, properties=("refinement",)), since=row.since())
    assert outcome.way is not None
    beside = Beside(row.budget)
    found = beside.begin(row.budget.begin([row.bug]))
    for label in outcome.way:
        assert found.mismatch is None
        found = beside.follow(found, label, row.budget.after(found, label))
    print(f"{row.bug}: depth {outcome.result.depth}, {outcome.result.distinct:,} distinct; {found.mismatch}")
    assert found.mismatch is not None and found.mismatch.startswith(row.says)
    assert any(word in found.mismatch for word in ("spec/zookeeper/", "acknowledged", "follower_process_newleader"))
    assert outcome.result.depth == len(outcome.way) + 1 == row.depth


@pytest.mark.slow
@pytest.mark.parametrize("row", REFINED_SLOWLY, ids=bugs_of(REFINED_SLOWLY))
def test_refinement_finds_it_in_a_while(row: Row) -> None:
    test_refinement_finds_it(row)


def test_without_bugs_nothing_is_found() -> None:
    assert check(ELECTION, how=How(refine=True)).result.verdict == "holds"
    assert check(Budget(servers=2), how=How(refine=True)).result.verdict == "holds"
