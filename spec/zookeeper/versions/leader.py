"""A leader: how it brings its followers up to date, counts their acknowledgements, and commits.

Leader.java and LearnerHandler.java. `i` leads, `j` follows. In Java each follower has a LearnerHandler of its own;
here a leader has one at a time that is in the middle of something (LH: a snapshot is dumped while the tree changes).
"""

from ...lang import Set, action, expect, require, runs_on, step
from .server_properties import ServerProperties
from .server_state import (
    Ack,
    Anomaly,
    Commit,
    Counter,
    Log,
    Mode,
    NewLeader,
    Outstanding,
    Proposal,
    Proposed,
    Role,
    Server,
    Sync,
    Thread,
    UpToDate,
    Zxid,
    after,
    is_quorum,
    last,
    up_to,
    zero,
)
from .switches import (
    acks_outlive_truncation,
    disk_diff_checked,
    disk_diff_unchecked,
    kept,
    new_leader_before_dump,
    transactions,
)


class LeaderSteps(ServerProperties):
    """The steps of a leader."""

    # -------------------------------------------------------------------------------------------- synchronization

    @action
    @runs_on(Thread.LH)
    def synchronize(self, i: Server, j: Server) -> None:
        """The leader queues what the follower lacks, and NEWLEADER (LearnerHandler.syncFollower, startForwarding)."""
        require(self.role[i] is Role.LEADING and j in self.learners[i] and j not in self.forwarding[i])
        sync = self.what_is_missing(i, self.processed(j))
        self.send(i, j, sync)
        self.dumped[j] = zero()
        if not acks_outlive_truncation:
            self.outstanding[i] = Outstanding(p.replace(acks=p.acks - {j}) for p in self.outstanding[i])
        self.forwarding[i].add(j)
        if sync.mode is Mode.SNAP:
            if new_leader_before_dump:
                self.send(i, j, NewLeader(self.current_epoch[i]))
            step("LH.dump")
            self.dump(i, j)
        if not (new_leader_before_dump and sync.mode is Mode.SNAP):
            self.send(i, j, NewLeader(self.current_epoch[i]))

    def what_is_missing(self, i: Server, reported: Zxid) -> Sync:
        """DIFF, TRUNC or SNAP, by the last zxid that the follower reports (LearnerHandler.syncFollower)."""
        proposed = Log(p.zxid for p in self.outstanding[i])
        shared = last(up_to(self.memory[i], reported))
        missing = self.missing(i, shared)
        if self.recorded[i] and reported > zero():
            return Sync(Mode.TRUNC, zero(), Log(), proposed)
        if self.reads_files(i, reported):
            return Sync(Mode.DIFF, reported, self.from_files(i, reported), proposed)
        if len(missing) > kept:
            return Sync(Mode.SNAP, last(self.memory[i]), self.memory[i], proposed)
        return Sync(Mode.DIFF if shared == reported else Mode.TRUNC, shared, missing, proposed)

    def missing(self, i: Server, shared: Zxid) -> Log:
        """What a leader has after a zxid, as far as its list knows (LearnerHandler.queueCommittedProposals)."""
        if shared == zero() or shared in self.unlisted[i]:
            return after(self.memory[i], shared)
        return Log(z for z in after(self.memory[i], shared) if z not in self.unlisted[i])

    def reads_files(self, i: Server, reported: Zxid) -> bool:
        """Whether a follower is older than the list, and not older than the log files (ZKDatabase.isTxnLogSyncEnabled).

        The list begins behind the last SNAP that the leader itself was brought up to date with.
        """
        if not (disk_diff_unchecked or disk_diff_checked):
            return False
        if disk_diff_checked and last(up_to(self.files(i), self.list_start(i))) < self.list_start(i):
            return False
        return reported < self.covered[i] and reported in self.files(i)

    def list_start(self, i: Server) -> Zxid:
        """The first zxid of the list of a leader; where it is empty, the last of its memory (minCommittedLog)."""
        listed = after(self.memory[i], self.covered[i])
        return listed.first if len(listed) > 0 else last(self.memory[i])

    def from_files(self, i: Server, reported: Zxid) -> Log:
        """The log files up to where the list starts, and the list (LearnerHandler.queueCommittedProposals, twice)."""
        read = after(up_to(self.files(i), self.list_start(i)), reported)
        return read + Log(z for z in after(self.memory[i], self.covered[i]) if z not in read)

    def dump(self, i: Server, j: Server) -> None:
        """The snapshot also gets parts of what was applied since its header (ZKDatabase.serializeSnapshot).

        Where the follower has read it already, the dump was done before.
        """
        if len(self.channel[i][j]) > 0 and isinstance(self.channel[i][j].first, Sync):
            self.dumped[j] = last(self.memory[i])

    @action
    def process_ack(self, i: Server, j: Server) -> None:
        """The leader reads an ACK; the first must be that of NEWLEADER (LearnerHandler.run, Leader.processAck)."""
        require(self.role[i] is Role.LEADING and len(self.channel[j][i]) > 0)
        ack = expect(self.channel[j][i].first, Ack)
        self.channel[j][i].remove_first()
        if j in self.acked[i]:
            self.count_ack(i, j, ack.zxid)
        elif ack.zxid == Zxid(self.current_epoch[i], Counter(0)):
            self.count_new_leader_ack(i, j)
        else:
            self.anomalies.add(Anomaly.FIRST_ACK)

    def count_new_leader_ack(self, i: Server, j: Server) -> None:
        """With a quorum of these the leader commits its history, and serves (Leader.waitForNewLeaderAck)."""
        self.acked[i].add(j)
        if self.serving[i]:
            self.send(i, j, UpToDate())
        elif is_quorum(self.acked[i]):
            self.serving[i] = True
            self.committed.update(Set(z for z in self.memory[i]))
            for s in self.acked[i]:
                self.send(i, s, UpToDate())

    # -------------------------------------------------------------------------------------------------- broadcast

    @action
    def request(self, i: Server) -> None:
        """A client writes: the leader proposes, and queues for its own log (Leader.propose)."""
        require(self.role[i] is Role.LEADING and self.serving[i] and self.made < transactions)
        own = len(Log(z for z in self.history(i) if z.epoch == self.current_epoch[i]))
        zxid = Zxid(self.current_epoch[i], Counter(own + 1))
        self.made += 1
        self.outstanding[i].append(Proposed(zxid, Set()))
        self.queue[i].append(zxid)
        self.forward(i, Proposal(zxid))

    def count_ack(self, i: Server, s: Server, zxid: Zxid) -> None:
        """A quorum of ACKs commits a proposal (Leader.processAck, tryToCommit)."""
        self.outstanding[i] = Outstanding(
            p.replace(acks=p.acks | {s}) if p.zxid == zxid else p for p in self.outstanding[i]
        )
        if len(self.outstanding[i]) > 0 and is_quorum(self.outstanding[i].first.acks):
            self.commit(i, self.outstanding[i].first.zxid)

    def commit(self, i: Server, zxid: Zxid) -> None:
        """The leader applies a transaction, and tells its followers (Leader.commit)."""
        self.outstanding[i].remove_first()
        self.memory[i].append(zxid)
        self.committed.add(zxid)
        self.forward(i, Commit(zxid))
