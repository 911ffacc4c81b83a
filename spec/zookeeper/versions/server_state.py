"""What a server has on disk, in memory and in its queues, and what happens when it stops or crashes.

`log` is what a restart restores: the newest snapshot and the transaction log after it, as one history. `memory` is the
data tree, as the history applied to it; a server votes with, and reports, the last zxid of its *memory*. The steps
stand in `server.py`, what they must keep in `server_properties.py`.
"""

from enum import Enum

from ...lang import Map, Range, Record, Seq, Set, Sort, Spec, abandon, initial, require, state
from .switches import (
    crashes,
    diff_snapshotted,
    disconnects,
    epoch_not_marked,
    epochs,
    failed_write_keeps,
    initial_not_stopped,
    io_errors,
    memory_kept,
    memory_kept_in_sync,
    memory_reloaded,
    servers,
    snap_abort_keeps,
    snapshot_not_synced,
    snapshot_survives,
    sync_thread_leaks,
    transactions,
    trunc_abort_keeps,
)


class Server(Sort, size=servers):
    """A process of the ensemble. Servers are interchangeable."""


class Thread(Enum):
    """The threads of a server whose actions may be split."""

    QP = "QuorumPeer, in Leader.lead, Follower.followLeader or Learner.syncWithLeader"
    SY = "SyncRequestProcessor, and SendAckRequestProcessor or AckRequestProcessor behind it"
    CP = "CommitProcessor, and FinalRequestProcessor behind it"
    LH = "LearnerHandler: one for each follower in Java, one for each leader here"


class Role(Enum):
    """What a server does (Java: QuorumPeer.ServerState)."""

    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"


class Mode(Enum):
    """How a follower is being brought up to date, until NEWLEADER (Java: QuorumPeer.SyncMode)."""

    NONE = "none"
    DIFF = "diff"
    TRUNC = "trunc"
    SNAP = "snap"


class Anomaly(Enum):
    """What ends a connection or a process by an error in the code."""

    FIRST_ACK = "the first ACK of a follower is not that of NEWLEADER"
    PENDING_COMMIT = "a COMMIT while synchronizing finds no pending proposal"
    NO_RESTART = "a server refuses to start"


class Epoch(Range, low=0, high=epochs):
    """The number of a leader's term."""


class Counter(Range, low=0, high=transactions):
    """The number of a transaction within its epoch, from 1."""


class Zxid(Record, order=True):
    """A transaction. Each is made once, so the identifier stands for it."""

    epoch: Epoch
    counter: Counter


class Index(Range, low=0, high=2 * transactions):
    """The length of a log."""


# No transaction is made twice. A leaked thread may log one a second time.
class Log(Seq[Zxid], capacity=2 * transactions):
    """Transactions in order."""


class Proposed(Record):
    """A proposal that is not committed yet, and who has logged it (Java: Leader.Proposal)."""

    zxid: Zxid
    acks: Set[Server]


class Outstanding(Seq[Proposed], capacity=transactions):
    """What a leader has proposed and not committed, in order (Java: Leader.outstandingProposals)."""


class Sync(Record):
    """Leader to follower: keep your history up to `keep`, then comes this (Java: DIFF, TRUNC or SNAP and packets)."""

    mode: Mode
    keep: Zxid
    committed: Log  # PROPOSAL and COMMIT of each; for SNAP the whole history
    proposed: Log  # PROPOSAL of each, outstanding at the leader


class NewLeader(Record):
    """Leader to follower: this was all that the epoch starts from."""

    epoch: Epoch


class UpToDate(Record):
    """Leader to follower: a quorum has acknowledged NEWLEADER, serve clients."""


class Proposal(Record):
    """Leader to follower: log this."""

    zxid: Zxid


class Commit(Record):
    """Leader to follower: apply this."""

    zxid: Zxid


class Ack(Record):
    """Follower to leader: logged; with counter 0 it is the answer to NEWLEADER."""

    zxid: Zxid


Message = Sync | NewLeader | UpToDate | Proposal | Commit | Ack


class Channel(Seq[Message], capacity=3 + 2 * transactions):
    """What is under way from one server to another: first in, first out, lost when the connection breaks."""


class Crashes(Range, low=0, high=crashes):
    """How many crashes have happened."""


class Disconnects(Range, low=0, high=disconnects):
    """How many connections have been lost."""


def zero() -> Zxid:
    """The zxid before all others."""
    return Zxid(Epoch(0), Counter(0))


def last(log: Log) -> Zxid:
    """The last zxid of a history."""
    return log.last if len(log) > 0 else zero()


def up_to(log: Log, zxid: Zxid) -> Log:
    """The part of a history that is not after a zxid."""
    return Log(z for z in log if z <= zxid)


def after(log: Log, zxid: Zxid) -> Log:
    """The part of a history after a zxid."""
    return Log(z for z in log if z > zxid)


def is_quorum(group: Set[Server]) -> bool:
    """More than half of the servers."""
    return 2 * len(group) > servers


class Failures(Range, low=0, high=io_errors):
    """How many writes have failed."""


