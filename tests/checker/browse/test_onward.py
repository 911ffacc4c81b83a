"""The checker from a state: shortest ways, honest limits, and the same answers as from the beginning."""

from quorate.checker import reference
from quorate.checker.browse.onward import search_ahead
from quorate.checker.browse.session import Session
from quorate.checker.implementation.command import planted
from quorate.checker.model import Options
from quorate.checker.subject import subject
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


GHOST = '''
"""A counter that remembers, in a ghost, whether it was ever set back."""

from quorate.spec.lang import Range, Spec, action, invariant, require, state


class Small(Range, low=0, high=1):
    """A number."""


class Counter(Spec):
    """Counts to one and back."""

    count: Small = state(0)
    back: bool = state(False, ghost=True)

    @action
    def up(self) -> None:
        require(self.count == 0)
        self.count = Small(1)

    @action
    def down(self) -> None:
        require(self.count == 1)
        self.count = Small(0)
        self.back = True

    @invariant
    def never_back(self) -> bool:
        """It is never set back."""
        return not self.back
'''


def test_states_that_differ_in_what_a_property_reads_are_not_one(tmp_path, monkeypatch):
    """Setting back leads to the first state again, but for a ghost."""
    (tmp_path / "counter.py").write_text(GHOST)
    monkeypatch.chdir(tmp_path)
    specification = subject("counter.py", ())
    session = Session(specification, "counter.py")
    ahead = search_ahead(specification, session.initial[0].state, "never_back", 100)
    assert ahead.words == "never_back is violated 2 steps from here, and no sooner"


def test_from_a_world_of_the_implementation():
    specification = planted(["transactions=1", "reduction=0"], ["commit-alone"])
    session = Session(specification, "impl:cluster")
    node = session.start(0)
    for label in ("elect(0)", "follow(1)", "leader_receives(0, 1)"):
        node = session.take(node, label)
    ahead = search_ahead(specification, session.node(node).step.state, None, 10_000)
    assert ahead.words == "durability is violated 6 steps from here, and no sooner"
    assert labels(session, ahead)[-1] == "request(0)"
    reached = search_ahead(specification, session.node(node).step.state, "epoch_established", 10_000)
    assert reached.words == "epoch_established is reached 5 steps from here, and no sooner"
    sound = planted(["transactions=0", "reduction=0"], [])
    state = Session(sound, "impl:cluster").initial[0].state
    ahead = search_ahead(sound, state, None, 10_000)
    assert ahead.words.startswith("no violation of anything in any of the ")
