"""What a world of the implementation consists of, as typed state of the specification language.

Numbers are those of the implementation: servers count from 0. Bounds lie far beyond what any budget reaches, so that
nothing that happens is cut off. `encoding.py` gives the values.
"""

from enum import Enum

from ....spec.lang import Constant, Map, Range, Record, Seq, Set, Spec, state

servers = Constant(3, "number of servers", low=1, high=7)
transactions = Constant(1, "requests of clients", high=100)
crashes = Constant(0, "of servers, which keep any part of what was not synced; each may restart at any time", high=1000)
timeouts = Constant(0, "how often a server gives up its role for no visible reason", high=1000)
breaks = Constant(0, "broken connections, with all that is in flight", high=1000)
drops = Constant(0, "notifications that are lost", high=1000)
duplicates = Constant(0, "notifications that come twice", high=1000)
elections = Constant(1, "how often an oracle names a leader; 0: fast leader election", high=1000)
rounds = Constant(2, "of fast leader election: worlds with a later one are not explored", low=1, high=1000)
slow_disk = Constant(0, "1: fsync happens some time after the write, in every order", high=1)
retained = Constant(500, "committed transactions that a leader can send one by one", low=1, high=1000)
simulated = Constant(0, "in simulated runs, which block directions between servers: proposals of one epoch at most")
reduction = Constant(1, "1: interleavings that make no difference are left out", high=1)
refinement = Constant(0, "1: every step is matched to one of the specifications zab and election", high=1)


class Server(Range, low=0, high=servers - 1):
    """A server of the ensemble."""


class Role(Enum):
    """What a server does (Java: QuorumPeer.ServerState)."""

    DOWN = "down"
    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"


class Phase(Enum):
    """Where in the protocol a server is (Java: QuorumPeer.ZabState)."""

    ELECTION = "election"
    DISCOVERY = "discovery"
    SYNCHRONIZATION = "synchronization"
    BROADCAST = "broadcast"


class Limited(Enum):
    """What may happen so often only."""

    TIMEOUT = "timeout"
    CRASH = "crash"
    BREAK = "break"
    DROP = "drop"
    DUPLICATE = "duplicate"
    ELECT = "elect"
    REQUEST = "request"


class Times(Range, low=0, high=1000):
    """How often something may still happen."""


class Epoch(Range, low=0, high=1_000_000):
    """The number of a leader's term; 0 stands before all of them."""


class Round(Range, low=0, high=1_000_000):
    """The number of an election, as a server counts."""


class Count(Range, low=0, high=1_000_000):
    """A number of transactions, or the number of a request."""


class Kept(Range, low=0, high=transactions):
    """How many transactions a crash leaves."""


class Zxid(Record, order=True):
    """The identifier of a transaction."""

    epoch: Epoch
    counter: Count


class Txn(Record):
    """A transaction; `request` is the number of the request that it came from."""

    zxid: Zxid
    request: Count


class Log(Seq[Txn], capacity=1_000_000):
    """Transactions in order."""


class Memory(Record):
    """What a server believes about its disk."""

    accepted: Epoch
    current: Epoch
    log: Log
    synced: Count


class Vote(Record, order=True):
    """Who should lead, and how new its history is."""

    epoch: Epoch
    zxid: Zxid
    leader: Server


class Notification(Record):
    """What election peers send each other: role, vote, round."""

    role: Role
    vote: Vote
    round: Round


class Notifications(Seq[Notification], capacity=1_000_000):
    """What is under way from one server to another."""


class Follows(Record):
    """What a follower knows about its leader."""

    leader: Server
    limit: Zxid  # synchronising: the last zxid known to be committed
    new_leader: Zxid | None  # NEWLEADER came, and is acknowledged when the log is durable
    joined: bool  # NEWLEADER is acknowledged


class Promise(Record):
    """The epoch that a learner said it had promised."""

    by: Server
    epoch: Epoch


class Promises(Seq[Promise], capacity=7):
    """By server."""


class Waiting(Record):
    """A learner that is to be synchronised from here on."""

    learner: Server
    zxid: Zxid


class Queue(Seq[Waiting], capacity=1000):
    """Learners that are to be synchronised."""


class Acked(Record):
    """Who has logged a transaction that is not committed yet."""

    by: Set[Server]


class Acks(Seq[Acked], capacity=1_000_000):
    """Acknowledgements, transaction by transaction."""


