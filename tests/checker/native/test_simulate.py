"""Random walks: the same finding from the same seed, a minimal trace, coverage of every action, no false comfort."""

import pytest
from quorate.checker.model import Options
from quorate.checker.native.simulate import simulate
from quorate.checker.reference import check
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import ir
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab
from quorate.traces.shrinking import shrink
from quorate.traces.trace import State, Step, Trace


def test_a_seeded_bug_is_found_again_with_any_number_of_threads_and_shortened() -> None:
    tree = read(TwoPhaseCommit, {"managers": 4}, ["abort-late"])
    one, three = (simulate(tree, Options(seed=7, workers=workers)) for workers in (1, 3))
    assert one.result.steps == three.result.steps and one.result.steps is not None
    assert (one.result.verdict, one.result.property) == ("violated", "consistent")
    steps = tuple(Step(label, state) for label, state in one.result.steps)
    trace = Trace(tree, "two-phase-commit", steps, "violated", "consistent", None, one.result.engine, 7)
    shrunk = shrink(trace, budget=5_000)
    assert shrunk.after.steps == check(tree, Options(symmetry=False)).depth <= shrunk.before.steps == len(steps)
    assert all(shrunk.necessary)


def test_abstract_states_are_counted_alike_with_any_number_of_threads() -> None:
    tree = read(Zab, {"servers": 2, "timeouts": 1, "transactions": 1, "epochs": 2}, [])
    one, three = (
        simulate(tree, Options(seed=3, workers=workers), walks=600, depth=40, by="role") for workers in (1, 3)
    )
    assert one.covered == three.covered and sum(one.covered.values()) == one.steps and one.beyond == 0
    role = [variable.name for variable in tree.variables].index("role")
    assert one.covered.keys() <= {state[role] for state in reached(tree)}
    assert len(one.covered) > 3
    many = simulate(tree, Options(seed=3), walks=2_000, depth=60, by="channel")
    assert sum(many.covered.values()) + many.beyond == many.steps
    assert not simulate(tree, Options(seed=3), walks=10, depth=10).covered


def reached(tree: ir.Specification) -> set[State]:
    """The states of the whole space."""
    meaning = Meaning(tree)
    waiting = [state for _, state in meaning.initial()]
    found = set(waiting)
    for state in waiting:
        new = {after for _, after in meaning.successors(state)} - found
        found |= new
        waiting += new
    return found


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