class ServerState(Spec):
    """Disk, memory, queues and connections of every server; and the faults so far."""

    # On disk.
    accepted_epoch: Map[Server, Epoch] = state(1)
    current_epoch: Map[Server, Epoch] = state(1)
    log: Map[Server, Log] = state()
    durable: Map[Server, Index] = state(0)  # how much of the log survives a power failure
    unsynced: Map[Server, Log] = state()  # what of that is only in a snapshot that does not
    torn: Map[Server, Zxid] = state(lambda s: zero())  # parts of transactions up to here are in the snapshot
    snapshot: Map[Server, Log] = state()  # its newest: `snapshot-survives-truncation` only
    old_files: Map[Server, Log] = state()  # what was in the log files when a SNAP was written: `disk-diff-…` only
    covered: Map[Server, Zxid] = state(lambda s: zero())  # the zxid of that SNAP: `disk-diff-…` only

    # In memory.
    role: Map[Server, Role] = state(Role.LOOKING)
    memory: Map[Server, Log] = state()  # Java: ZKDatabase; its last zxid is lastProcessedZxid
    queue: Map[Server, Log] = state()  # for the SyncRequestProcessor
    leaked: Map[Server, Log] = state()  # the queue of a SyncRequestProcessor that outlives its role
    claimed: Map[Server, Zxid] = state(lambda s: zero())  # lastProcessedZxid, where memory does not hold it
    unlisted: Map[Server, Log] = state()  # what is in memory, and not in the list for DIFF (Java: committedLog)
    recorded: Map[Server, bool] = state(False)  # whether zxid 1 is in that list: `read-only-recorded` only
    failed: Map[Server, bool] = state(False)  # whether the SyncRequestProcessor has ended by an error
    serving: Map[Server, bool] = state(False)  # whether clients are served

    # Of a follower.
    leader: Map[Server, Server | None] = state(None)
    mode: Map[Server, Mode] = state(Mode.NONE)
    dumped: Map[Server, Zxid] = state(lambda s: zero())  # parts up to here are in the SNAP that is sent to it
    pending: Map[Server, Log] = state()  # Java: packetsNotLogged in Learner.syncWithLeader
    to_commit: Map[Server, Log] = state()  # Java: packetsCommitted in Learner.syncWithLeader

    # Of a leader.
    learners: Map[Server, Set[Server]] = state()  # the followers connected to it
    forwarding: Map[Server, Set[Server]] = state()  # those that get proposals and commits
    acked: Map[Server, Set[Server]] = state()  # those whose ACK of NEWLEADER is counted, and itself
    outstanding: Map[Server, Outstanding] = state()

    channel: Map[Server, Map[Server, Channel]] = state()  # channel[i][j]: from i to j

    committed: Set[Zxid] = state()  # what any leader has ever committed
    made: Index = state(0)  # how many transactions have been made
    anomalies: Set[Anomaly] = state()
    crashes_used: Crashes = state(0)
    disconnects_used: Disconnects = state(0)
    failures: Failures = state(0)

    @initial
    def nothing_logged(self) -> None:
        """Nobody has logged anything."""

    @initial
    def one_ahead(self, s: Server) -> None:
        """The leader of epoch 1 has logged a transaction that nobody else has, and is looking again."""
        self.have(s, Zxid(Epoch(1), Counter(1)))
        self.made = Index(1)

    @initial
    def one_shared_and_one_ahead(self, s: Server) -> None:
        """All have a transaction of epoch 1; its leader has logged another, and is looking again."""
        require(transactions >= 2)
        for t in Server:
            self.have(t, Zxid(Epoch(1), Counter(1)))
        self.have(s, Zxid(Epoch(1), Counter(min(2, transactions))))
        self.committed.add(Zxid(Epoch(1), Counter(1)))
        self.made = Index(2)

    @initial
    def two_rivals(self, s: Server, t: Server) -> None:
        """All have a transaction; s has another of epoch 1, and t one of epoch 2, in which it led all but s."""
        require(transactions >= 3 and epochs >= 2 and s != t)
        for u in Server:
            self.have(u, Zxid(Epoch(1), Counter(1)))
            if u != s:
                self.accepted_epoch[u] = Epoch(min(2, epochs))
                self.current_epoch[u] = Epoch(min(2, epochs))
        self.have(s, Zxid(Epoch(1), Counter(min(2, transactions))))
        self.have(t, Zxid(Epoch(min(2, epochs)), Counter(1)))
        self.committed.add(Zxid(Epoch(1), Counter(1)))
        self.made = Index(min(3, 2 * transactions))

    def have(self, s: Server, zxid: Zxid) -> None:
        """A server has a transaction, on disk and in memory."""
        self.log[s].append(zxid)
        self.durable[s] = Index(len(self.log[s]))
        self.memory[s].append(zxid)

    # ------------------------------------------------------------------------------------------------ connections

    def linked(self, j: Server) -> bool:
        """Whether a follower is connected to its leader."""
        i = self.leader[j]
        return i is not None and j in self.learners[i]

    def send(self, i: Server, j: Server, message: Message) -> None:
        """Sends a message, if the two are connected."""
        if j in self.learners[i] or i in self.learners[j]:
            self.channel[i][j].append(message)

    def forward(self, i: Server, message: Message) -> None:
        """A leader sends a message to those that it forwards to."""
        for j in self.forwarding[i]:
            self.channel[i][j].append(message)

    def drop(self, i: Server, j: Server) -> None:
        """The connection between a leader and its follower breaks; the follower's threads find out in time."""
        self.learners[i].discard(j)
        self.forwarding[i].discard(j)
        self.acked[i].discard(j)
        self.channel[i][j].clear()
        self.channel[j][i].clear()

    def on_disk(self, s: Server) -> Log:
        """What a power failure leaves."""
        return Log(z for z in self.log[s][: self.durable[s]] if z not in self.unsynced[s])

    def files(self, s: Server) -> Log:
        """What the transaction log files hold: no snapshot, but dead tails and holes that a snapshot has covered."""
        return self.old_files[s] + after(self.log[s], self.covered[s])

    def processed(self, s: Server) -> Zxid:
        """What a server votes with, and reports to its leader (DataTree.lastProcessedZxid)."""
        return max(last(self.memory[s]), self.claimed[s])

    def save(self, s: Server) -> None:
        """Memory goes to disk as a snapshot (ZooKeeperServer.takeSnapshot)."""
        old = self.on_disk(s)
        self.log[s] = self.memory[s]
        self.durable[s] = Index(len(self.log[s]))
        if snapshot_not_synced:
            self.unsynced[s] = Log(z for z in self.log[s] if z not in old)
        if snapshot_survives:
            self.snapshot[s] = self.memory[s]

    # ----------------------------------------------------------------------------------------------------- stopping

    def close(self, s: Server) -> None:
        """A server closes its connections, and serves no clients any more (Leader.shutdown, Learner.shutdown)."""
        leader = self.leader[s]
        if leader is not None:
            self.drop(leader, s)
        for j in Server:
            self.drop(s, j)
        self.serving[s] = False
        self.acked[s].clear()
        self.outstanding[s].clear()
        abandon(s, Thread.CP)
        abandon(s, Thread.LH)

    def stop_sync_thread(self, s: Server, initializing: bool) -> None:
        """The SyncRequestProcessor writes what is queued and ends, unless it leaks (SyncRequestProcessor.shutdown)."""
        if self.role[s] is Role.FOLLOWING and (sync_thread_leaks or (initial_not_stopped and initializing)):
            self.leaked[s].extend(self.queue[s])
        elif not self.failed[s]:
            self.log[s].extend(self.queue[s])
        self.queue[s].clear()
        self.durable[s] = Index(len(self.log[s]))
        abandon(s, Thread.SY)

    def recover_memory(self, s: Server) -> None:
        """Memory becomes what the log holds (ZKDatabase.fastForwardDataBase, or clear and load)."""
        if memory_kept_in_sync and self.mode[s] is not Mode.NONE:
            return
        if (
            memory_reloaded
            or (self.mode[s] is Mode.SNAP and not snap_abort_keeps)
            or (self.mode[s] is Mode.TRUNC and not trunc_abort_keeps)
            or (self.mode[s] is Mode.DIFF and diff_snapshotted)
            or (self.failed[s] and not failed_write_keeps)
        ):
            self.load(s)
        elif not memory_kept:
            self.memory[s].extend(after(self.log[s], last(self.memory[s])))
            self.claimed[s] = zero()

    def load(self, s: Server) -> None:
        """Memory is read from disk (ZKDatabase.loadDataBase)."""
        self.memory[s] = self.log[s]
        self.claimed[s] = zero()
        self.unlisted[s].clear()
        self.recorded[s] = False
        if self.mode[s] is Mode.SNAP:
            self.torn[s] = zero()

    def look(self, s: Server) -> None:
        """A server has no role any more (QuorumPeer.run)."""
        self.role[s] = Role.LOOKING
        self.leader[s] = None
        self.mode[s] = Mode.NONE
        self.failed[s] = False
        self.pending[s].clear()
        self.to_commit[s].clear()

    def crash_and_restart(self, s: Server) -> None:
        """What is durable remains, and memory is read from it (ZKDatabase.loadDataBase, QuorumPeer.loadDataBase)."""
        abandon(s)
        self.close(s)
        self.queue[s].clear()
        self.leaked[s].clear()
        self.log[s] = self.on_disk(s)
        self.durable[s] = Index(len(self.log[s]))
        self.unsynced[s].clear()
        self.load(s)
        self.look(s)
        logged = last(self.log[s]).epoch
        if logged > self.current_epoch[s]:
            if epoch_not_marked:
                self.anomalies.add(Anomaly.NO_RESTART)
            self.current_epoch[s] = logged

    def lose(self, i: Server, j: Server) -> None:
        """A leader and a follower lose each other, as often as the run allows."""
        require(self.disconnects_used < disconnects)
        self.disconnects_used += 1
        self.drop(i, j)
