"""Zab's values, messages and state, and what happens to a connection between a leader and a follower.

The names are those of Junqueira, Reed, Serafini, "Zab: High-performance broadcast for primary-backup systems" (DSN
2011), sections IV and V, and of ZooKeeper's Java where the paper has none. The protocol's steps stand in `zab.py`, what
they guarantee in `zab_properties.py`.
"""

from enum import Enum

from ..lang import Constant, Map, Range, Record, Seq, Set, Sort, Spec, state, variant

servers = Constant(3, "number of servers", low=1)
timeouts = Constant(1, "how often a leader and one of its followers may lose each other")
transactions = Constant(1, "the length of a history at which clients stop asking for more")
epochs = Constant(2, "the epoch at which leaders stop proposing new ones", low=1)
restarts = Constant(0, "how often a server may crash and restart; each time is also one of the timeouts")

half_quorums = variant("half-quorums", "Half of the servers count as a quorum: two quorums need not intersect.")
promise_twice = variant(
    "promise-twice",
    "A server keeps its promise (acceptedEpoch) in memory only: it promises one epoch to two leaders.",
)


class Server(Sort, size=servers):
    """A process of the ensemble. Servers are interchangeable."""


class Role(Enum):
    """What a server does (Java: QuorumPeer.ServerState)."""

    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"


class Phase(Enum):
    """Where in the protocol a server is: the paper's phases 0 to 3 (Java: QuorumPeer.ZabState)."""

    ELECTION = "election"
    DISCOVERY = "discovery"
    SYNCHRONIZATION = "synchronization"
    BROADCAST = "broadcast"


class Anomaly(Enum):
    """What a server should never see. The published model keeps one flag for each."""

    STATE = "a message that does not belong to the receiver's phase"
    PROPOSAL = "a proposal, or the history of a new leader, that does not fit the follower's history"
    COMMIT = "a commit of something other than the next transaction"
    ACK = "an acknowledgement of something that is not the next transaction of that follower"
    MESSAGE = "a message that the receiver's role does not know"


class Epoch(Range, low=0, high=epochs):
    """The number of a leader's term; 0 stands before all of them."""


# A counter never exceeds the length of the history that it is in, nor does a history exceed `transactions`: a client
# asks for more only while `longest_history` is less, and a follower copies what its leader has.
class Counter(Range, low=0, high=transactions):
    """The number of a transaction within its epoch, from 1."""


class Index(Range, low=0, high=transactions):
    """A position in a history, from 1; or the length of one."""


# One leader makes at most `transactions` requests in one epoch, since each makes its history longer, and there is one
# leader to an epoch. (Transactions that get lost make room for others: `transactions` alone is not enough.)
class Value(Range, low=0, high=transactions * epochs):
    """What a client asked for: the number of its request."""


class Zxid(Record, order=True):
    """The identifier of a transaction: of two, that of the later epoch is larger."""

    epoch: Epoch
    counter: Counter


class Txn(Record):
    """A transaction in a history; `acks` are the servers that the leader knows to have logged it."""

    zxid: Zxid
    value: Value
    acks: Set[Server]


class History(Seq[Txn], capacity=transactions):
    """The transactions that a server has logged, in order (paper: h)."""


class Committed(Record):
    """How much of a history is delivered: its length, and the zxid of its last transaction."""

    index: Index
    zxid: Zxid


class CEpoch(Record):
    """Discovery, follower to leader: the last epoch I have promised (Java: FOLLOWERINFO)."""

    epoch: Epoch


class NewEpoch(Record):
    """Discovery, leader to follower: promise me this epoch (Java: LEADERINFO)."""

    epoch: Epoch


class AckEpoch(Record):
    """Discovery, follower to leader: promised; this is my last leader's epoch, and my history (paper: ACK-E)."""

    epoch: Epoch
    history: History


class NewLeader(Record):
    """Synchronization, leader to follower: the history that the epoch starts from (Java: also DIFF, TRUNC, SNAP)."""

    epoch: Epoch
    history: History


class AckLd(Record):
    """Synchronization, follower to leader: the history is logged, up to this zxid (Java: the first ACK)."""

    zxid: Zxid


class CommitLd(Record):
    """Synchronization, leader to follower: deliver the history, up to this zxid (Java: UPTODATE)."""

    zxid: Zxid


class Propose(Record):
    """Broadcast, leader to follower: log this transaction."""

    zxid: Zxid
    value: Value


class Ack(Record):
    """Broadcast, follower to leader: logged."""

    zxid: Zxid


class Commit(Record):
    """Broadcast, leader to follower: deliver."""

    zxid: Zxid


