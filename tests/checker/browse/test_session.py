"""A walk is a tree: steps are taken, nothing is lost, and a path is a trace that replays."""

from dataclasses import replace

import pytest
from quorate.checker.browse import session as module
from quorate.checker.browse.session import Impossible, Session
from quorate.spec.lang.reader import load, read
from quorate.traces.replay import replay
from quorate.traces.trace import show_label

EARLY = ("give_up(rm1)", "commit", "obey_commit(rm2)")


def test_a_path_is_a_trace_that_replays_and_says_what_it_shows(session, walk):
    trace = session.trace(walk(*EARLY))
    assert replay(trace) == trace
    assert [show_label(trace.specification, step.label) for step in trace.steps] == ["init", *EARLY]
    assert (trace.verdict, trace.property, trace.engine) == ("violated", "consistent", "browse")


def test_a_branch_begins_where_it_was_taken_and_the_other_stays(session, walk):
    end = walk(*EARLY)
    middle = session.path(end)[2]
    other = session.take(middle, "prepare(rm2)")
    assert session.leaves() == (end, other)
    assert session.path(other)[:3] == session.path(end)[:3]
    assert session.trace(other).verdict == "undecided"
    assert session.take(middle, "obey_commit(rm2)") == end, "the same step again is the same node"


def test_what_is_not_possible_is_said_with_the_place(session, walk):
    node = walk("give_up(rm1)")
    with pytest.raises(
        Impossible, match=r"prepare\(rm1\) is not enabled there: .*two_phase_commit.py:\d+:\d+ stops it"
    ):
        session.take(node, "prepare(rm1)")
    for label in ("prepare(rm9)", "prepare", "", "__class__", "init"):
        with pytest.raises(Impossible, match="no step"):
            session.take(node, label)
    for number in (-1, 99):
        with pytest.raises(Impossible, match="started anew"):
            session.path(number)
        with pytest.raises(Impossible, match="initial states"):
            session.start(number)


COUNTER = '''"""Counts as far as it may."""
from quorate.spec.lang import Range, Spec, action, require, state, terminal


class Small(Range, low=0, high=1):
    """A bit."""


class Counter(Spec):
    """Counts."""

    n: Small = state(0)

    @action
    def add(self) -> None:
        require({guard})
        self.n += 1

    @terminal
    def end(self) -> bool:
        """All is counted."""
        return {end}
'''


@pytest.fixture
def counted(tmp_path):
    """A session of the counter, after one step."""

    def made(guard: str, end: str) -> tuple[Session, int]:
        path = tmp_path / "counter.py"
        path.write_text(COUNTER.format(guard=guard, end=end))
        session = Session(read(load(str(path))), str(path))
        return session, session.take(session.start(0), "add")

    return made


@pytest.mark.parametrize(("end", "shows"), [("False", ("violated", "deadlock")), ("self.n == 1", ("undecided", None))])
def test_a_deadlock_is_seen_and_an_intended_end_is_none(counted, end, shows):
    session, node = counted("self.n < 1", end)
    trace = session.trace(node)
    assert (trace.verdict, trace.property) == shows
    assert replay(trace) == trace


def test_a_check_that_fails_is_a_failure_at_the_end(counted):
    session, node = counted("True", "False")
    trace = session.trace(node)
    assert trace.failure is not None and trace.failure.during == "add"
    assert replay(trace) == trace
    with pytest.raises(Impossible, match="add fails there"):
        session.take(node, "add")


def test_a_loaded_trace_keeps_its_claim_and_where_it_is_from(session, walk):
    trace = replace(session.trace(walk(*EARLY)), engine="native", seed=7)
    other = Session(session.specification, "two-phase-commit")
    assert other.trace(other.follow(trace)) == trace
    assert other.trace(1).verdict == "undecided", "a part of it shows only what is seen at its end"


def test_the_tree_is_bounded(session, monkeypatch):
    monkeypatch.setattr(module, "MOST_NODES", 2)
    node = session.take(session.start(0), "give_up(rm1)")
    with pytest.raises(Impossible, match="save what you need"):
        session.take(node, "commit")
