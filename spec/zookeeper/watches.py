"""Watches: who is told of a change, and before what (Java: WatchManager, DataTree, FinalRequestProcessor).

One server and its clients, each with a connection that keeps the order of what the server sends: replies and watch
events. A read may leave a watch, which fires once: getData and exists leave one for the znode itself, getChildren one
for its list of children. Watches of addWatch stay: persistent ones for one znode, recursive ones for all below it too.
The tables of watches stand in the server's memory, and go with the connection; a client that comes back sends its
watches along (setWatches), and is told at once of those that should have fired meanwhile.

The writes of this text have no data, and succeed whenever the znode is there or not there as they need; which do, and
what else they change, is the business of `znodes.py`.
"""

from enum import Enum

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
    invariant,
    require,
    state,
    variant,
    witness,
)

clients = Constant(1, "number of clients that watch; one more only writes", low=1)
changes = Constant(2, "number of writes", low=1)
requests = Constant(1, "how many requests a client may send before it reads the replies", low=1)
reconnects = Constant(1, "how often clients lose their connection")

event_after_reply = variant("event-after-reply", "The events of a write are sent after the reply to its client.")
event_overtakes = variant("event-overtakes", "Events overtake the replies that are under way to the same client.")
stays_armed = variant("stays-armed", "A watch of a read is not taken from the table when it fires.")
watch_on_nothing = variant("watch-on-nothing", "getData leaves a watch also where there is no znode.")
persistent_fires_once = variant("persistent-fires-once", "A persistent watch goes when it fires, like that of a read.")
replaces_persistent = variant(
    "replaces-persistent",
    "The watch of a read takes the place of a persistent one on the same znode, as in ZooKeeper 3.8; 3.9 keeps both.",
)
recursive_hears_children = variant("recursive-hears-children", "Recursive watches get NodeChildrenChanged too.")
deleted_twice = variant("deleted-twice", "A delete tells the watchers in both tables, also those that are in both.")
no_catch_up = variant("no-catch-up", "setWatches arms the watches again, and does not ask what happened meanwhile.")


class Client(Sort, size=clients):
    """A client with a session. Clients are interchangeable."""


class Zxid(Range, low=0, high=changes):
    """The number of a write; 0 stands for what was there before."""


class Losses(Range, low=0, high=reconnects):
    """How often connections were lost."""


class Path(Enum):
    """A znode and its child."""

    A = "/a"
    A_B = "/a/b"


class Kind(Enum):
    """What a watch is for. A persistent one is in both tables, a recursive one in that of the data watches."""

    DATA = "getData, exists"
    CHILDREN = "getChildren"
    PERSISTENT = "addWatch, mode 0"
    RECURSIVE = "addWatch, mode 1"


class Watch(Record):
    """A watch of one client."""

    kind: Kind
    path: Path


class Content(Record):
    """What there is to see of a znode's data or of its children: the write they come from, if the znode is there."""

    there: bool
    zxid: Zxid


class Happened(Enum):
    """The type of an event (Java: Watcher.Event.EventType)."""

    CREATED = "NodeCreated"
    DELETED = "NodeDeleted"
    DATA_CHANGED = "NodeDataChanged"
    CHILDREN_CHANGED = "NodeChildrenChanged"


class Event(Record):
    """A watch has fired: because of a write, or, with None, because setWatches found that it should have."""

    happened: Happened
    path: Path
    write: Zxid | None


class Reply(Record):
    """A reply: up to which write the server had come, what it shows of a znode, and the watch that was left."""

    zxid: Zxid
    path: Path
    data: Content | None
    children: Content | None
    watch: Watch | None


# A write sends a client at most two events, and setWatches, which comes first on a connection, three.
class Connection(Seq[Event | Reply], capacity=requests + 2 * changes + 3):
    """What is under way to a client, in order."""


def absent() -> Content:
    """What there is to see where no znode is."""
    return Content(False, Zxid(0))


