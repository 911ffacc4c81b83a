"""The page of a trace that real nodes have taken: roles, epochs, messages, the property's tree, both sides."""

from collections.abc import Callable

import pytest
from quorate.checker.implementation import Budget, How, check
from quorate.checker.implementation.picture import Performer, tree
from quorate.checker.subject import recorded
from quorate.traces.replay import replay
from quorate.traces.trace import Step, Trace


def counterexample(name: str, bug: str, refine: bool = False, **budget: int) -> Trace:
    constants = {"reduction": 0, "refinement": int(refine), **budget}
    specification = tree(constants, [bug])
    performer = specification.performer
    assert isinstance(performer, Performer)
    outcome = check(Budget(**budget), [bug], how=How(refine=refine, properties=(name,)))
    assert outcome.way is not None
    steps = tuple(Step(label, state) for label, state in performer.shown(outcome.way))
    return replay(Trace(specification, "impl:cluster", steps, "violated", name, engine="implementation"))


@pytest.fixture(scope="module")
def alone() -> Trace:
    return counterexample("durability", "commit-alone")


def test_it_opens_at_the_end_and_says_why(show: Callable, alone: Trace) -> None:
    page = show(alone)
    assert page.step == 10
    assert page.text("h1").startswith("Implementation") or "durability" in page.text("body")
    assert "2 * len(keepers) > servers" in page.text("body")
    assert page.complaints() == [] and page.requests() == [page.address]


def test_lanes_roles_epochs_and_messages(show: Callable, alone: Trace) -> None:
    page = show(alone)
    data = page.script("return {lanes: D.lanes, roles: D.roles.map(r => r.name), epochs: D.epochs.map(e => e.name)}")
    assert data["lanes"] == ["server0", "server1", "server2"]
    assert data["roles"][:2] == ["role", "phase"]
    assert data["epochs"][0] in ("accepted_epoch", "current_epoch")
    messages = page.script("return D.messages.map(m => [D.texts[m[0]], m[2], m[4], m[5]])")
    assert ["FollowerInfo(accepted=0)", 1, 0, "received"] in messages
    assert ["LeaderInfo(epoch=1)", 0, 1, "received"] in messages
    assert ["Diff(zxid=Zxid(epoch=0, counter=0))", 0, 1, "received"] in messages  # though it changes nothing else
    assert ["Commit(zxid=Zxid(epoch=1, counter=1))", 0, 1, "in flight"] in messages


def test_what_is_dropped_and_what_a_crash_loses(show: Callable) -> None:
    specification = recorded("impl:cluster", ["transactions=0", "elections=0", "crashes=1", "drops=1"], (), ())
    performer = specification.performer
    assert isinstance(performer, Performer)
    way = [("notified", (0, 1)), ("drop", (0, 1)), ("crash", (2, 0))]
    steps = tuple(Step(label, state) for label, state in performer.shown(way))
    page = show(replay(Trace(specification, "impl:cluster", steps, "reached", None)))
    assert page.script("return D.messages.map(m => [m[2], m[4], m[5], m[6]])") == [
        [0, 1, "dropped", ""],
        [0, 2, "lost", "dead"],
    ]
    assert page.script("return D.roles[0].courses[2]") == [[1, 1], [4, 0]]  # server2 is down in the end


def test_both_sides_of_a_mismatch(show: Callable) -> None:
    trace = counterexample("refinement", "promise-twice", refine=True, transactions=0, elections=2, timeouts=1)
    page = show(trace)
    text = page.text("body")
    assert "accepted_epoch of server 0 is 0 in the implementation and 1 in the specification" in text
    assert "spec/zookeeper/zab" in text
    rows = page.script("return D.variables.map(v => v.name)")
    assert "zab_accepted_epoch" in rows and "accepted_epoch" in rows
    assert page.script("return D.lanes") == ["server0", "server1", "server2"]


def test_what_is_sent_to_several_is_not_sent_again(show: Callable) -> None:
    specification = recorded("impl:cluster", ["transactions=1"], (), ())
    performer = specification.performer
    assert isinstance(performer, Performer)
    joins = [("leader_receives", (0, 1)), ("follower_receives", (1, 0))] * 2 + [("follower_receives", (1, 0))]
    way = [("elect", (0,)), ("follow", (1,)), *joins, ("leader_receives", (0, 1)), ("follow", (2,))]
    other = [(name, tuple(2 if n == 1 else n for n in who)) for name, who in joins]
    way += [*other, ("leader_receives", (0, 2)), ("request", (0,))]
    way += [("follower_receives", (1, 0))] * 2 + [("follower_receives", (2, 0))] * 2
    steps = tuple(Step(label, state) for label, state in performer.shown(way))
    page = show(replay(Trace(specification, "impl:cluster", steps, "reached", None)))
    sent = page.script("return D.messages.map(m => [D.texts[m[0]], m[4], m[5], m[6]])")
    found = [course for text, *course in sent if text.startswith("Proposal")]
    assert found == [[1, "received", ""], [2, "received", ""]]