Message = CEpoch | NewEpoch | AckEpoch | NewLeader | AckLd | CommitLd | Propose | Ack | Commit


# Up to AckLd each side waits for the other: one message at a time. Then a leader may be ahead of a slow follower by
# CommitLd, and by a Propose and a Commit of every transaction; a follower ahead of its leader by AckLd and its Acks.
# Channels are emptied when a connection breaks, so nothing older is under way.
class Channel(Seq[Message], capacity=1 + 2 * transactions):
    """The messages under way from one server to another: first in, first out, none lost (as TCP)."""


class CEpochFrom(Record):
    """What a leader keeps of a CEPOCH; `connected` turns false when the connection to the sender breaks."""

    connected: bool
    epoch: Epoch


class AckEpochFrom(Record):
    """What a leader keeps of an ACK-E: the state summary of its sender."""

    connected: bool
    epoch: Epoch
    history: History


class AckLdFrom(Record):
    """What a leader keeps of an ACK-LD."""

    connected: bool


# What a transaction looks like on the wire: in a Propose, or in the history of a NewLeader.
class Broadcast(Record):
    """A transaction, and the epoch whose primary has broadcast it: as its own, or as part of its initial history."""

    epoch: Epoch
    zxid: Zxid
    value: Value


class Timeouts(Range, low=0, high=timeouts):
    """How many timeouts have happened."""


class Restarts(Range, low=0, high=restarts):
    """How many restarts have happened."""


def zero() -> Zxid:
    """The zxid before all others."""
    return Zxid(Epoch(0), Counter(0))


def last_zxid(history: History) -> Zxid:
    """The zxid of the last transaction."""
    return history.last.zxid if len(history) > 0 else zero()


def position(history: History, zxid: Zxid) -> int:
    """Where a transaction stands in a history, from 1: 0 for the zxid before all, len + 1 where it is missing."""
    if zxid == zero():
        return 0
    return min((k + 1 for k in range(len(history)) if history[k].zxid == zxid), default=len(history) + 1)


def is_quorum(group: Set[Server]) -> bool:
    """More than half of the servers: any two quorums have a server in common."""
    return 2 * len(group) > servers or (half_quorums and 2 * len(group) == servers)


def connected(entry: CEpochFrom | AckEpochFrom | AckLdFrom | None) -> bool:
    """Whether the sender of this is still connected."""
    return entry is not None and entry.connected


