"""The native engine on specifications whose counts are known from elsewhere: Gray and Lamport's, and TLC's."""

import pytest
from quorate.checker.model import Identity, Limits, Options
from quorate.checker.native import check
from quorate.checker.native.binding import Running
from quorate.checker.native.engine import Native, build, prepare, write
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab

PLAIN = Options(symmetry=False)


@pytest.mark.parametrize(
    "managers, distinct, generated, depth", [(3, 288, 1_146, 11), (5, 8_832, 58_146, 17), (7, 296_448, 2_744_706, 23)]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_two_phase_commit_has_the_published_counts(
    managers: int, distinct: int, generated: int, depth: int, workers: int
) -> None:
    found = check(read(TwoPhaseCommit, {"managers": managers}, []), Options(symmetry=False, workers=workers))
    assert (found.verdict, found.reason, found.complete) == ("holds", "complete", True)
    assert (found.distinct, found.generated, found.depth) == (distinct, generated, depth)
    assert sum(found.actions.values()) == generated - 1
    assert sum(found.distinct_actions.values()) == distinct - 1


@pytest.mark.parametrize(
    "identity, distinct, generated", [("state", 25_232, 38_103), ("ghosts", 31_688, 44_135), ("label", 37_971, 56_573)]
)
def test_zab_has_the_counts_of_tlc_for_every_identity_of_states(
    identity: Identity, distinct: int, generated: int
) -> None:
    bounds = {"servers": 2, "timeouts": 2, "transactions": 2, "epochs": 2, "restarts": 1}
    found = check(read(Zab, bounds, []), Options(symmetry=False, identity=identity))
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", distinct, generated, 33)


def test_a_seeded_bug_gives_the_shortest_trace_with_any_number_of_threads() -> None:
    specification = read(TwoPhaseCommit, {"managers": 5}, ["abort-late"])
    one, two = (check(specification, Options(symmetry=False, workers=workers)) for workers in (1, 2))
    assert (one.verdict, one.reason, one.property) == ("violated", "invariant", "consistent")
    assert one.steps == two.steps
    assert one.steps is not None and len(one.steps) == one.depth
    assert (one.distinct, one.generated, one.actions) == (two.distinct, two.generated, two.actions)


def test_a_limit_on_states_or_depth_leaves_the_search_undecided() -> None:
    specification = read(TwoPhaseCommit, {"managers": 5}, [])
    few = check(specification, Options(symmetry=False, limits=Limits(states=1_000)))
    assert (few.verdict, few.reason, few.distinct, few.complete) == ("undecided", "states", 1_000, False)
    flat = check(specification, Options(symmetry=False, limits=Limits(depth=4)))
    assert (flat.verdict, flat.reason, flat.depth) == ("undecided", "depth", 4)


def test_values_of_many_bits_are_computed_in_full() -> None:
    """With these bounds messages have more than 32 bits, which a 32-bit literal in C once lost."""
    tree = read(Zab, {"servers": 3, "timeouts": 4, "transactions": 3, "epochs": 4, "restarts": 2}, [])
    made, meaning = prepare(tree, PLAIN), Meaning(tree)
    waiting = [state for _, state in meaning.initial()]
    for state in waiting:
        steps, _ = made.model.steps(made.program.state.encode(state))
        expected = [after for _, after in meaning.successors(state)]
        assert [made.program.state.decode(after) for _, after in steps] == expected
        waiting += expected if len(waiting) < 400 else []


def test_a_long_search_goes_on_with_a_faster_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts with a model that was compiled quickly, and changes to the other one in the middle."""
    monkeypatch.setattr("quorate.checker.native.engine.PATIENCE", 0.0)
    monkeypatch.setattr("quorate.checker.native.compiler.FULLY", ("-O3", "-DHERE"))  # not one that another test made
    changes = []

    class Watched(Native):
        def _change_models(self, running: Running) -> None:
            changes.append(running.report().distinct)
            super()._change_models(running)

    specification, options = read(TwoPhaseCommit, {"managers": 8}, []), PLAIN
    quick = build(write(specification, options), quickly=True)
    assert quick.quickly
    search = Watched(specification, options, quick)
    monkeypatch.setattr("quorate.checker.native.engine.PAUSE", 0.01)
    found = search.run()
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", 1_745_408, 18_507_778, 26)
    assert len(changes) == 1 and 1 < changes[0] < found.distinct
    assert not build(write(specification, options), quickly=True).quickly, "the faster one is there now"
