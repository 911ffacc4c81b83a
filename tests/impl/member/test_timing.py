"""The timers of an election, and how a latecomer joins those who have decided."""

from quorate.impl.ensemble import election
from quorate.impl.ensemble.messages import Elected, Finalize, Notification, Resend, State, Vote
from quorate.impl.ensemble.node import begin
from quorate.impl.ensemble.state import Disk, Ensemble, Node
from quorate.impl.member.electing import Timing


def looking(servers: int = 3) -> Node:
    return election.look(begin(Ensemble(servers), 0, Disk()))[0]


def said(state: State, leader: int, number: int) -> Notification:
    return Notification(state, Vote(1, 7, leader), number)


def test_a_vote_is_repeated_after_pauses_that_double() -> None:
    timing, node = Timing(0), looking()
    moments = []
    while len(moments) < 6:
        moments.append(timing.next_due)
        assert timing.due(node, timing.next_due - 1) == []
        assert timing.due(node, timing.next_due) == [Resend()]
    pauses = [later - earlier for earlier, later in zip([0, *moments], moments, strict=False)]
    assert pauses == [200, 400, 800, 1600, 2000, 2000]
    timing.heard(1, said("LOOKING", 1, 1), moments[-1] + 1500)
    assert timing.next_due == moments[-1] + 3500


def test_a_decision_waits_for_a_better_vote() -> None:
    timing = Timing(0)
    node = election.notified(looking(), 1, Notification("LOOKING", Vote(0, 0, 1), 1))[0]
    timing.follow(node, 50)
    assert timing.due(node, 249) == [Resend()] and timing.due(node, 250) == [Finalize()]
    node = election.notified(node, 2, Notification("LOOKING", Vote(0, 0, 2), 1))[0]
    timing.follow(node, 240)
    assert timing.due(node, 439) == [] and timing.due(node, 440) == [Finalize()]


def test_a_latecomer_follows_whom_the_others_follow() -> None:
    """They name different rounds, which the election itself does not accept."""
    timing, node = Timing(0), looking(5)
    timing.heard(1, said("FOLLOWING", 3, 2), 10)
    timing.heard(2, said("FOLLOWING", 4, 9), 10)
    timing.heard(3, said("LEADING", 3, 5), 10)
    assert timing.due(node, timing.next_due) == [Resend()], "two of five are no quorum"
    timing.heard(2, said("FOLLOWING", 3, 9), 20)
    assert timing.due(node, timing.next_due) == [Elected(3)]
    followed = election.told(node, 3)[0]
    assert followed.state == "FOLLOWING" and followed.election.vote.leader == 3, "and says so to whoever asks"
    timing.heard(3, said("LOOKING", 3, 6), 30)
    assert timing.due(node, timing.next_due) == [Resend()], "it leads no more"