class ZabState(Spec):
    """What every server knows, what is under way, and what is counted to keep the model finite."""

    role: Map[Server, Role] = state(Role.LOOKING)
    phase: Map[Server, Phase] = state(Phase.ELECTION)
    accepted_epoch: Map[Server, Epoch] = state(0)  # the last NEWEPOCH acknowledged (paper: f.p); on disk
    current_epoch: Map[Server, Epoch] = state(0)  # the last NEWLEADER acknowledged (paper: f.a); on disk
    history: Map[Server, History] = state()  # paper: f.h; on disk
    unlogged: Map[Server, Index] = state(0)  # the end of the history that is not on disk: `ack-before-log` only
    last_committed: Map[Server, Committed] = state(Committed(Index(0), zero()))

    learners: Map[Server, Set[Server]] = state()  # of a leader: itself and the followers connected to it
    cepochs: Map[Server, Map[Server, CEpochFrom | None]] = state(None)  # of a leader: the CEPOCHs it has
    ack_epochs: Map[Server, Map[Server, AckEpochFrom | None]] = state(None)  # the ACK-Es
    ack_lds: Map[Server, Map[Server, AckLdFrom | None]] = state(None)  # the ACK-LDs
    send_counter: Map[Server, Counter] = state(0)  # of a leader: the counter of the last transaction it has proposed
    leader: Map[Server, Server | None] = state(None)  # of a follower: whom it is connected to

    oracle: Server | None = state(None)  # whom the election (fast leader election, in `election.py`) has chosen
    channel: Map[Server, Map[Server, Channel]] = state()  # channel[i][j]: from i to j

    timeouts_used: Timeouts = state(0)
    restarts_used: Restarts = state(0)
    longest_history: Index = state(0)  # measured whenever a client asks
    highest_epoch: Epoch = state(0)  # accepted anywhere, measured whenever a leader reads a CEPOCH
    requests: Value = state(0)  # of clients

    broadcasts: Set[Broadcast] = state(ghost=True)
    established: Map[Epoch, Set[Server]] = state(ghost=True)  # who has ever been established as leader of an epoch
    anomalies: Set[Anomaly] = state(ghost=True)

    # ------------------------------------------------------------------------------------------------ messages

    def head(self, i: Server, j: Server) -> Message | None:
        """What i reads next from j."""
        queue = self.channel[j][i]
        return queue.first if len(queue) > 0 else None

    def pop(self, i: Server, j: Server) -> None:
        """i has read what it reads next from j."""
        self.channel[j][i].remove_first()

    def send(self, i: Server, j: Server, message: Message) -> None:
        """i sends a message to j."""
        self.channel[i][j].append(message)

    def broadcast(self, i: Server, group: Set[Server], message: Message) -> None:
        """The leader i sends a message to those of its followers that are in a group."""
        for j in self.learners[i] & group:
            if j != i:
                self.channel[i][j].append(message)

    def clean(self, i: Server, j: Server) -> None:
        """What is under way between i and j is lost."""
        self.channel[i][j].clear()
        self.channel[j][i].clear()

    # ------------------------------------------------------------------------------------ what a leader has heard

    def cepoch_senders(self, i: Server) -> Set[Server]:
        """Those whose CEPOCH the leader i has read, connected or not."""
        return Set(s for s in Server if self.cepochs[i][s] is not None)

    def ack_epoch_senders(self, i: Server) -> Set[Server]:
        """Those whose ACK-E the leader i has read, connected or not."""
        return Set(s for s in Server if self.ack_epochs[i][s] is not None)

    def ack_ld_senders(self, i: Server) -> Set[Server]:
        """Those whose ACK-LD the leader i has read, connected or not."""
        return Set(s for s in Server if self.ack_lds[i][s] is not None)

    # ------------------------------------------------------------------------------------- gaining and losing roles

    def become_leader(self, i: Server) -> None:
        """i starts to lead: it is its own first learner, and has promised and acknowledged to itself."""
        own_promise = CEpochFrom(True, self.accepted_epoch[i])
        own_summary = AckEpochFrom(True, self.current_epoch[i], self.history[i])
        self.role[i] = Role.LEADING
        self.phase[i] = Phase.DISCOVERY
        self.learners[i] = Set((i,))
        self.cepochs[i] = Map({s: own_promise if s == i else None for s in Server})
        self.ack_epochs[i] = Map({s: own_summary if s == i else None for s in Server})
        self.ack_lds[i] = Map({s: AckLdFrom(True) if s == i else None for s in Server})
        self.send_counter[i] = Counter(0)

    def become_follower(self, i: Server) -> None:
        """i starts to follow whom the oracle names; it is not connected yet."""
        self.role[i] = Role.FOLLOWING
        self.phase[i] = Phase.DISCOVERY

    def look(self, i: Server) -> None:
        """i has lost its role (Java: Follower.shutdown, QuorumPeer.updateServerState)."""
        self.role[i] = Role.LOOKING
        self.phase[i] = Phase.ELECTION
        self.leader[i] = None
        if promise_twice:
            self.accepted_epoch[i] = self.current_epoch[i]

    def leader_shutdown(self, i: Server) -> None:
        """i stops leading; everybody connected to it notices, and loses what was under way to it."""
        for s in self.learners[i]:
            self.look(s)
            for sender in Server:
                self.channel[sender][s].clear()
        self.learners[i] = Set()

    def disconnect(self, i: Server, j: Server) -> None:
        """The leader i drops the follower j, which looks for a leader again."""
        self.remove_learner(i, j)
        self.look(j)
        self.clean(i, j)

    def lose(self, i: Server, j: Server) -> None:
        """The leader i loses the follower j, and with it perhaps its quorum (Java: Leader.lead, the tick loop)."""
        if is_quorum(self.learners[i] - {j}):
            self.disconnect(i, j)
        else:
            self.leader_shutdown(i)

    def remove_learner(self, i: Server, j: Server) -> None:
        """The leader i keeps what j has told it, but sends nothing more to it."""
        self.learners[i].discard(j)
        cepoch = self.cepochs[i][j]
        if cepoch is not None:
            self.cepochs[i][j] = cepoch.replace(connected=False)
        ack_epoch = self.ack_epochs[i][j]
        if ack_epoch is not None:
            self.ack_epochs[i][j] = ack_epoch.replace(connected=False)
        ack_ld = self.ack_lds[i][j]
        if ack_ld is not None:
            self.ack_lds[i][j] = ack_ld.replace(connected=False)

    def check(self, fine: bool, anomaly: Anomaly) -> None:
        """Remembers an anomaly unless all is fine; the protocol goes on, a property reports it."""
        if not fine:
            self.anomalies.add(anomaly)
