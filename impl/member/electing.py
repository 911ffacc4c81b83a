"""When an election waits, and for how long: the two timers of fast leader election, in milliseconds.

Source: `FastLeaderElection.finalizeWait`, `maxNotificationInterval`. The pause between repetitions doubles up to two
seconds where ZooKeeper's doubles up to sixty: a partition that heals is noticed sooner.

And how a latecomer joins. The node asks that those who have decided name the same round, as the published
specification does. They may not: who joined from outside keeps the round that it heard of. ZooKeeper compares neither
round nor zxid of them (`Vote.equals`, ZOOKEEPER-1732); here the node is told, after the first pause, whom it shall
follow. ZAB is safe whoever is followed.
"""

from ..ensemble.messages import Elected, Finalize, Notification, Resend, Vote
from ..ensemble.state import Node

FINALIZE_MS = 200
RESEND_MS, RESEND_MS_MAX = 200, 2000


class Timing:
    """Follows a node that looks for a leader."""

    def __init__(self, now_ms: int) -> None:
        self._looking = True
        self._pause_ms = RESEND_MS
        self._resend_ms = now_ms + RESEND_MS
        self._decided: tuple[int, Vote] | None = None
        self._finalize_ms: int | None = None
        self._settled: dict[int, Notification] = {}  # what those said last that follow or lead

    @property
    def next_due(self) -> int:
        """When something is due."""
        return self._resend_ms if self._finalize_ms is None else min(self._resend_ms, self._finalize_ms)

    def follow(self, node: Node, now_ms: int) -> None:
        """The node took a step: a decision starts the wait for a better vote, another one starts it again."""
        looking = node.role is None
        if looking and not self._looking:
            self._pause_ms, self._resend_ms = RESEND_MS, now_ms + RESEND_MS
            self._settled.clear()
        self._looking = looking
        election = node.election
        decided = (election.round, election.vote) if looking and election.decided else None
        if decided != self._decided:
            self._decided = decided
            self._finalize_ms = None if decided is None else now_ms + FINALIZE_MS

    def heard(self, peer: int, notification: Notification, now_ms: int) -> None:
        """A notification came: there is no need to repeat one's own for a while."""
        self._resend_ms = now_ms + self._pause_ms
        if notification.state == "LOOKING":
            self._settled.pop(peer, None)
        else:
            self._settled[peer] = notification

    def due(self, node: Node, now_ms: int) -> list[Finalize | Resend | Elected]:
        """What is to happen now to a node that looks for a leader."""
        if self._finalize_ms is not None and now_ms >= self._finalize_ms:
            return [Finalize()]
        if now_ms < self._resend_ms:
            return []
        self._pause_ms = min(2 * self._pause_ms, RESEND_MS_MAX)
        self._resend_ms = now_ms + self._pause_ms
        leader = self._leader_of_others(node)
        return [Resend()] if leader is None else [Elected(leader)]

    def _leader_of_others(self, node: Node) -> int | None:
        """Whom a quorum of the others follows, and who says itself that it leads."""
        for peer, said in sorted(self._settled.items()):
            if said.state == "LEADING" and said.vote.leader == peer:
                others = frozenset(s for s, n in self._settled.items() if n.vote.leader == peer)
                if node.ensemble.is_quorum(others):
                    return peer
        return None