class Watches(Spec):
    """Clients with watches on one server."""

    # the server
    zxid: Zxid = state(Zxid(0))
    data: Map[Path, Content] = state(lambda p: Content(p is Path.A, Zxid(0)))  # mzxid
    children: Content = state(Content(True, Zxid(0)))  # of /a: pzxid
    table: Map[Client, Set[Watch]] = state()
    connection: Map[Client, Connection] = state()

    # the clients
    connected: Set[Client] = state(Set(c for c in Client))
    losses: Losses = state(Losses(0))
    seen: Map[Client, Zxid] = state(Zxid(0))  # the last zxid of a reply
    watching: Map[Client, Set[Watch]] = state()  # watches whose reply has come, and no event yet
    known: Map[Client, Map[Path, Content | None]] = state(None)  # of data under a watch: the last that was seen
    known_children: Map[Client, Content | None] = state(None)  # of the children of /a under a watch

    # ---------------------------------------------------------------------------------------------------- reads

    @action
    def get_data(self, c: Client, p: Path, watch: bool) -> None:
        """A client reads data; a watch is left only where there is a znode (FinalRequestProcessor, OpCode.getData)."""
        self.read(c, p, Watch(Kind.DATA, p) if watch and (self.data[p].there or watch_on_nothing) else None)

    @action
    def exists(self, c: Client, p: Path) -> None:
        """A client asks for a znode, and leaves a watch whether or not it is there (OpCode.exists)."""
        self.read(c, p, Watch(Kind.DATA, p))

    def read(self, c: Client, p: Path, watch: Watch | None) -> None:
        """The server shows a znode's data, and arms a watch. Of a missing znode, getData's client keeps no watch."""
        kept = watch if watch is None or self.data[p].there or not watch_on_nothing else None
        self.reply(c, Reply(self.zxid, p, self.data[p], None, kept))
        self.arm(c, watch)

    @action
    def get_children(self, c: Client) -> None:
        """A client lists the children of /a, and leaves a watch if it is there (OpCode.getChildren)."""
        left = Watch(Kind.CHILDREN, Path.A) if self.data[Path.A].there else None
        self.reply(c, Reply(self.zxid, Path.A, None, self.children, left))
        self.arm(c, left)

    @action
    def add_watch(self, c: Client, kind: Kind) -> None:
        """A client puts a lasting watch on /a, whether or not it is there (OpCode.addWatch)."""
        require(kind in (Kind.PERSISTENT, Kind.RECURSIVE))
        watch = Watch(kind, Path.A)
        self.reply(c, Reply(self.zxid, Path.A, None, None, watch))
        self.arm(c, watch)

    def arm(self, c: Client, watch: Watch | None) -> None:
        """A watch comes into the table; twice the same is one (WatchManager.addWatch)."""
        if watch is not None:
            if replaces_persistent and watch.kind in (Kind.DATA, Kind.CHILDREN):
                self.table[c] -= {Watch(Kind.PERSISTENT, watch.path), Watch(Kind.RECURSIVE, watch.path)}
            self.table[c].add(watch)

    def reply(self, c: Client, message: Reply) -> None:
        """The server answers a request that a connected client may send."""
        require(c in self.connected and sum(1 for m in self.connection[c] if isinstance(m, Reply)) < requests)
        self.connection[c].append(message)

    # --------------------------------------------------------------------------------------------------- writes

    @action
    def create(self, writer: Client | None, p: Path) -> None:
        """A client that watches, or another one, creates a znode (DataTree.createNode, WatchManager.triggerWatch)."""
        require(not self.data[p].there and self.data[Path.A].there == (p is Path.A_B))
        self.take_zxid()
        self.data[p] = Content(True, self.zxid)
        self.children = Content(True, self.zxid)
        self.announce(writer, Happened.CREATED, p)

    @action
    def delete(self, writer: Client | None, p: Path) -> None:
        """A client deletes a znode that has no children (DataTree.deleteNode)."""
        require(self.data[p].there and not (p is Path.A and self.data[Path.A_B].there))
        self.take_zxid()
        self.data[p] = absent()
        self.children = Content(True, self.zxid) if p is Path.A_B else absent()
        self.announce(writer, Happened.DELETED, p)

    @action
    def set_data(self, writer: Client | None, p: Path) -> None:
        """A client writes a znode's data (DataTree.setData)."""
        require(self.data[p].there)
        self.take_zxid()
        self.data[p] = Content(True, self.zxid)
        self.announce(writer, Happened.DATA_CHANGED, p)

    def take_zxid(self) -> None:
        """A write takes the next zxid."""
        require(self.zxid < changes)
        self.zxid += 1

    def announce(self, writer: Client | None, happened: Happened, p: Path) -> None:
        """Events first, on every connection; then the reply to the client that wrote."""
        listed = self.children if happened is not Happened.DATA_CHANGED else None
        answer = Reply(self.zxid, p, self.data[p], listed, None)
        if writer is not None and event_after_reply:
            self.reply(writer, answer)
        for c in Client:
            self.fire(c, happened, p)
        if writer is not None and not event_after_reply:
            self.reply(writer, answer)

    def fire(self, c: Client, happened: Happened, p: Path) -> None:
        """The events of a write for one client (DataTree.createNode, …; WatchManager.triggerWatch)."""
        heard = covers_data(self.table[c], p)
        if heard:
            self.send(c, Event(happened, p, self.zxid))
        if happened is Happened.DELETED and covers_children(self.table[c], p) and (not heard or deleted_twice):
            self.send(c, Event(happened, p, self.zxid))
        if happened is not Happened.DATA_CHANGED and p is Path.A_B and self.hears_children(c):
            self.send(c, Event(Happened.CHILDREN_CHANGED, Path.A, self.zxid))
        if not stays_armed:
            self.table[c] = left_after(self.table[c], happened, p)
            if happened is not Happened.DATA_CHANGED and p is Path.A_B:
                self.table[c] = left_after(self.table[c], Happened.CHILDREN_CHANGED, Path.A)
        if persistent_fires_once and heard:
            self.table[c].discard(Watch(Kind.PERSISTENT, p))

    def hears_children(self, c: Client) -> bool:
        """Whether a client is told that the children of /a have changed."""
        recursive = recursive_hears_children and Watch(Kind.RECURSIVE, Path.A) in self.table[c]
        return covers_children(self.table[c], Path.A) or recursive

    def send(self, c: Client, event: Event) -> None:
        """An event goes the way of all replies."""
        if event_overtakes:
            self.connection[c] = Connection(e for e in (event,)) + self.connection[c]
        else:
            self.connection[c].append(event)

    # -------------------------------------------------------------------------------------------- the client

    @action
    def receive(self, c: Client) -> None:
        """A client reads what comes next (Java: ClientCnxn.SendThread.readResponse)."""
        require(len(self.connection[c]) > 0)
        message = self.connection[c].first
        self.connection[c].remove_first()
        match message:
            case Event():
                self.hear(c, message)
            case Reply():
                self.read_reply(c, message)
        self.forget(c)

    def hear(self, c: Client, event: Event) -> None:
        """The watches of reads that an event fires are gone; what it tells is known."""
        self.watching[c] = left_after(self.watching[c], event.happened, event.path)
        deleted = event.happened is Happened.DELETED
        content: Content | None = None
        if event.write is not None:
            content = absent() if deleted else Content(True, event.write)
        if event.happened is not Happened.CHILDREN_CHANGED:
            self.known[c][event.path] = content
        if event.happened is not Happened.DATA_CHANGED and event.path is Path.A:
            self.known_children[c] = content

    def read_reply(self, c: Client, reply: Reply) -> None:
        """What a reply shows is known, and the watch that it leaves is there from now on."""
        self.seen[c] = reply.zxid
        if reply.watch is not None:
            self.watching[c].add(reply.watch)
        if reply.data is not None:
            self.known[c][reply.path] = reply.data
        if reply.children is not None and reply.path is Path.A:
            self.known_children[c] = reply.children

    def forget(self, c: Client) -> None:
        """Of what a client does not watch it need not know the last content: no event is promised."""
        for p in Path:
            if not covers_data(self.watching[c], p):
                self.known[c][p] = None
        if not covers_children(self.watching[c], Path.A):
            self.known_children[c] = None

    # --------------------------------------------------------------------------------------- lost connections

    @action
    def disconnect(self, c: Client) -> None:
        """A connection is lost with all that is under way, and the watches that came by it (DataTree.removeCnxn)."""
        require(c in self.connected and self.losses < reconnects)
        self.losses += 1
        self.connected.discard(c)
        self.connection[c].clear()
        self.table[c].clear()

    @action
    def reconnect(self, c: Client) -> None:
        """A client is back, and before all else sends its watches along (DataTree.setWatches)."""
        require(c not in self.connected)
        self.connected.add(c)
        for p in Path:
            if Watch(Kind.DATA, p) in self.watching[c]:
                self.catch_up(c, Watch(Kind.DATA, p), self.known[c][p], self.data[p])
            else:
                self.known[c][p] = None
        if Watch(Kind.CHILDREN, Path.A) in self.watching[c]:
            self.catch_up(c, Watch(Kind.CHILDREN, Path.A), self.known_children[c], self.children)
        else:
            self.known_children[c] = None
        for kind in (Kind.PERSISTENT, Kind.RECURSIVE):
            if Watch(kind, Path.A) in self.watching[c]:
                self.table[c].add(Watch(kind, Path.A))

    def catch_up(self, c: Client, watch: Watch, old: Content | None, now: Content) -> None:
        """One watch of setWatches: whether it should have fired shows in stamps alone."""
        was_there = old is not None and old.there
        happened: Happened | None = None
        if was_there and not now.there:
            happened = Happened.DELETED
        elif not was_there and now.there:
            happened = Happened.CREATED
        elif was_there and now.zxid > self.seen[c]:
            happened = Happened.DATA_CHANGED if watch.kind is Kind.DATA else Happened.CHILDREN_CHANGED
        if happened is None or no_catch_up:
            self.table[c].add(watch)
        else:
            self.send(c, Event(happened, watch.path, None))

    # ---------------------------------------------------------------------------------------------- properties

    @invariant
    def event_before_data(self) -> bool:
        """A client never sees new data, nor a new list of children, before the watch event that announces it."""
        return all(self.announced(c, m) for c in Client for m in self.connection[c][:1])

    def announced(self, c: Client, message: Event | Reply) -> bool:
        """Whether a message that a client reads next shows nothing but what it knows, of what it watches."""
        if isinstance(message, Event):
            return True
        known = self.known[c][message.path]
        listed = self.known_children[c] if message.path is Path.A else None
        return (message.data is None or known is None or known == message.data) and (
            message.children is None or listed is None or listed == message.children
        )

    @invariant
    def no_event_is_lost(self) -> bool:
        """What a connected client watches is as the client knows it, or an event that says otherwise is under way."""
        return all(
            self.known[c][p] is None
            or self.known[c][p] == self.data[p]
            or any(tells_of_data(m, p) for m in self.connection[c])
            for c in self.connected
            for p in Path
        ) and all(
            self.known_children[c] is None
            or self.known_children[c] == self.children
            or any(tells_of_children(m, Path.A) for m in self.connection[c])
            for c in self.connected
        )

    @invariant
    def told_what_it_watches(self) -> bool:
        """A client is told only of writes that it watches: a watch of a read fires once."""
        return all(self.asked_for(c, m) for c in Client for m in self.connection[c][:1])

    def asked_for(self, c: Client, message: Event | Reply) -> bool:
        """Whether a client watches what an event of a write is about. (setWatches may tell of one delete twice.)"""
        data = covers_data(self.watching[c], message.path) and tells_of_data(message, message.path)
        children = covers_children(self.watching[c], message.path) and tells_of_children(message, message.path)
        return isinstance(message, Reply) or data or children or when(message) is None

    @invariant
    def told_once(self) -> bool:
        """No client is told twice of the same write to the same znode."""
        return all(
            isinstance(m, Reply) or self.connection[c].count(m) == 1 or when(m) is None
            for c in Client
            for m in self.connection[c]
        )

    @invariant
    def in_order(self) -> bool:
        """What is under way to a client is in the order of writes, replies and events together."""
        return all(
            ordered(self.connection[c][m], self.connection[c][n])
            for c in Client
            for n in range(len(self.connection[c]))
            for m in range(n)
        )

    # --------------------------------------------------------------------------------- what must be reachable

    @witness
    def told_of_its_own_write(self) -> bool:
        """A client has written, and an event about it comes before the reply."""
        return any(
            isinstance(self.connection[c][k], Event)
            and isinstance(self.connection[c][k + 1], Reply)
            and when(self.connection[c][k]) == self.zxid > self.seen[c]
            for c in Client
            for k in range(len(self.connection[c]) - 1)
        )

    @witness
    def told_when_it_is_back(self) -> bool:
        """A client is told of a write that happened while it was away."""
        return any(when(m) is None for c in Client for m in self.connection[c])

    @witness
    def missed_while_away(self) -> bool:
        """A znode under a persistent watch has changed while its client is away: nobody is going to tell it."""
        return any(
            c not in self.connected
            and Watch(Kind.PERSISTENT, Path.A) in self.watching[c]
            and Watch(Kind.DATA, Path.A) not in self.watching[c]
            and self.known[c][Path.A] is not None
            and self.known[c][Path.A] != self.data[Path.A]
            for c in Client
        )


