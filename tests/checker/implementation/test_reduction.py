"""The partial-order reduction against the whole space: the same verdicts, and the same worlds at rest."""

import os
import subprocess
import sys

import pytest
from quorate.checker.implementation import Budget, How, check

SMALL = [
    Budget(),
    Budget(slow_disk=1),
    Budget(servers=2, crashes=1, timeouts=1, elections=2),
    Budget(servers=2, transactions=2, crashes=1, elections=2, slow_disk=1),
    Budget(servers=2, elections=0, rounds=1),
    Budget(servers=2, elections=0, rounds=2, timeouts=1),
    Budget(servers=2, transactions=0, elections=0, rounds=2, crashes=1),
    Budget(servers=2, transactions=0, elections=0, rounds=1, drops=1, duplicates=1),
    Budget(servers=4, transactions=0),
]
LARGER = [
    Budget(transactions=2),
    Budget(transactions=0, timeouts=1, elections=2),
    Budget(timeouts=1, slow_disk=1),
    Budget(transactions=0, crashes=1, elections=2),
    Budget(crashes=1),
    Budget(crashes=1, slow_disk=1),
    Budget(transactions=0, crashes=1, timeouts=1),
    Budget(transactions=0, breaks=1, elections=2),
    Budget(breaks=1),
]


def same(budget: Budget, bugs: tuple[str, ...] = ()) -> tuple[int, int]:
    """The numbers of distinct worlds without and with the reduction."""
    whole, reduced = check(budget, bugs), check(budget, bugs, how=How(reduce=True))
    assert (whole.result.verdict, whole.result.property) == (reduced.result.verdict, reduced.result.property)
    if whole.result.complete:
        assert reduced.result.complete and reduced.ends == whole.ends
        assert {k for k, way in whole.witnesses.items() if way} == {k for k, way in reduced.witnesses.items() if way}
    counts = whole.result.distinct, reduced.result.distinct
    print(
        f"{budget}, {len(whole.ends)} ends: {counts}, {whole.result.generated} and {reduced.result.generated} generated"
    )
    return counts


@pytest.mark.parametrize("budget", SMALL, ids=str)
def test_nothing_is_lost(budget: Budget) -> None:
    whole, reduced = same(budget)
    assert reduced < whole or budget.drops


@pytest.mark.slow
@pytest.mark.parametrize("budget", LARGER, ids=str)
def test_nothing_is_lost_in_larger_budgets(budget: Budget) -> None:
    whole, reduced = same(budget)
    assert reduced < whole


def test_a_seeded_bug_is_found_all_the_same() -> None:
    same(Budget(), ("commit-alone",))
    same(Budget(slow_disk=1), ("ack-before-sync",))


def test_the_counts_of_a_reduced_search() -> None:
    result = check(Budget(), how=How(reduce=True)).result
    assert (result.distinct, result.generated, result.depth) == (685, 880, 25)


@pytest.mark.parametrize("reduce", [False, True])
def test_processes_change_nothing(reduce: bool) -> None:
    budget = Budget(slow_disk=1, transactions=1)
    one, two = (check(budget, how=How(reduce, processes)) for processes in (1, 2))
    assert one.ends == two.ends
    assert one.witnesses == two.witnesses
    for name in ("distinct", "generated", "depth", "actions", "distinct_actions", "verdict"):
        assert getattr(two.result, name) == getattr(one.result, name)


def test_hashes_change_nothing() -> None:
    """Sets are in another order in every process: nothing may depend on it."""
    told = (
        "from quorate.checker.implementation import Budget, How, check\n"
        "for how in How(), How(reduce=True):\n"
        "    one = check(Budget(servers=2, elections=0, rounds=2, timeouts=1), how=how)\n"
        "    print(one.result.distinct, one.result.actions, one.witnesses, sorted(one.ends))\n"
        "print(check(Budget(slow_disk=1), ['ack-before-sync']).way)\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", told], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1] and len(said[0].splitlines()) == 3


def test_processes_find_the_same_counterexample() -> None:
    budget = Budget(slow_disk=1, transactions=2)
    assert check(budget, ["ack-before-sync"]).way == check(budget, ["ack-before-sync"], how=How(processes=2)).way
