"""What a server must keep: the symptoms that operators see, and for each bug of a release the property of its cause.

A symptom (`leader_completeness`, `committed_monotone`, `history_prefix`, `no_gap`) says that data is lost or servers
differ. A cause says which of two writes came too early, and is broken sooner. Nothing here knows the steps.
"""

from ...lang import Set, idle, invariant, terminal, witness
from .server_state import Anomaly, Log, Mode, Role, Server, ServerState, Thread, last


def is_prefix(a: Log, b: Log) -> bool:
    """Whether a history begins another."""
    return len(a) <= len(b) and all(a[k] == b[k] for k in range(len(a)))


class ServerProperties(ServerState):
    """The properties of a server over its state."""

    def start(self, i: Server) -> Log:
        """What the epoch of a leader starts from."""
        return Log(z for z in self.memory[i] if z.epoch < self.current_epoch[i])

    def followers(self, i: Server) -> Set[Server]:
        """Those that follow a leader, and are connected to it."""
        return Set(j for j in self.learners[i] if self.role[i] is Role.LEADING and self.role[j] is Role.FOLLOWING)

    # ------------------------------------------------------------------------------------------------- symptoms

    @invariant
    def leader_completeness(self) -> bool:
        """The leader of the latest epoch has every transaction that was ever committed."""
        return all(z in self.memory[i] for i in Server if self.leads_latest(i) for z in self.committed)

    def leads_latest(self, i: Server) -> bool:
        """Whether i leads, is not stopping, and nobody has promised a later epoch than its own."""
        leads = self.role[i] is Role.LEADING and idle(i, Thread.QP)
        return leads and all(self.accepted_epoch[s] <= self.current_epoch[i] for s in Server)

    @invariant
    def committed_monotone(self) -> bool:
        """Where the leader of the latest epoch serves clients, they see every transaction that was ever committed."""
        return all(
            z in self.memory[i] for i in Server if self.leads_latest(i) and self.serving[i] for z in self.committed
        )

    @invariant
    def history_prefix(self) -> bool:
        """The log of a follower whose NEWLEADER is acknowledged begins its leader's history."""
        return all(is_prefix(self.log[j], self.history(i)) for i in Server for j in self.followers(i) & self.acked[i])

    def history(self, i: Server) -> Log:
        """All that a leader has committed or proposed."""
        return self.memory[i] + Log(p.zxid for p in self.outstanding[i])

    @invariant
    def no_gap(self) -> bool:
        """Whoever has a committed transaction on disk has all committed before it."""
        return all(
            c in self.log[s]
            for s in Server
            for z in self.log[s]
            if z in self.committed
            for c in self.committed
            if c < z
        )

    # --------------------------------------------------------------------------------------------------- causes

    @invariant
    def acked_is_durable(self) -> bool:
        """Whose ACK of NEWLEADER is counted has on disk what the epoch starts from."""
        return all(
            z in self.on_disk(j) for i in Server for j in self.followers(i) & self.acked[i] for z in self.start(i)
        )

    @invariant
    def epoch_implies_history(self) -> bool:
        """A follower that has written its leader's epoch has on disk what this epoch starts from."""
        return all(
            z in self.on_disk(j)
            for i in Server
            for j in self.followers(i)
            if self.current_epoch[j] == self.current_epoch[i]
            for z in self.start(i)
        )

    @invariant
    def first_ack(self) -> bool:
        """The first ACK that a leader reads from a follower is that of NEWLEADER."""
        return Anomaly.FIRST_ACK not in self.anomalies

    @invariant
    def pending_commit(self) -> bool:
        """A COMMIT while synchronizing finds its proposal pending."""
        return Anomaly.PENDING_COMMIT not in self.anomalies

    @invariant
    def can_restart(self) -> bool:
        """A server that crashes can start again."""
        return Anomaly.NO_RESTART not in self.anomalies

    @invariant
    def synced_before_serving(self) -> bool:
        """A follower that serves clients has applied what its leader's epoch starts from."""
        return all(
            z in self.memory[j] for i in Server for j in self.followers(i) if self.serving[j] for z in self.start(i)
        )

    @invariant
    def reported_is_applied(self) -> bool:
        """A server without a role votes with a zxid that it has applied."""
        return all(self.processed(s) == last(self.memory[s]) for s in Server if self.role[s] is Role.LOOKING)

    @invariant
    def sync_is_whole(self) -> bool:
        """What a follower is brought up to date with gives it all that the epoch starts from, and nothing else."""
        return all(
            is_prefix(self.memory[j] + self.to_commit[j], self.history(i))
            and all(z in self.memory[j] + self.to_commit[j] for z in self.start(i))
            for i in Server
            for j in self.followers(i)
            if self.mode[j] is not Mode.NONE and idle(j, Thread.QP)
        )

    @invariant
    def snapshot_closed(self) -> bool:
        """What a snapshot on disk holds a part of is in the log: a restart makes it whole."""
        return all(
            z in self.log[s]
            for s in Server
            if self.mode[s] is not Mode.SNAP
            for z in self.committed
            if z <= self.torn[s]
        )

    @invariant
    def cut_log_is_shared(self) -> bool:
        """What TRUNC leaves of a log begins the history of the leader that sent it."""
        return all(
            is_prefix(self.log[j], self.memory[i])
            for i in Server
            for j in self.followers(i)
            if self.mode[j] is Mode.TRUNC
        )

    @invariant
    def stopped_is_silent(self) -> bool:
        """A server without a role has nothing left to write."""
        return all(
            len(self.queue[s]) + len(self.leaked[s]) == 0 and idle(s, Thread.SY)
            for s in Server
            if self.role[s] is Role.LOOKING
        )

    @invariant
    def looking_memory_is_log(self) -> bool:
        """A server without a role has in memory exactly what it has in its log."""
        return all(self.memory[s] == self.log[s] for s in Server if self.role[s] is Role.LOOKING)

    # ------------------------------------------------------------------------------------------------ witnesses

    @witness
    def committed_by_two(self) -> bool:
        """A follower has applied a transaction of its leader's own epoch."""
        return any(
            z in self.memory[j] and z.epoch == self.current_epoch[i]
            for i in Server
            for j in self.followers(i)
            for z in self.committed
        )

    @terminal
    def at_rest(self) -> bool:
        """Everything sent is read, and everything queued is logged."""
        return all(
            (len(self.queue[i]) == 0 or self.failed[i]) and all(len(self.channel[i][j]) == 0 for j in Server)
            for i in Server
        )
