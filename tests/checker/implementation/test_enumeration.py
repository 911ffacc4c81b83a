"""The enumeration of the implementation: budgets that complete with exact counts."""

from dataclasses import replace

from quorate.checker.implementation import Budget, How, Outcome, check
from quorate.checker.model import Limits

ONE = Budget(transactions=1)
SLOW_DISK = replace(ONE, slow_disk=1)


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """Distinct, generated, depth, of a search that completed and was not vacuous."""
    result = outcome.result
    print(f"{result.bounds}: {result.distinct:,} distinct, {result.generated:,} generated, depth {result.depth}")
    assert (result.verdict, result.reason, result.complete) == ("holds", "complete", True)
    assert None not in outcome.witnesses.values()
    return result.distinct, result.generated, result.depth


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


def test_two_transactions_complete() -> None:
    assert counts(check(Budget(transactions=2))) == (8899, 20926, 32)


def test_one_transaction_and_one_crash_complete() -> None:
    assert counts(check(Budget(transactions=1, crashes=1, elections=2))) == (86531, 180211, 43)


def test_one_transaction_and_a_timeout_complete() -> None:
    assert counts(check(Budget(timeouts=1, elections=2))) == (76729, 156532, 42)


def test_three_servers_elect_and_establish_an_epoch() -> None:
    """Fast leader election itself, with the reduction: without it the space was not finished in a minute."""
    outcome = check(Budget(transactions=0, elections=0, rounds=1), how=How(reduce=True, processes=2))
    assert counts(outcome) == (116521, 230980, 32)
    assert len(outcome.ends) == 342