def covers_data(watches: Set[Watch], p: Path) -> bool:
    """Whether some of the watches are for a znode's data: recursive ones also for what is below theirs."""
    return (
        Watch(Kind.DATA, p) in watches
        or Watch(Kind.PERSISTENT, p) in watches
        or Watch(Kind.RECURSIVE, p) in watches
        or Watch(Kind.RECURSIVE, Path.A) in watches
    )


def covers_children(watches: Set[Watch], p: Path) -> bool:
    """Whether some of the watches are for a znode's list of children."""
    return Watch(Kind.CHILDREN, p) in watches or Watch(Kind.PERSISTENT, p) in watches


def left_after(watches: Set[Watch], happened: Happened, p: Path) -> Set[Watch]:
    """The watches that are left when an event has used up those of reads."""
    match happened:
        case Happened.CHILDREN_CHANGED:
            return watches - {Watch(Kind.CHILDREN, p)}
        case Happened.DELETED:
            return watches - {Watch(Kind.DATA, p), Watch(Kind.CHILDREN, p)}
        case _:
            return watches - {Watch(Kind.DATA, p)}


def tells_of_data(message: Event | Reply, p: Path) -> bool:
    """Whether a message is an event about a znode's data, or its whole existence."""
    return isinstance(message, Event) and message.path is p and message.happened is not Happened.CHILDREN_CHANGED


def tells_of_children(message: Event | Reply, p: Path) -> bool:
    """Whether a message is an event about a znode's children, or its whole existence."""
    return isinstance(message, Event) and message.path is p and message.happened is not Happened.DATA_CHANGED


def when(message: Event | Reply) -> Zxid | None:
    """The write that a message belongs to, if it belongs to one."""
    return message.write if isinstance(message, Event) else message.zxid


def ordered(first: Event | Reply, second: Event | Reply) -> bool:
    """Whether two messages do not contradict the order of writes."""
    a = when(first)
    b = when(second)
    return a is None or b is None or a <= b
