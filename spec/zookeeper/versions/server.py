"""A ZooKeeper server as it is built: Zab's steps taken apart where threads, queues, files and crashes come between.

Election and discovery are one action: a quorum agrees on its best vote, and on an epoch. Then, as in Java: a leader
sends each follower what it lacks (LearnerHandler.syncFollower), the follower handles NEWLEADER and UPTODATE
(Learner.syncWithLeader), proposals pass through the SyncRequestProcessor, and a server that loses its role stops. An
action is one step unless its split is on: NL (NEWLEADER), SY (append and fsync), UP (UPTODATE), STOP (shutdown).

With no variant on it is what all the repairs together give. Each variant puts back what some release did. `i` leads,
`j` follows.
"""

from ...lang import Set, action, expect, idle, require, runs_on, step, variant
from .server_properties import ServerProperties
from .server_state import (
    Ack,
    Anomaly,
    Commit,
    Counter,
    Epoch,
    Index,
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
    crashes,
    drain_after_fast_forward,
    epochs,
    io_errors,
    is_quorum,
    kept,
    last,
    servers,
    snapshot_survives,
    transactions,
    up_to,
    zero,
)

epoch_before_log = variant(
    "epoch-before-log",
    "At NEWLEADER a follower writes currentEpoch before the transactions it was sent (Learner.syncWithLeader).",
)
log_after_uptodate = variant(
    "log-after-uptodate",
    "A follower logs the transactions it was sent only after UPTODATE (Learner.syncWithLeader).",
)
log_async = variant(
    "log-async",
    "At NEWLEADER a follower only queues the transactions it was sent for its SyncRequestProcessor"
    " (Learner.syncWithLeader, FollowerZooKeeperServer.logRequest).",
)
log_all_pending = variant(
    "log-all-pending",
    "At NEWLEADER a follower logs proposals that are not committed yet too, and forgets that they are pending"
    " (Learner.syncWithLeader).",
)
serve_before_apply = variant(
    "serve-before-apply",
    "At UPTODATE a follower serves clients before its CommitProcessor has applied what it was sent"
    " (Learner.syncWithLeader).",
)
snapshot_not_synced = variant(
    "snapshot-not-synced",
    "At NEWLEADER a follower writes a snapshot without fsync (ZooKeeperServer.takeSnapshot).",
)
diff_header_jumps = variant(
    "diff-header-jumps",
    "The header of a DIFF sets lastProcessedZxid to its end, before any of it has arrived (Learner.syncWithLeader).",
)
synced_not_listed = variant(
    "synced-not-listed",
    "What is applied at NEWLEADER does not enter the list that DIFFs are made from, and nobody notices the gap"
    " (Learner.syncWithLeader, ZKDatabase.addCommittedProposal).",
)
acks_outlive_truncation = variant(
    "acks-outlive-truncation",
    "A leader goes on counting the ACK of a follower that has come back since, and that it made cut its log"
    " (Leader.Proposal, LearnerHandler.syncFollower).",
)


