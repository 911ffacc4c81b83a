"""Random walks: the same finding from the same seed, a minimal trace, coverage of every action, no false comfort."""

import pytest
from quorate.checker.model import Options
from quorate.checker.native.simulate import shortened, simulate, violates
from quorate.checker.reference import check
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read


def test_a_seeded_bug_is_found_again_with_any_number_of_threads_and_shortened() -> None:
    tree = read(TwoPhaseCommit, {"managers": 5}, ["abort-late"])
    one, three = (simulate(tree, Options(seed=7, workers=workers)) for workers in (1, 3))
    assert one.result.steps == three.result.steps and one.result.steps is not None
    assert (one.result.verdict, one.result.property) == ("violated", "consistent")
    assert len(one.result.steps) == check(tree, Options(symmetry=False)).depth
    for left_out in range(1, len(one.result.steps)):
        rest = one.result.steps[:left_out] + one.result.steps[left_out + 1 :]
        assert shortened(tree, one.result.steps, violates(tree, "invariant", "consistent")) != rest


def test_walks_without_a_finding_decide_nothing_and_meet_every_action() -> None:
    found = simulate(read(TwoPhaseCommit, {"managers": 4}, []), Options(seed=1), walks=2_000, depth=40)
    assert (found.result.verdict, found.result.reason, found.result.complete) == ("undecided", "walks", False)
    assert found.walks == 2_000 and found.steps == sum(found.actions.values()) > 2_000
    assert all(count > 0 for count in found.actions.values())


@pytest.mark.parametrize("seed", range(3))
def test_rare_actions_are_reached(seed: int) -> None:
    """Eight managers all prepare and are all heard before anyone aborts: for even odds, once in thousands of walks."""
    found = simulate(read(TwoPhaseCommit, {"managers": 8}, []), Options(seed=seed), walks=2_000, depth=60)
    assert found.actions["commit"] > 40
