"""The implementation beside zab and election: exhaustively on small budgets, simulated with faults, planted bugs."""

import pytest
from quorate.checker.implementation import Budget, How, check
from quorate.checker.refinement.cluster.replayed import WAYS, replay
from quorate.checker.refinement.cluster.runs import Checker, runs
from quorate.impl.ensemble.state import Ensemble

SOUND = Ensemble(3, retained=2, max_counter=5)


def counts(budget: Budget) -> tuple[int, int]:
    """Distinct pairs of a world and the specifications' states, and steps between them, all matched."""
    outcome = check(budget, how=How(refine=True))
    result = outcome.result
    print(f"{budget}: {result.distinct:,} pairs, {result.generated:,} steps, depth {result.depth}")
    assert (result.verdict, result.complete) == ("holds", True)
    assert "refinement" in result.properties and None not in outcome.witnesses.values()
    return result.distinct, result.generated


def test_every_step_of_one_transaction_is_one_of_zab() -> None:
    assert counts(Budget()) == (1411, 2740)


def test_every_step_of_an_election_is_one_of_election() -> None:
    assert counts(Budget(servers=2, elections=0, rounds=2, timeouts=1)) == (760, 1090)


@pytest.mark.slow
def test_every_step_with_slow_disks_and_crashes() -> None:
    assert counts(Budget(slow_disk=1)) == (3025, 7204)
    assert counts(Budget(servers=2, transactions=2, crashes=1, elections=2, slow_disk=1)) == (6668, 11363)


@pytest.mark.slow
def test_every_step_with_lost_and_repeated_notifications() -> None:
    budget = Budget(servers=2, transactions=0, elections=0, crashes=1, drops=1, duplicates=1)
    assert counts(budget) == (7140, 15866)


def test_processes_change_nothing() -> None:
    one, two = (check(Budget(), how=How(processes=n, refine=True)).result for n in (1, 2))
    assert (one.distinct, one.generated, one.actions) == (two.distinct, two.generated, two.actions)


def test_simulated_runs_are_behaviours_of_both() -> None:
    checker = Checker(SOUND)
    found = [checker.run(seed, 1000) for seed in range(4)]
    assert all(run.wrong is None and run.events == 1000 for run in found)
    assert sum(run.committed for run in found) > 40 and sum(run.epochs for run in found) > 20


def test_a_follower_that_leaves_for_a_later_promise_is_a_learner_until_its_leader_notices() -> None:
    """The leader of an epoch behind the follower's promise reads another server's ACKEPOCH in between."""
    run = Checker(SOUND).run(6612, 1000)
    assert run.wrong is None and run.events == 1000


def test_what_a_leader_said_before_it_restarted_confirms_nothing() -> None:
    """It leads no longer, but is in the same round again, with a newer vote that others follow by now."""
    run = Checker(SOUND).run(8988, 1000)
    assert run.wrong is None and run.events == 1000


def test_runs_come_in_order_of_seeds() -> None:
    alone, together = (list(runs(SOUND, range(20), 50, processes)) for processes in (1, 2))
    assert alone == together and [run.seed for run in alone] == list(range(20))


def test_five_servers() -> None:
    run = Checker(Ensemble(5, retained=2)).run(1, 1000)
    assert run.wrong is None and run.epochs > 0


@pytest.mark.parametrize(
    ("constants", "steps", "ended", "actions"),
    [
        ({"servers": 3, "timeouts": 0, "transactions": 1, "epochs": 2}, 2388, 42, 14),
        ({"servers": 3, "timeouts": 2, "transactions": 2, "epochs": 3}, 2410, 66, 15),
    ],
    ids=str,
)
def test_behaviours_of_the_specification_are_replayed(
    constants: dict[str, int], steps: int, ended: int, actions: int
) -> None:
    """The other direction: what walks of zab do, nodes do too, but where ZooKeeper is known to go another way."""
    found = replay(200, 1, **constants)
    print(f"{constants}: {found.steps} steps; ended early: {dict(found.ended)}; {dict(found.actions)}")
    assert found.difference is None and found.walks == 200
    assert (found.steps, found.ended.total(), len(found.actions)) == (steps, ended, actions)
    assert set(found.ended) <= set(WAYS)


@pytest.mark.slow
def test_many_runs() -> None:
    found = list(runs(SOUND, range(1000, 1300), 1000))
    wrong = [run for run in found if run.wrong]
    print(f"seeds 1000 to 1299: {sum(run.events for run in found):,} events, {sum(r.epochs for r in found):,} epochs")
    assert not wrong
