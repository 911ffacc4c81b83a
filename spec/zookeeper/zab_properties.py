"""What Zab guarantees: the properties of the paper's section III, and what its proofs rest on.

A server has *delivered* the transactions in the committed prefix of its history. Two transactions are the same when
zxid and value are. Nothing here knows the steps of the protocol.
"""

from ..lang import invariant, terminal, witness
from .zab_state import (
    CEpoch,
    Epoch,
    History,
    Phase,
    Role,
    Server,
    Txn,
    ZabState,
    epochs,
    is_quorum,
    last_zxid,
)


def same(a: Txn, b: Txn) -> bool:
    """Whether two entries of histories are one transaction; who has acknowledged it does not matter."""
    return a.zxid == b.zxid and a.value == b.value


def contains(history: History, txn: Txn) -> bool:
    """Whether a transaction is in a history."""
    return any(same(txn, other) for other in history)


def precedes(history: History, a: Txn, b: Txn) -> bool:
    """Whether one transaction stands before another in a history."""
    return any(same(history[m], b) and contains(history[:m], a) for m in range(len(history)))


def agree(a: History, b: History) -> bool:
    """Whether two histories are the same as far as both go."""
    return all(same(a[k], b[k]) for k in range(len(a)) if k < len(b))


class ZabProperties(ZabState):
    """The properties of Zab over its state."""

    def delivered(self, i: Server) -> History:
        """The transactions that i has delivered."""
        return self.history[i][: self.last_committed[i].index]

    def broadcasting(self, i: Server) -> bool:
        """Whether i is an established leader that a quorum follows: in phase 3."""
        return self.role[i] is Role.LEADING and self.phase[i] is Phase.BROADCAST

    def established_leader(self, i: Server) -> bool:
        """Whether i leads an epoch that a quorum has promised it: in phase 2 or 3."""
        return self.role[i] is Role.LEADING and self.phase[i] in (Phase.SYNCHRONIZATION, Phase.BROADCAST)

    def follows(self, j: Server, i: Server) -> bool:
        """Whether j is a follower connected to i."""
        return j in self.learners[i] and self.role[j] is Role.FOLLOWING and self.leader[j] == i

    # ------------------------------------------------------------------------------------------------ leaders

    @invariant
    def no_anomaly(self) -> bool:
        """No server ever reads a message that does not fit its phase or its history."""
        return len(self.anomalies) == 0

    @invariant
    def one_leader_at_a_time(self) -> bool:
        """No two servers are established leaders of the same epoch at the same time."""
        return all(
            self.current_epoch[i] != self.current_epoch[j]
            for i in Server
            if self.established_leader(i)
            for j in Server
            if i != j and self.established_leader(j)
        )

    @invariant
    def single_leader_per_epoch(self) -> bool:
        """Single leader per epoch: over all time, at most one server is ever established as leader of an epoch."""
        return all(len(self.established[e]) <= 1 for e in Epoch)

    @invariant
    def epochs_in_order(self) -> bool:
        """A server's current epoch is one it has promised, and its last transaction is not from a later epoch."""
        return all(last_zxid(self.history[i]).epoch <= self.current_epoch[i] <= self.accepted_epoch[i] for i in Server)

    # ---------------------------------------------------------------------------- what is delivered, and its order

    @invariant
    def prefix_ordered_commits(self) -> bool:
        """Prefix-ordered commits: of what any two servers have delivered, one is a prefix of the other."""
        return all(agree(self.delivered(i), self.delivered(j)) for i in Server for j in Server)

    @invariant
    def integrity(self) -> bool:
        """Whatever a follower has delivered, some leader has broadcast (paper: Integrity)."""
        return all(
            any(txn.zxid == b.zxid and txn.value == b.value for b in self.broadcasts)
            for i in Server
            if self.role[i] is Role.FOLLOWING
            for txn in self.delivered(i)
        )

    @invariant
    def agreement(self) -> bool:
        """If one follower has delivered a and another b, the first has b or the second a (paper: Agreement)."""
        return all(
            contains(self.delivered(j), a) or contains(self.delivered(i), b)
            for i in Server
            if self.role[i] is Role.FOLLOWING
            for j in Server
            if self.role[j] is Role.FOLLOWING
            for a in self.delivered(i)
            for b in self.delivered(j)
        )

    @invariant
    def total_order(self) -> bool:
        """If one server delivers a before b, any server that delivers b delivers a before it (paper: Total order)."""
        return all(
            precedes(self.delivered(j), self.delivered(i)[m], self.delivered(i)[n])
            for i in Server
            for j in Server
            for n in range(len(self.delivered(i)))
            if contains(self.delivered(j), self.delivered(i)[n])
            for m in range(n)
        )

    @invariant
    def local_primary_order(self) -> bool:
        """If a primary broadcasts a before b, any server that delivers b delivers a before it, for all a and b."""
        return all(
            any(self.delivered(i)[m].zxid == a.zxid and self.delivered(i)[m].value == a.value for m in range(n))
            for i in Server
            for n in range(len(self.delivered(i)))
            for b in self.broadcasts
            if b.zxid == self.delivered(i)[n].zxid and b.value == self.delivered(i)[n].value
            for a in self.broadcasts
            if a.epoch == b.epoch and a.zxid < b.zxid
        )

    @invariant
    def global_primary_order(self) -> bool:
        """A server delivers the transactions of an earlier epoch before those of a later one."""
        return all(
            self.delivered(i)[m].zxid.epoch <= self.delivered(i)[n].zxid.epoch
            for i in Server
            for n in range(len(self.delivered(i)))
            for m in range(n)
        )

    @invariant
    def primary_integrity(self) -> bool:
        """A broadcasting leader has delivered what its broadcasting followers have from earlier epochs."""
        return all(
            contains(self.delivered(i), txn)
            for i in Server
            if self.broadcasting(i)
            for j in Server
            if self.follows(j, i) and self.phase[j] is Phase.BROADCAST
            for txn in self.delivered(j)
            if txn.zxid.epoch < self.current_epoch[i]
        )

    @invariant
    def primary_starts_from_what_is_delivered(self) -> bool:
        """A primary that broadcasts began with all that is ever delivered from earlier epochs (Primary integrity)."""
        return all(
            any(start.epoch == own.epoch and start.zxid == txn.zxid for start in self.broadcasts)
            for own in self.broadcasts
            if own.zxid.epoch == own.epoch
            for i in Server
            for txn in self.delivered(i)
            if txn.zxid.epoch < own.epoch
        )

    # ------------------------------------------------------------------------------------ why it is guaranteed

    @invariant
    def delivered_is_logged(self) -> bool:
        """What a server has delivered is in its history, up to the zxid it remembers."""
        return all(
            self.last_committed[i].index <= len(self.history[i])
            and last_zxid(self.delivered(i)) == self.last_committed[i].zxid
            for i in Server
        )

    @invariant
    def leader_completeness(self) -> bool:
        """An established leader has logged whatever any server has delivered from earlier epochs."""
        return all(
            contains(self.history[i], txn)
            for i in Server
            if self.established_leader(i)
            for j in Server
            for txn in self.delivered(j)
            if txn.zxid.epoch < self.current_epoch[i]
        )

    @invariant
    def equally_recent_histories_are_equal(self) -> bool:
        """Where a leader could choose between two histories that are equally recent, they are the same history."""
        return all(
            self.same_if_tied(i, s, t) for i in Server if self.role[i] is Role.LEADING for s in Server for t in Server
        )

    def same_if_tied(self, i: Server, s: Server, t: Server) -> bool:
        """Whether the state summaries of s and t at the leader i differ in epoch or last zxid, or in nothing."""
        first = self.ack_epochs[i][s]
        second = self.ack_epochs[i][t]
        if first is None or second is None:
            return True
        if (first.epoch, last_zxid(first.history)) != (second.epoch, last_zxid(second.history)):
            return True
        return len(first.history) == len(second.history) and agree(first.history, second.history)

    # ------------------------------------------------------------------------------------ what must be reachable

    @witness
    def leader_is_established(self) -> bool:
        """A leader is established: it broadcasts."""
        return any(self.broadcasting(i) for i in Server)

    @witness
    def transaction_commits(self) -> bool:
        """A follower delivers a transaction."""
        return any(self.role[i] is Role.FOLLOWING and len(self.delivered(i)) > 0 for i in Server)

    @witness
    def second_epoch_commits(self) -> bool:
        """A transaction of a second epoch is delivered."""
        return any(txn.zxid.epoch >= 2 for i in Server for txn in self.delivered(i))

    @witness
    def late_follower_catches_up(self) -> bool:
        """A follower delivers a transaction that a quorum had logged without it."""
        return any(
            self.role[i] is Role.FOLLOWING and i not in txn.acks and is_quorum(txn.acks)
            for i in Server
            for txn in self.delivered(i)
        )

    @terminal
    def at_rest(self) -> bool:
        """Nobody looks for a leader, and nothing is under way but what the limit of epochs holds up."""
        return all(self.role[i] is not Role.LOOKING for i in Server) and all(
            self.head(i, j) is None or self.held_up(i, j) for i in Server for j in Server
        )

    def held_up(self, i: Server, j: Server) -> bool:
        """Whether i will not read the CEPOCH of j, because no epoch beyond the last one is modelled."""
        return self.highest_epoch == epochs and isinstance(self.head(i, j), CEpoch)
