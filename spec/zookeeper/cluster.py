"""The cluster as its clients see it: servers that lag, sync, sessions that move, and what is guaranteed all the same.

Every server answers reads from its own copy of the tree, which holds the first so many of the committed writes. Writes
and syncs go through it to the leader. Requests of one session are answered in the order in which they were sent
(Java: CommitProcessor). A client that comes to another server says how far it has seen (ConnectRequest.lastZxidSeen),
and is turned away where the server is behind that.

There is one znode here, whose data every write replaces: what a server shows is how many writes it has applied. How
writes are committed is the business of `zab.py`: here the leader has a write committed at once. What else writes
change, who is told of them on one connection, and when sessions end, stand in `znodes.py`, `watches.py` and
`sessions.py`.
"""

from typing import Self

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Seq,
    Set,
    Sort,
    Spec,
    action,
    expect,
    initial,
    invariant,
    require,
    state,
    step_invariant,
    variant,
    witness,
)

servers = Constant(3, "number of servers", low=1)
clients = Constant(1, "number of clients; one more only writes", low=1)
writes = Constant(2, "number of writes", low=1)
requests = Constant(2, "how many requests a client may send before it reads the replies", low=1)
elections = Constant(0, "how often another server becomes leader")

move_back = variant("move-back", "A server takes a client in that has seen more than the server.")
sync_at_once = variant("sync-at-once", "A server answers a sync without waiting for what the leader has committed.")
read_overtakes = variant("read-overtakes", "A read is answered while an earlier request of its session waits.")
reply_before_apply = variant(
    "reply-before-apply", "A server tells its client that a write is committed before it has applied it itself."
)
writes_overtake = variant("writes-overtake", "Of several writes of a session, the last comes to the leader first.")
watch_lost = variant("watch-lost", "A client that moves does not tell the new server of its watch.")


class Server(Sort, size=servers):
    """A server. Servers are interchangeable."""


class Client(Sort, size=clients):
    """A client with its session. Clients are interchangeable."""


class Zxid(Range, low=0, high=writes):
    """The number of a write, or how many there were."""


class Read(Record):
    """A client asks for the data, and leaves a watch."""

    after: Zxid  # the client's last write that waits for its reply when this is sent; 0 if none does


class Write(Record):
    """A client replaces the data."""

    number: Zxid  # of this client's writes
    zxid: Zxid | None  # once it is committed


class Sync(Record):
    """A client asks that its server catch up."""

    floor: Zxid  # how many writes were committed when the sync was sent
    upto: Zxid | None  # how far the server has to come, once its leader has said so


class Requests(Seq[Read | Write | Sync], capacity=requests):
    """What a client has asked for and has no reply to, in order."""


class Txn(Record):
    """A committed write."""

    client: Client | None  # None is the one that only writes
    number: Zxid


class Log(Seq[Txn], capacity=writes):
    """The committed writes in the order of their zxids: the first has zxid 1."""


class Used(Range, low=0, high=elections):
    """How often another server has become leader."""


