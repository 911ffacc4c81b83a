"""A follower, from the header of a DIFF, TRUNC or SNAP to the broadcast: Learner.java and Follower.java.

In the order of Learner.syncWithLeader. `j` follows, `i` leads. Splits: SYNC (header, then packets), NL (NEWLEADER), UP
(UPTODATE), CP (the CommitProcessor applies).
"""

from ...lang import action, expect, require, runs_on, step
from .leader import LeaderSteps
from .server_state import (
    Ack,
    Anomaly,
    Commit,
    Counter,
    Index,
    Log,
    Mode,
    NewLeader,
    Proposal,
    Server,
    Sync,
    Thread,
    UpToDate,
    Zxid,
    last,
    up_to,
)
from .switches import (
    diff_header_jumps,
    diff_snapshotted,
    disk_diff_checked,
    disk_diff_unchecked,
    epoch_before_log,
    gap_accepted,
    log_after_uptodate,
    log_all_pending,
    log_async,
    serve_before_apply,
    snapshot_survives,
    synced_not_listed,
    truncation_not_listed,
)


class LearnerSteps(LeaderSteps):
    """The steps of a follower."""

    # ------------------------------------------------------------------------------------------ DIFF, TRUNC or SNAP

    @action
    @runs_on(Thread.QP)
    def process_sync(self, j: Server) -> None:
        """DIFF: packets wait. TRUNC and SNAP: what is committed is applied at once (Learner.syncWithLeader)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        sync = expect(self.channel[i][j].first, Sync)
        self.channel[i][j].remove_first()
        self.mode[j] = sync.mode
        if sync.mode is Mode.SNAP:
            self.memory[j] = sync.committed
            self.torn[j] = self.dumped[j]
        elif sync.mode is Mode.TRUNC:
            self.truncate(j, sync.keep)
        elif diff_header_jumps and len(sync.committed) > 0:
            self.claimed[j] = last(sync.committed)
        step("SYNC.packets")
        if self.linked(j):
            self.take_packets(i, j, sync)

    def take_packets(self, i: Server, j: Server, sync: Sync) -> None:
        """PROPOSAL and COMMIT of what is committed, PROPOSAL of what is not (Learner.syncWithLeader, its loop)."""
        self.pending[j] = sync.proposed
        if sync.mode is Mode.DIFF and not diff_snapshotted:
            self.pending[j] = sync.committed + sync.proposed
            self.to_commit[j] = sync.committed
        elif sync.mode is not Mode.SNAP:
            self.memory[j].extend(sync.committed)
            if truncation_not_listed:
                self.unlisted[j].extend(sync.committed)
        if not gap_accepted and self.skips(self.memory[j] + self.to_commit[j] + sync.proposed):
            self.drop(i, j)

    def skips(self, history: Log) -> bool:
        """Whether transactions of an epoch are missing between two others (Learner.enforceContinuousProposal)."""
        return any(z.counter > 1 and Zxid(z.epoch, Counter(z.counter - 1)) not in history for z in history)

    def truncate(self, j: Server, keep: Zxid) -> None:
        """The log is cut, and read again (ZKDatabase.truncateLog)."""
        self.log[j] = up_to(self.log[j], keep)
        self.old_files[j] = up_to(self.old_files[j], keep)
        if snapshot_survives and last(self.snapshot[j]) > keep:
            self.log[j] = self.snapshot[j]
        self.durable[j] = Index(min(self.durable[j], len(self.log[j])))
        self.load(j)

    # --------------------------------------------------------------------------------------------------- NEWLEADER

    @action
    @runs_on(Thread.QP)
    def process_new_leader(self, j: Server) -> None:
        """Snapshot, log, epoch, ACK: all of them at NEWLEADER, and in this order (Learner.syncWithLeader)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        new_leader = expect(self.channel[i][j].first, NewLeader)
        self.channel[i][j].remove_first()
        self.take_snapshot(j)
        step("NL.log")
        if epoch_before_log:
            self.current_epoch[j] = new_leader.epoch
            step("NL.write")
            self.log_what_was_sent(j)
        else:
            self.log_what_was_sent(j)
            step("NL.epoch")
            self.current_epoch[j] = new_leader.epoch
        step("NL.ack")
        self.send(j, i, Ack(Zxid(new_leader.epoch, Counter(0))))

    def take_snapshot(self, j: Server) -> None:
        """After TRUNC or SNAP memory goes to disk (ZooKeeperServer.takeSnapshot)."""
        if (self.mode[j] is Mode.SNAP or diff_snapshotted) and (disk_diff_unchecked or disk_diff_checked):
            self.old_files[j] = self.files(j)
            self.covered[j] = last(self.memory[j])
        if self.mode[j] in (Mode.TRUNC, Mode.SNAP) or diff_snapshotted:
            self.save(j)
        self.mode[j] = Mode.NONE

    def log_what_was_sent(self, j: Server) -> None:
        """The transactions of a DIFF reach the log (Learner.syncWithLeader, at NEWLEADER)."""
        if log_async:
            self.queue[j].extend(self.pending[j])
            self.pending[j].clear()
        elif log_all_pending:
            self.write(j, self.pending[j])
            self.pending[j].clear()
        elif not log_after_uptodate:
            self.write(j, self.to_commit[j])
            self.pending[j] = Log(z for z in self.pending[j] if z not in self.to_commit[j])
            if synced_not_listed:
                self.unlisted[j].extend(self.to_commit[j])
            if not serve_before_apply:
                self.apply(j)

    def write(self, j: Server, transactions_sent: Log) -> None:
        """QuorumPeer's own thread appends to the log, and syncs it."""
        self.log[j].extend(transactions_sent)
        self.durable[j] = Index(len(self.log[j]))

    def apply(self, j: Server) -> None:
        """What is committed is applied."""
        self.memory[j].extend(self.to_commit[j])
        self.to_commit[j].clear()

    # ---------------------------------------------------------------------------------------------------- UPTODATE

    @action
    @runs_on(Thread.QP)
    def process_uptodate(self, j: Server) -> None:
        """What is left is applied and logged, and clients are served (Learner.syncWithLeader, behind its loop)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        expect(self.channel[i][j].first, UpToDate)
        self.channel[i][j].remove_first()
        if serve_before_apply:
            self.serving[j] = True
            step("UP.log")
        self.queue[j].extend(self.pending[j])
        self.pending[j].clear()
        if serve_before_apply:
            step("CP.apply", Thread.CP)
            self.apply(j)
        else:
            self.apply(j)
            step("UP.serve")
            self.serving[j] = True

    # --------------------------------------------------------------------------------------------------- broadcast

    @action
    @runs_on(Thread.QP)
    def process_proposal(self, j: Server) -> None:
        """A proposal waits until UPTODATE, then it is queued for the log (Follower.processPacket)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        proposal = expect(self.channel[i][j].first, Proposal)
        self.channel[i][j].remove_first()
        if self.serving[j]:
            self.queue[j].append(proposal.zxid)
        else:
            self.pending[j].append(proposal.zxid)

    @action
    @runs_on(Thread.QP)
    def process_commit(self, j: Server) -> None:
        """A commit is applied, or noted before UPTODATE (Follower.processPacket, Learner.syncWithLeader)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        commit = expect(self.channel[i][j].first, Commit)
        self.channel[i][j].remove_first()
        if self.serving[j]:
            step("CP.apply", Thread.CP)
            self.memory[j].append(commit.zxid)
        elif len(self.pending[j]) == 0:
            self.anomalies.add(Anomaly.PENDING_COMMIT)
        elif self.mode[j] in (Mode.TRUNC, Mode.SNAP) or (self.mode[j] is Mode.DIFF and diff_snapshotted):
            self.commit_in_memory(j, commit.zxid)
        else:
            self.to_commit[j].append(commit.zxid)

    def commit_in_memory(self, j: Server, zxid: Zxid) -> None:
        """Between TRUNC or SNAP and NEWLEADER nothing is logged: the snapshot of NEWLEADER will have it."""
        self.memory[j].append(zxid)
        self.pending[j].remove_first()
        if truncation_not_listed and self.mode[j] is not Mode.SNAP:
            self.unlisted[j].append(zxid)
