"""The checker from a state: shortest ways, honest limits, and the same answers as from the beginning."""

from quorate.checker import reference
from quorate.checker.browse.onward import search_ahead
from quorate.checker.model import Options
from quorate.traces.trace import show_label


def labels(session, ahead):
    return [show_label(session.specification, step.label) for step in ahead.steps]


def test_the_shortest_violation_from_here(session, walk):
    state = session.node(walk("give_up(rm1)")).step.state
    ahead = search_ahead(session.specification, state, None, 10_000)
    assert ahead.words == "consistent is violated 2 steps from here, and no sooner"
    assert labels(session, ahead) == ["commit", "obey_commit(rm2)"]
    assert ahead.shows == ("violated", "consistent")


def test_from_the_initial_state_it_is_the_check_without_symmetry(session, sound):
    for one in (session, sound):
        state = one.initial[0].state
        ahead = search_ahead(one.specification, state, "consistent", 10_000)
        result = reference.check(one.specification, Options(symmetry=False, properties=("consistent",), deadlock=False))
        assert len(ahead.steps) == len(result.steps or [0]) - 1
        assert f"{result.distinct:,} states" in ahead.words or result.verdict == "violated"
        assert (ahead.shows is None) is (result.verdict == "holds")


def test_what_holds_ahead_is_said_of_all_states_ahead(sound):
    ahead = search_ahead(sound.specification, sound.initial[0].state, None, 10_000)
    assert ahead.words == "no violation of anything in any of the 56 states that can be reached from here"
    assert (ahead.steps, ahead.shows) == ((), None)


def test_a_limit_is_said(sound):
    ahead = search_ahead(sound.specification, sound.initial[0].state, None, 10)
    assert ahead.words == (
        "no violation of anything in the nearest 10 states; the search is incomplete: it stopped at the limit of states"
    )


def test_a_witness_is_reached_or_not(sound):
    node = sound.take(sound.start(0), "give_up(rm1)")
    reached = search_ahead(sound.specification, sound.initial[0].state, "all_commit", 10_000)
    assert reached.shows == ("reached", "all_commit")
    assert reached.words == f"all_commit is reached {len(reached.steps)} steps from here, and no sooner"
    never = search_ahead(sound.specification, sound.node(node).step.state, "all_commit", 10_000)
    assert never.words.startswith("all_commit is not reached in any of the ")
    assert "complete" not in never.words and never.shows is None