class Leads(Record):
    """What a leader knows about its epoch and its learners."""

    epoch: Epoch  # proposed; 0 as long as no quorum has connected
    start: Count  # length of the history that the epoch starts from
    promised: Promises
    linked: Set[Server]  # learners that are there now
    electing: Set[Server]  # promised the epoch, with no newer history
    waiting: Queue
    forwarding: Set[Server]  # learners that get proposals now
    ready: Set[Server]  # acknowledged NEWLEADER
    acks: Acks


class FollowerInfo(Record):
    """The last epoch that I promised to follow."""

    accepted: Epoch


class LeaderInfo(Record):
    """The epoch that I propose."""

    epoch: Epoch


class AckEpoch(Record):
    """Promised, and this is how new my history is; without an epoch: promised before."""

    current: Epoch | None
    zxid: Zxid


class Diff(Record):
    """Keep all you have; what you lack follows."""

    zxid: Zxid


class Trunc(Record):
    """Remove all that is newer."""

    zxid: Zxid


class Snap(Record):
    """Replace all you have."""

    history: Log


class NewLeader(Record):
    """The history up to here is that of the new epoch."""

    zxid: Zxid


class UpToDate(Record):
    """The epoch is established."""

    zxid: Zxid


class Proposal(Record):
    """Log this, and acknowledge it when it is durable."""

    txn: Txn


class Ack(Record):
    """This is durable here."""

    zxid: Zxid


class Commit(Record):
    """A quorum has this: apply it."""

    zxid: Zxid


class Inform(Record):
    """To an observer: this is committed."""

    txn: Txn


class Closed(Record):
    """The other side hung up."""


Packet = (
    FollowerInfo
    | LeaderInfo
    | AckEpoch
    | Diff
    | Trunc
    | Snap
    | NewLeader
    | UpToDate
    | Proposal
    | Ack
    | Commit
    | Inform
    | Closed
)


class Packets(Seq[Packet], capacity=1_000_000):
    """What is under way in one direction of a connection."""


class Established(Record):
    """An epoch, and a leader that began to take requests in it."""

    epoch: Epoch
    by: Server


class Epochs(Seq[Established], capacity=1_000_000):
    """Epochs in order."""


class Begun(Record):
    """A round of an election, and the vote for itself that a server began it with."""

    round: Round
    vote: Vote


class Ballots(Seq[Begun], capacity=1_000_000):
    """In order of round and vote."""


class WorldState(Spec):
    """Nodes, disks, what is under way; what is left of the budget; the history that properties read."""

    role: Map[Server, Role] = state(Role.DOWN)
    phase: Map[Server, Phase] = state(Phase.ELECTION)
    accepted_epoch: Map[Server, Epoch] = state(0)  # on disk, as current_epoch, log and synced
    current_epoch: Map[Server, Epoch] = state(0)
    log: Map[Server, Log] = state()
    synced: Map[Server, Count] = state(0)  # transactions of the log that a crash leaves for certain
    memory: Map[Server, Memory | None] = state(None)  # of a running server that believes something else of its disk
    committed: Map[Server, Count] = state(0)  # transactions that the server has delivered since its start
    follows: Map[Server, Follows | None] = state(None)
    leads: Map[Server, Leads | None] = state(None)
    round: Map[Server, Round] = state(0)
    vote: Map[Server, Vote] = state(Vote(Epoch(0), Zxid(Epoch(0), Count(0)), Server(0)))
    received: Map[Server, Map[Server, Vote | None]] = state(None)  # of this round
    outside: Map[Server, Map[Server, Notification | None]] = state(None)  # of those who follow or lead
    decided: Map[Server, bool] = state(False)  # a quorum agrees
    dialled: Map[Server, Set[Server]] = state()  # the leaders that a learner believes it has reached
    answered: Map[Server, Set[Server]] = state()  # the learners whose calls a leader has answered
    to_leader: Map[Server, Map[Server, Packets]] = state()  # from, to
    to_learner: Map[Server, Map[Server, Packets]] = state()  # from, to
    notifications: Map[Server, Map[Server, Notifications]] = state()  # from, to
    blocked: Map[Server, Set[Server]] = state()  # from, to: nothing is delivered
    oracle: Server | None = state(None)
    requests: Count = state(0)
    left: Map[Limited, Times] = state(0)  # how often things may still happen
    established: Epochs = state(ghost=True)
    delivered: Log = state(ghost=True)  # the longest sequence that some server has delivered
    promised: Map[Server, Epoch] = state(0, ghost=True)  # the highest epoch that a server ever promised
    begun: Ballots = state(ghost=True)
    refines: bool = state(True, ghost=True)  # the last step is one of the specifications
