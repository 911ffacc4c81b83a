"""Fast leader election's values, notifications and state.

The names are those of Java's FastLeaderElection and of the published model (`FastLeaderElection.tla`). The steps and
what they guarantee stand in `election.py`.
"""

from enum import Enum

from ..lang import Constant, Map, Range, Record, Seq, Set, Sort, Spec, state

servers = Constant(3, "number of servers", low=1)
clocks = Constant(0, "the last round that is explored")
epochs = Constant(0, "the last epoch that is explored")
transactions = Constant(0, "the longest history that is explored")
versions = Constant(0, "how often a server may hear the same vote again; 0 does not count them (nobody reads them)")
queue = Constant(1, "the longest queue that is explored, in every channel and at every server", low=1)

# The boundary looks at every state, and what lies outside is not explored: what one step adds is all that types hold
# beyond the constants.


class Server(Sort, size=servers, ordered=True):
    """A server; the order is that of the ids, which decide between votes that are equal otherwise."""


class Role(Enum):
    """What a server does (Java: QuorumPeer.ServerState)."""

    LOOKING = "looking"
    FOLLOWING = "following"
    LEADING = "leading"


class Round(Range, low=0, high=clocks + 1):
    """The number of an election (Java: logicalclock, electionEpoch)."""


class Epoch(Range, low=0, high=epochs + 1):
    """The number of a leader's term."""


class Counter(Range, low=0, high=transactions + 1):
    """The number of a transaction within its epoch; also the length of a history."""


class Version(Range, low=0, high=versions + 1):
    """How often a vote was heard again in one round."""


class Zxid(Record, order=True):
    """The identifier of a transaction: of two, that of the later epoch is larger."""

    epoch: Epoch
    counter: Counter


class Txn(Record):
    """A logged transaction, and the servers that its leader knows to have logged it."""

    zxid: Zxid
    acks: Set[Server]


class History(Seq[Txn], capacity=transactions + 1):
    """The transactions that a server has logged, in order."""


class Processed(Record):
    """How far a server has come: the length of its history, and the last zxid."""

    index: Counter
    zxid: Zxid


class Vote(Record, order=True):
    """A vote for a server: the larger epoch is better, then the larger zxid, then the larger id."""

    epoch: Epoch
    zxid: Zxid
    leader: Server


class Notification(Record):
    """Who says so, what it does, its round, and its vote (Java: FastLeaderElection.Notification)."""

    source: Server
    role: Role
    round: Round
    vote: Vote


class Ballot(Record):
    """What a server keeps of another one's notifications: the last vote, with its round."""

    vote: Vote | None
    round: Round
    role: Role
    version: Version


Row = Map[Server, Ballot]  # one server's ballots, by who has sent them
Item = Notification | None  # what is in a queue; None says that waiting was in vain


class Queue(Seq[Item], capacity=queue + 1):
    """What a server has received and not yet looked at (Java: recvqueue)."""


class Channel(Seq[Notification], capacity=queue + 1):
    """The notifications under way from one server to another, in order."""


def is_quorum(group: Set[Server]) -> bool:
    """More than half of the servers."""
    return 2 * len(group) > servers


def zero() -> Zxid:
    """The zxid before all others."""
    return Zxid(Epoch(0), Counter(0))


def no_ballots() -> Row:
    """A row without any vote."""
    return Map({s: Ballot(None, Round(0), Role.LOOKING, Version(0)) for s in Server})


def put(row: Row, n: Notification) -> Row:
    """The row with the vote of a notification, unless it holds one of a later round."""
    return Map({s: renewed(row[s], n) if s == n.source else row[s] for s in Server})


def renewed(old: Ballot, n: Notification) -> Ballot:
    """The ballot after a notification; it counts how often one round's vote was heard."""
    if old.round < n.round:
        return Ballot(n.vote, n.round, n.role, counted(Version(0)))
    if old.round == n.round:
        return Ballot(n.vote, n.round, n.role, counted(old.version))
    return old


def counted(version: Version) -> Version:
    """One more; always 0 where versions are not counted."""
    return Version(0) if versions == 0 else version + 1


def supporters(row: Row, source: Server, vote: Vote, clock: Round) -> Set[Server]:
    """The source itself, and the others whose ballot holds this vote of this round."""
    return Set(s for s in Server if s == source or (row[s].vote == vote and row[s].round == clock))


class ElectionState(Spec):
    """What every server knows, and what is under way."""

    role: Map[Server, Role] = state(Role.LOOKING)
    current_epoch: Map[Server, Epoch] = state(Epoch(0))
    history: Map[Server, History] = state()
    last_processed: Map[Server, Processed] = state(Processed(Counter(0), zero()))
    current_vote: Map[Server, Vote] = state(lambda i: Vote(Epoch(0), zero(), i))
    logical_clock: Map[Server, Round] = state(Round(0))
    receive_votes: Map[Server, Row] = state(Ballot(None, Round(0), Role.LOOKING, Version(0)))  # of the same round
    out_of_election: Map[Server, Row] = state(Ballot(None, Round(0), Role.LOOKING, Version(0)))  # of those decided
    receive_queue: Map[Server, Queue] = state()
    wait_notmsg: Map[Server, bool] = state(False)  # a quorum votes as I do; a better vote may still come
    leading_vote_set: Map[Server, Set[Server]] = state()  # who has voted for me
    election_messages: Map[Server, Map[Server, Channel]] = state()  # [i][j]: from i to j

    credentials: Map[Round, Set[Vote]] = state(  # the votes for themselves that servers entered each round with
        lambda clock: Set(Vote(Epoch(0), zero(), s) for s in Server if clock == 0), ghost=True
    )

    def credential(self, i: Server) -> Vote:
        """The vote of i for itself (Java: getInitId, getInitLastLoggedZxid, getPeerEpoch)."""
        return Vote(self.current_epoch[i], self.last_processed[i].zxid, i)

    def enter(self, i: Server, clock: Round) -> None:
        """i enters a round."""
        self.logical_clock[i] = clock
        self.credentials[clock].add(self.credential(i))

    def notify(self, i: Server, j: Server) -> None:
        """i tells j its vote (Java: sendNotifications, for one receiver)."""
        n = Notification(i, self.role[i], self.logical_clock[i], self.current_vote[i])
        self.election_messages[i][j].append(n)

    def notify_all(self, i: Server) -> None:
        """i tells all others its vote (Java: sendNotifications)."""
        for j in Server:
            if j != i:
                self.notify(i, j)

    def without_timeouts(self, i: Server) -> Queue:
        """The queue of i without what says that waiting was in vain."""
        return Queue(item for item in self.receive_queue[i] if item is not None)

    def last_logged(self, i: Server) -> Processed:
        """The length of the history of i, and its last zxid."""
        history = self.history[i]
        return Processed(Counter(len(history)), history.last.zxid if len(history) > 0 else zero())

    def log_next(self, i: Server) -> None:
        """i logs a transaction with the next zxid of its epoch."""
        last = self.last_processed[i]
        same_epoch = last.zxid.epoch == self.current_epoch[i]
        zxid = Zxid(self.current_epoch[i], last.zxid.counter + 1 if same_epoch else Counter(1))
        self.last_processed[i] = Processed(last.index + 1, zxid)
        self.history[i].append(Txn(zxid, Set()))

    def reset_acks(self, i: Server) -> None:
        """A new leader knows of nobody else that has logged what it has."""
        self.history[i] = History(txn.replace(acks={i}) for txn in self.history[i])