class Cluster(Spec):
    """Clients that read from servers that lag: reads may be stale, but every session is in order."""

    leader: Server | None = state(None)
    elections_used: Used = state(Used(0))
    log: Log = state()
    applied: Map[Server, Zxid] = state(Zxid(0))
    follows: Map[Server, Server | None] = state(None)  # whom a server takes for the leader

    at: Map[Client, Server | None] = state(None)  # the server that a client is connected to
    queue: Map[Client, Requests] = state()
    sent: Map[Client, Zxid] = state(Zxid(0))  # how many writes a client has sent
    seen: Map[Client, Zxid] = state(Zxid(0))  # the last zxid of a reply
    watching: Set[Client] = state()  # those that wait for the event of their watch
    synced: Map[Client, Zxid] = state(
        Zxid(0)
    )  # what the sync before a client's next read promises; nothing after an election

    reader: Client | None = state(None, ghost=True)  # whose read the last step has answered
    asked: Read | None = state(None, ghost=True)
    result: Zxid = state(Zxid(0), ghost=True)

    @initial
    def begin(self, leader: Server) -> None:
        """Some server leads, and all follow it."""
        self.leader = leader
        for s in Server:
            self.follows[s] = leader

    # ------------------------------------------------------------------------------------------------- requests

    @action
    def send_read(self, c: Client) -> None:
        """A client asks for the data (OpCode.getData)."""
        writing = any(isinstance(r, Write) for r in self.queue[c])
        self.ask(c, Read(self.sent[c] if writing else Zxid(0)))

    @action
    def send_write(self, c: Client) -> None:
        """A client replaces the data (OpCode.setData)."""
        require(self.sent[c] < writes - len(self.log))
        self.sent[c] += 1
        self.ask(c, Write(self.sent[c], None))

    @action
    def send_sync(self, c: Client) -> None:
        """A client asks its server to catch up with the leader (OpCode.sync)."""
        self.ask(c, Sync(Zxid(len(self.log)), None))

    def ask(self, c: Client, request: Read | Write | Sync) -> None:
        """A client sends a request to its server, without waiting for the replies to earlier ones."""
        require(self.at[c] is not None and len(self.queue[c]) < requests)
        self.reader = None
        self.queue[c].append(request)

    # --------------------------------------------------------------------------------------------- at the leader

    @action
    def lead(self, c: Client) -> None:
        """The next write or sync of a client comes to the leader of its server (FollowerRequestProcessor)."""
        server = expect(self.at[c])
        leader = expect(self.follows[server])
        k = self.next_for_the_leader(c)
        require(k < len(self.queue[c]))
        self.reader = None
        match self.queue[c][k]:
            case Write(number=number):
                require(leader == self.leader)
                self.commit(Txn(c, number))
                self.queue[c][k] = Write(number, Zxid(len(self.log)))
            case Sync(floor=floor):
                self.queue[c][k] = Sync(floor, self.applied[leader])
            case _:
                pass

    def next_for_the_leader(self, c: Client) -> int:
        """The place in a client's queue of the request that its server sends to the leader next."""
        places = self.queue[c]
        first = min((k for k in range(len(places)) if waits_for_leader(places[k])), default=requests)
        last = max((k for k in range(len(places)) if waits_for_leader(places[k])), default=requests)
        return last if writes_overtake else first

    @action
    def other_write(self) -> None:
        """Another client's write comes to the leader (LearnerHandler.run, Leader.REQUEST)."""
        self.reader = None
        self.commit(Txn(None, Zxid(0)))

    def commit(self, txn: Txn) -> None:
        """The leader of today commits a write, and applies it."""
        leader = expect(self.leader)
        require(len(self.log) < writes)
        self.log.append(txn)
        self.apply_up_to(leader, Zxid(len(self.log)))

    @action
    def catch_up(self, s: Server) -> None:
        """A server applies the next write that its leader has committed (FollowerZooKeeperServer.commit)."""
        leader = expect(self.follows[s])
        require(self.applied[s] < self.applied[leader])
        self.reader = None
        self.apply_up_to(s, self.applied[s] + 1)

    def apply_up_to(self, s: Server, zxid: Zxid) -> None:
        """A server applies a write, and the watches fire of those connected to it."""
        self.applied[s] = zxid
        for c in Client:
            if self.at[c] == s:
                self.watching.discard(c)

    # --------------------------------------------------------------------------------------------------- replies

    @action
    def answer(self, c: Client) -> None:
        """A server answers the first request of a client, when what that waits for has come (CommitProcessor)."""
        server = expect(self.at[c])
        require(len(self.queue[c]) > 0)
        request = self.queue[c].first
        self.queue[c].remove_first()
        self.reader = None
        match request:
            case Read():
                self.show(c, request, server)
            case Write(zxid=zxid):
                committed = expect(zxid)
                require(committed <= self.applied[server] or reply_before_apply)
            case Sync(floor=floor, upto=upto):
                require(sync_at_once or (upto is not None and upto <= self.applied[server]))
                self.synced[c] = floor if self.elections_used == 0 else Zxid(0)
        self.seen[c] = self.applied[server]

    def show(self, c: Client, request: Read, server: Server) -> None:
        """A read shows what the server has applied."""
        self.reader = c
        self.asked = request
        self.result = self.applied[server]
        self.watching.add(c)
        self.synced[c] = Zxid(0)

    @action
    def answer_second(self, c: Client) -> None:
        """Only with the variant `read-overtakes`: a read is answered before the request that came before it."""
        require(read_overtakes and len(self.queue[c]) >= 2)
        server = expect(self.at[c])
        request = expect(self.queue[c][1], Read)
        self.show(c, request, server)
        self.queue[c] = self.queue[c][:1] + self.queue[c][2:]
        self.seen[c] = self.applied[server]

    # --------------------------------------------------------------------------------------------- moving, leading

    @action
    def connect(self, c: Client, s: Server) -> None:
        """A client comes to a server that is not behind it (ZooKeeperServer.processConnectRequest), with its watch."""
        require(self.at[c] is None and (self.seen[c] <= self.applied[s] or move_back))
        self.reader = None
        self.at[c] = s
        if self.applied[s] > self.seen[c] and not watch_lost:
            self.watching.discard(c)

    @action
    def disconnect(self, c: Client) -> None:
        """A connection is lost: what the leader has not taken never happens, the rest gets no reply (ClientCnxn)."""
        require(self.at[c] is not None)
        self.reader = None
        self.drop(c)

    def drop(self, c: Client) -> None:
        """A client is connected to no server."""
        self.at[c] = None
        self.queue[c].clear()

    @action
    def elect(self, leader: Server, quorum: Set[Server]) -> None:
        """A quorum follows another leader, who knows all that was committed; the rest notice nothing (Leader.lead)."""
        require(self.elections_used < elections and leader != self.leader)
        require(leader in quorum and 2 * len(quorum) > servers)
        self.elections_used += 1
        for c in Client:
            self.synced[c] = Zxid(0)
        self.reader = None
        self.leader = leader
        self.applied[leader] = Zxid(len(self.log))
        for s in quorum:
            self.follow(s, leader)

    @action
    def rejoin(self, s: Server) -> None:
        """A server that was left behind follows the leader of today (Learner.syncWithLeader)."""
        leader = expect(self.leader)
        require(self.follows[s] != leader)
        self.reader = None
        self.follow(s, leader)

    def follow(self, s: Server, leader: Server) -> None:
        """A server changes its leader, and closes all connections."""
        self.follows[s] = leader
        for c in Client:
            if self.at[c] == s:
                self.drop(c)

    # ------------------------------------------------------------------------------------------------ properties

    @step_invariant
    def never_back_in_time(self, before: Self) -> bool:
        """A client never goes back in time: no reply is from before one that it has had, on whatever server."""
        return all(self.seen[c] >= before.seen[c] for c in Client)

    @step_invariant
    def own_writes_are_seen(self, before: Self) -> bool:
        """Per session order: a read shows what its client has written before it, as far as the client knows."""
        return all(self.shows_own_write(c) for c in Client if self.reader == c)

    def shows_own_write(self, c: Client) -> bool:
        """Whether the last read shows the last write that its client sent before it."""
        asked = self.asked
        return asked is None or asked.after == 0 or Txn(c, asked.after) in self.log[: self.result]

    @step_invariant
    def sync_then_read_is_fresh(self, before: Self) -> bool:
        """While the leader is stable, a read after a sync shows all that was committed when the sync was sent."""
        return all(self.result >= before.synced[c] for c in Client if self.reader == c)

    @step_invariant
    def event_before_data(self, before: Self) -> bool:
        """A client with a watch never sees new data before the event, also when it moves."""
        return all(self.result <= before.seen[c] for c in before.watching if self.reader == c)

    @invariant
    def writes_in_order(self) -> bool:
        """Per session order: the writes of a client are committed in the order in which it sent them."""
        return all(
            self.log[m].client != self.log[n].client
            or self.log[m].client is None
            or self.log[m].number < self.log[n].number
            for n in range(len(self.log))
            for m in range(n)
        )

    # --------------------------------------------------------------------------------- what must be reachable

    @witness
    def stale_read(self) -> bool:
        """A client is about to read what is not the last that was committed."""
        return any(
            self.reads(c) and self.at[c] == s and self.applied[s] < len(self.log) for c in Client for s in Server
        )

    def reads(self, c: Client) -> bool:
        """Whether a client's next reply is that of a read."""
        return len(self.queue[c]) > 0 and isinstance(self.queue[c].first, Read)

    @witness
    def turned_away(self) -> bool:
        """A client cannot come to a server, because that is behind what the client has seen."""
        return any(self.at[c] is None and self.applied[s] < self.seen[c] for c in Client for s in Server)

    @witness
    def sync_is_not_enough(self) -> bool:
        """A sync is about to be answered although its client's server lags: a leader of yesterday has spoken."""
        return any(self.lags_behind(r) for c in Client for r in self.queue[c][:1])

    def lags_behind(self, request: Read | Write | Sync) -> bool:
        """Whether a sync needs less than was committed when it was sent."""
        match request:
            case Sync(floor=floor, upto=upto):
                return upto is not None and upto < floor
            case _:
                return False


def waits_for_leader(request: Read | Write | Sync) -> bool:
    """Whether a request has yet to come to the leader."""
    match request:
        case Write(zxid=zxid):
            return zxid is None
        case Sync(upto=upto):
            return upto is None
        case _:
            return False
