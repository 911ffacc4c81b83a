"""The enumeration of the implementation: budgets that complete with exact counts, seeded bugs with their depth."""

from dataclasses import replace

import pytest
from quorate.checker.implementation import Budget, Outcome, check
from quorate.checker.model import Limits
from quorate.impl.ensemble.cluster import perform
from quorate.impl.ensemble.properties import violated
from quorate.impl.ensemble.state import BUGS

ONE = Budget(transactions=1)
SLOW_DISK = replace(ONE, slow_disk=1)


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """Distinct, generated, depth, of a search that completed and was not vacuous."""
    result = outcome.result
    print(f"{result.bounds}: {result.distinct:,} distinct, {result.generated:,} generated, depth {result.depth}")
    assert (result.verdict, result.reason, result.complete) == ("holds", "complete", True)
    assert None not in outcome.witnesses.values()
    return result.distinct, result.generated, result.depth


def found(bug: str, budget: Budget) -> tuple[str | None, int]:
    """The property and the number of worlds on the shortest way; the way is replayed."""
    outcome = check(budget, [bug])
    result, way = outcome.result, outcome.way
    assert result.verdict == "violated" and way is not None, result.reason
    world = budget.begin([bug]).world
    for label in way:
        assert violated(world) is None
        world = perform(world, label)
    assert violated(world) == result.property
    print(f"{bug}: {result.property}, depth {result.depth}, {result.distinct:,} distinct; {BUGS[bug]}")
    assert result.depth == len(way) + 1
    return result.property, result.depth


def test_one_transaction_completes() -> None:
    assert counts(check(ONE)) == (1387, 2716, 25)


def test_one_transaction_on_slow_disks_completes() -> None:
    assert counts(check(SLOW_DISK)) == (2953, 7120, 28)


def test_the_counts_are_sums() -> None:
    result = check(ONE).result
    assert result.generated == 1 + sum(result.actions.values())
    assert result.distinct == 1 + sum(result.distinct_actions.values())
    assert result.actions == check(ONE).result.actions


def test_a_limit_leaves_it_undecided() -> None:
    result = check(ONE, limits=Limits(states=100)).result
    assert (result.verdict, result.reason, result.complete) == ("undecided", "states", False)
    result = check(ONE, limits=Limits(depth=5)).result
    assert (result.verdict, result.reason, result.depth) == ("undecided", "depth", 5)


def test_nothing_happens_without_a_budget() -> None:
    result = check(Budget(transactions=0)).result
    assert set(result.actions) == {"elect", "follow", "leader_receives", "follower_receives"}


def test_rounds_that_are_not_explored_are_counted() -> None:
    result = check(Budget(servers=2, transactions=0, elections=0, rounds=1)).result
    assert result.verdict == "holds"
    print(f"two servers elect: {result.distinct:,} distinct, {result.outside:,} outside")
    outside = check(Budget(servers=2, transactions=0, elections=0, rounds=1, timeouts=1)).result
    assert outside.verdict == "holds" and outside.outside > 0


def test_commit_alone() -> None:
    assert found("commit-alone", ONE) == ("durability", 10)


def test_ack_before_sync() -> None:
    assert found("ack-before-sync", SLOW_DISK) == ("durability", 14)


@pytest.mark.slow
def test_two_transactions_complete() -> None:
    assert counts(check(Budget(transactions=2))) == (8899, 20926, 32)


@pytest.mark.slow
def test_one_transaction_and_one_crash_complete() -> None:
    assert counts(check(Budget(transactions=1, crashes=1, elections=2))) == (86531, 180211, 43)


@pytest.mark.slow
def test_any_leader() -> None:
    assert found("any-leader", Budget(transactions=1, crashes=1, elections=2)) == ("durability", 21)


@pytest.mark.slow
def test_keep_acks() -> None:
    assert found("keep-acks", Budget(elections=2, slow_disk=1, breaks=1)) == ("durability", 29)


@pytest.mark.slow
def test_no_truncation() -> None:
    assert found("no-truncation", Budget(transactions=2, elections=2, timeouts=1)) == ("durability", 26)


@pytest.mark.slow
def test_epoch_before_history() -> None:
    assert found("epoch-before-history", Budget(elections=2, timeouts=1, slow_disk=1)) == ("durability", 21)
