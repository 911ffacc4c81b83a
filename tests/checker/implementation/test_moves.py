"""Remembered moves against whole worlds: a search that remembers nothing finds the same."""

import pytest
from quorate.checker.implementation import Budget, How, check
from quorate.checker.implementation.budget import Found
from quorate.checker.implementation.worlds.moves import Moves
from quorate.checker.implementation.worlds.rows import Rows
from quorate.impl.ensemble.properties import violated

BUDGETS = [
    Budget(),
    Budget(slow_disk=1),
    Budget(servers=2, transactions=2, crashes=1, elections=2, slow_disk=1),
    Budget(servers=2, elections=0, rounds=2, timeouts=1),
    Budget(servers=2, transactions=0, elections=0, rounds=2, crashes=1),
    Budget(servers=2, transactions=0, elections=0, rounds=1, drops=1, duplicates=1),
    Budget(servers=2, breaks=1, elections=2),
]


def plainly(budget: Budget, bugs: tuple[str, ...] = ()) -> tuple[set[Found], int, str | None]:
    """Worlds, steps and the violated property, by nothing but `labels`, `after` and a set of worlds."""
    level, steps, wrong = [budget.begin(bugs)], 1, None
    met = set(level)
    while level and wrong is None:
        after = [budget.after(found, label) for found in level for label in budget.labels(found)]
        steps += len(after)
        fresh = dict.fromkeys(found for found in after if found not in met)
        met |= fresh.keys()
        wrong = next((name for found in fresh if (name := violated(found.world))), None)
        level = [found for found in fresh if not budget.is_outside(found.world)]
    return {found for found in met if not budget.is_outside(found.world)}, steps, wrong


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
def test_what_is_remembered_is_what_happens(budget: Budget) -> None:
    worlds, steps, wrong = plainly(budget)
    result = check(budget).result
    assert (result.distinct, result.generated, result.property) == (len(worlds), steps, wrong)


def test_every_move_leads_where_the_step_leads() -> None:
    budget = Budget(servers=2, crashes=1, timeouts=1, elections=2)
    moves = Moves(budget, budget.begin(), reduce=False)
    worlds, _, _ = plainly(budget)
    for found in worlds:
        row = moves.rows.row(found)
        assert moves.rows.found(row) == found
        came = {move.label: move for move in moves.of(row)}
        assert came.keys() == set(budget.labels(found))
        for label, move in came.items():
            after = moves.after(row, move)
            assert moves.rows.found(after) == budget.after(found, label)
            grown = moves.growth(row[moves.rows.history], move.news).share if move.news else 0
            assert moves.rows.whole(row) ^ move.share ^ grown == moves.rows.whole(after)


def test_a_fingerprint_is_that_of_the_world_and_of_no_other() -> None:
    budget = Budget(slow_disk=1)
    worlds, _, _ = plainly(budget)
    one, two = Rows(budget, budget.begin().world), Rows(budget, budget.begin().world)
    prints = [one.whole(one.row(found)) for found in worlds]
    assert len(set(prints)) == len(worlds)
    again = [two.whole(two.row(found)) for found in reversed(list(worlds))]
    assert again == prints[::-1], "numbers are given in another order, and the fingerprints are the same"


def test_seeded_bugs_are_remembered_too() -> None:
    for bug, budget in (("commit-alone", Budget()), ("append-with-gap", Budget(servers=2, transactions=2))):
        _, steps, wrong = plainly(budget, (bug,))
        result = check(budget, [bug], how=How()).result
        assert (result.generated, result.property) == (steps, wrong)