class ServerSpec(ServerProperties):
    """A ZooKeeper ensemble as it is built: threads, queues, files and crashes between Zab's steps."""

    # --------------------------------------------------------------------------------------------- roles and faults

    @action
    def elect(self, i: Server, group: Set[Server]) -> None:
        """A bare quorum elects its best vote, and agrees on an epoch (FastLeaderElection, Leader.waitForEpochAck)."""
        require(i in group and is_quorum(group) and 2 * (len(group) - 1) <= servers)
        require(all(self.role[s] is Role.LOOKING and not self.better(s, i) for s in group))
        promised = max(self.accepted_epoch[s] for s in group)
        require(promised < epochs)
        self.role[i] = Role.LEADING
        self.acked[i] = Set((i,))
        if snapshot_survives:
            self.snapshot[i] = self.memory[i]
        for s in group:
            self.accepted_epoch[s] = Epoch(promised + 1)
            if s != i:
                self.follow(s, i)
        self.current_epoch[i] = Epoch(promised + 1)

    @action
    def join(self, j: Server, i: Server) -> None:
        """Another server finds a leader, and promises its epoch (Learner.registerWithLeader)."""
        require(self.role[j] is Role.LOOKING and self.role[i] is Role.LEADING and idle(i, Thread.QP))
        require(self.accepted_epoch[j] <= self.current_epoch[i])
        self.accepted_epoch[j] = self.current_epoch[i]
        self.follow(j, i)

    def follow(self, j: Server, i: Server) -> None:
        """A server connects to its leader."""
        self.role[j] = Role.FOLLOWING
        self.leader[j] = i
        self.learners[i].add(j)

    def better(self, s: Server, i: Server) -> bool:
        """Whether one vote is better than another (FastLeaderElection.totalOrderPredicate; equal votes: either)."""
        if self.current_epoch[s] != self.current_epoch[i]:
            return self.current_epoch[s] > self.current_epoch[i]
        return self.processed(s) > self.processed(i)

    @action
    def crash(self, s: Server) -> None:
        """The power fails, and comes back."""
        require(self.crashes_used < crashes)
        self.crashes_used += 1
        self.crash_and_restart(s)

    @action
    def disconnect(self, i: Server, j: Server) -> None:
        """A leader and a follower lose each other."""
        require(self.role[i] is Role.LEADING and j in self.learners[i])
        self.lose(i, j)

    @action
    @runs_on(Thread.QP)
    def shutdown(self, s: Server) -> None:
        """A server stops what it ran (Follower.shutdown, Leader.shutdown, LearnerZooKeeperServer.shutdown)."""
        require(self.must_stop(s))
        initializing = self.role[s] is Role.FOLLOWING and not self.serving[s]
        self.close(s)
        if drain_after_fast_forward:
            self.recover_memory(s)
            step("STOP.drain")
            self.stop_sync_thread(s, initializing)
        else:
            self.stop_sync_thread(s, initializing)
            step("STOP.forward")
            self.recover_memory(s)
        step("STOP.look")
        self.look(s)

    def must_stop(self, s: Server) -> bool:
        """Whether a follower has lost its leader, a leader its quorum, or either its log."""
        if self.role[s] is Role.LEADING:
            return self.failed[s] or not is_quorum(self.learners[s] | {s})
        return self.role[s] is Role.FOLLOWING and (self.failed[s] or not self.linked(s))

    # ---------------------------------------------------------------------------------- synchronization: the leader

    @action
    def synchronize(self, i: Server, j: Server) -> None:
        """The leader queues what the follower lacks, and NEWLEADER (LearnerHandler.syncFollower, startForwarding)."""
        require(self.role[i] is Role.LEADING and j in self.learners[i] and j not in self.forwarding[i])
        reported = self.processed(j)
        shared = last(up_to(self.memory[i], reported))
        missing = self.missing(i, shared)
        proposed = Log(p.zxid for p in self.outstanding[i])
        if len(missing) > kept:
            self.send(i, j, Sync(Mode.SNAP, last(self.memory[i]), self.memory[i], proposed))
        elif shared == reported:
            self.send(i, j, Sync(Mode.DIFF, shared, missing, proposed))
        else:
            self.send(i, j, Sync(Mode.TRUNC, shared, missing, proposed))
        self.send(i, j, NewLeader(self.current_epoch[i]))
        if not acks_outlive_truncation:
            self.outstanding[i] = Outstanding(p.replace(acks=p.acks - {j}) for p in self.outstanding[i])
        self.forwarding[i].add(j)

    def missing(self, i: Server, shared: Zxid) -> Log:
        """What a leader has after a zxid, as far as its list knows (LearnerHandler.queueCommittedProposals)."""
        if shared == zero() or shared in self.unlisted[i]:
            return after(self.memory[i], shared)
        return Log(z for z in after(self.memory[i], shared) if z not in self.unlisted[i])

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

    # -------------------------------------------------------------------------------- synchronization: the follower

    @action
    @runs_on(Thread.QP)
    def process_sync(self, j: Server) -> None:
        """DIFF: packets wait. TRUNC and SNAP: what is committed is applied at once (Learner.syncWithLeader)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        sync = expect(self.channel[i][j].first, Sync)
        self.channel[i][j].remove_first()
        self.mode[j] = sync.mode
        self.pending[j] = sync.proposed
        if sync.mode is Mode.DIFF:
            self.pending[j] = sync.committed + sync.proposed
            self.to_commit[j] = sync.committed
            if diff_header_jumps and len(sync.committed) > 0:
                self.claimed[j] = last(sync.committed)
        elif sync.mode is Mode.TRUNC:
            self.truncate(j, sync.keep)
            self.memory[j] = self.log[j] + sync.committed
        else:
            self.memory[j] = sync.committed

    def truncate(self, j: Server, keep: Zxid) -> None:
        """The log is cut, and read again (ZKDatabase.truncateLog)."""
        self.log[j] = up_to(self.log[j], keep)
        if snapshot_survives and last(self.snapshot[j]) > keep:
            self.log[j] = self.snapshot[j]
        self.durable[j] = Index(min(self.durable[j], len(self.log[j])))
        self.load(j)

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
        if self.mode[j] in (Mode.TRUNC, Mode.SNAP):
            old = self.on_disk(j)
            self.log[j] = self.memory[j]
            self.durable[j] = Index(len(self.log[j]))
            if snapshot_not_synced:
                self.unsynced[j] = Log(z for z in self.log[j] if z not in old)
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

    def apply(self, j: Server) -> None:
        """The CommitProcessor applies what is committed."""
        self.memory[j].extend(self.to_commit[j])
        self.to_commit[j].clear()

    def write(self, j: Server, transactions_sent: Log) -> None:
        """QuorumPeer's own thread appends to the log, and syncs it."""
        self.log[j].extend(transactions_sent)
        self.durable[j] = Index(len(self.log[j]))

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
            step("UP.apply")
        self.queue[j].extend(self.pending[j])
        self.pending[j].clear()
        self.apply(j)
        if not serve_before_apply:
            step("UP.serve")
            self.serving[j] = True

    # ---------------------------------------------------------------------------------------------------- broadcast

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
    @runs_on(Thread.SY)
    def sync(self, s: Server) -> None:
        """Append, fsync, ACK (SyncRequestProcessor.run, SendAckRequestProcessor, AckRequestProcessor)."""
        require(len(self.queue[s]) > 0 and not self.failed[s])
        zxid = self.queue[s].first
        self.queue[s].remove_first()
        self.log[s].append(zxid)
        step("SY.flush")
        self.durable[s] = Index(len(self.log[s]))
        leader = self.leader[s]
        if self.role[s] is Role.LEADING:
            self.count_ack(s, s, zxid)
        elif leader is not None:
            self.send(s, leader, Ack(zxid))

    @action
    @runs_on(Thread.SY)
    def write_fails(self, s: Server) -> None:
        """The log cannot be written: the thread ends, and the server will stop (SyncRequestProcessor.run)."""
        require(len(self.queue[s]) > 0 and not self.failed[s] and self.failures < io_errors)
        self.failures += 1
        self.failed[s] = True

    @action
    def sync_leaked(self, s: Server) -> None:
        """A SyncRequestProcessor that has outlived its role goes on writing; nobody hears its ACKs."""
        require(len(self.leaked[s]) > 0 and idle(s, Thread.SY))
        self.log[s].append(self.leaked[s].first)
        self.leaked[s].remove_first()
        self.durable[s] = Index(len(self.log[s]))

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

    @action
    @runs_on(Thread.QP)
    def process_commit(self, j: Server) -> None:
        """A commit is applied, or noted before UPTODATE (Follower.processPacket, Learner.syncWithLeader)."""
        i = expect(self.leader[j])
        require(len(self.channel[i][j]) > 0)
        commit = expect(self.channel[i][j].first, Commit)
        self.channel[i][j].remove_first()
        if self.serving[j]:
            self.memory[j].append(commit.zxid)
        elif len(self.pending[j]) > 0:
            self.to_commit[j].append(commit.zxid)
        else:
            self.anomalies.add(Anomaly.PENDING_COMMIT)
