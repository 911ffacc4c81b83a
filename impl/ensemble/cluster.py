"""A world for an ensemble: servers, disks, connections; one function that does one thing that can happen.

A world is an immutable value, so that a simulation draws what happens next, a scenario says it, and a checker tries
everything. What can happen is a `Label`; `enabled` lists those of a healthy world, `faults` those of an unkind one.

A connection runs between a learner and a leader, first in first out in both directions (TCP). Closing it lets the
other side read what was sent before, breaking it loses that. Messages of different connections overtake each other
freely; how long anything takes is a matter of what happens next. Notifications between election peers keep their order;
one may be lost, or come twice (a peer that reconnects sends its last one again: `QuorumCnxManager`).
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, NamedTuple, TypeVar, assert_never

from .election import own_vote
from .messages import (
    Append,
    Closed,
    Commit,
    Connect,
    Deliver,
    Disconnect,
    Effect,
    Elected,
    Event,
    Finalize,
    Flush,
    FollowerInfo,
    Install,
    Log,
    Notification,
    Notified,
    Notify,
    Packet,
    Proposal,
    Received,
    Request,
    Resend,
    Send,
    Synced,
    TimedOut,
    Truncate,
    Vote,
    WriteEpochs,
)
from .node import start, step
from .state import Disk, Ensemble, Leading, Node

Label = tuple[str, tuple[int, ...]]
Item = Packet | Literal["CLOSED"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Connection:
    """From a learner to a leader. FOLLOWERINFO opens it; until the leader has read that, only the learner knows."""

    dialled: bool = False  # the learner believes it is there
    accepted: bool = False  # so does the leader
    up: tuple[Item, ...] = ()  # to the leader
    down: tuple[Item, ...] = ()  # to the learner

    @property
    def pending(self) -> int:
        """Where in `up` a connection begins that the leader has not accepted; the length when none does."""
        return next((i for i, item in enumerate(self.up) if isinstance(item, FollowerInfo)), len(self.up))

    def left_by_learner(self) -> "Connection":
        """The learner hung up, or died: what it sent can still arrive, unless nobody had accepted."""
        end: tuple[Item, ...] = ("CLOSED",) if self.accepted else ()
        return Connection(up=(*self.up[: self.pending], *end))

    def left_by_leader(self) -> "Connection":
        """The leader hung up. A newer connection that it has not seen remains."""
        end: tuple[Item, ...] = ("CLOSED",) if self.accepted else ()
        return Connection(self.dialled, False, self.up[self.pending :], (*self.down, *end))

    def lost_by_leader(self) -> "Connection":
        """The leader died."""
        heard = self.dialled and (self.accepted or self.pending < len(self.up))
        return Connection(self.dialled, False, (), (*self.down, "CLOSED") if heard else self.down)

    def broken(self) -> "Connection":
        """The connection is lost with everything in flight; both sides will notice."""
        if self.accepted:
            return Connection(self.dialled, False, ("CLOSED",), ("CLOSED",))
        return replace(self.lost_by_leader(), up=self.up[: self.pending])


_NONE = Connection()


class World(NamedTuple):
    """An ensemble at one moment. Pairs of servers are indexed by learner (or sender) times n plus leader (receiver).

    A tuple, as it is copied for everything that happens.
    """

    ensemble: Ensemble
    nodes: tuple[Node | None, ...]  # None is a server that is down
    disks: tuple[Disk, ...]
    connections: tuple[Connection, ...]
    notifications: tuple[tuple[Notification, ...], ...]
    lazy_disk: bool = True  # fsync takes until `synced` happens
    blocked: frozenset[tuple[int, int]] = frozenset()  # from, to: nothing is delivered
    oracle: int | None = None
    requests: int = 0
    leaders: frozenset[tuple[int, int]] = frozenset()  # history: epoch and leader, of every established epoch
    committed: Log = ()  # history: the longest sequence that some server has delivered
    promised: tuple[int, ...] = ()  # history: the highest acceptedEpoch of every server
    credentials: frozenset[tuple[int, Vote]] = frozenset()  # history: votes for itself that a server began a round with

    def connection(self, learner: int, leader: int) -> Connection:
        """The connection that a learner dialled."""
        return self.connections[learner * self.ensemble.servers + leader]

    def notification_queue(self, sender: int, receiver: int) -> tuple[Notification, ...]:
        """What is under way between two election peers."""
        return self.notifications[sender * self.ensemble.servers + receiver]

    def pairs(self) -> tuple[tuple[int, int], ...]:
        """All ordered pairs of different servers."""
        return _pairs(self.ensemble.servers)


@cache
def _pairs(servers: int) -> tuple[tuple[int, int], ...]:
    return tuple((i, j) for i in range(servers) for j in range(servers) if i != j)


def begin(ensemble: Ensemble, lazy_disk: bool = True) -> World:
    """All servers start with empty disks."""
    n = ensemble.servers
    nobody, nothing = (None,) * n, ((),) * n * n
    world = World(ensemble, nobody, (Disk(),) * n, (_NONE,) * n * n, nothing, lazy_disk, promised=(0,) * n)
    for server in range(n):
        world = perform(world, ("restart", (server,)))
    return world


def perform(world: World, label: Label) -> World:
    """The world after one thing has happened. The label must be one that is enabled, or a fault."""
    match label:
        case "leader_receives", (leader, learner):
            return _leader_receives(world, leader, learner)
        case "follower_receives", (learner, leader):
            return _follower_receives(world, learner, leader)
        case "notified", (server, peer):
            first = world.notification_queue(peer, server)[0]
            return _happens(_dropped(world, peer, server), server, Notified(peer, first))
        case "synced", (server,):
            return _synced(world, server)
        case "finalize", (server,):
            return _happens(world, server, Finalize())
        case "resend", (server,):
            return _happens(world, server, Resend())
        case "elect", (server,):
            return _happens(world._replace(oracle=server), server, Elected(server))
        case "follow", (server,):
            assert world.oracle is not None
            return _happens(world, server, Elected(world.oracle))
        case "request", (server,):
            payload = f"w{world.requests + 1}"
            return _happens(world._replace(requests=world.requests + 1), server, Request(payload))
        case _:
            return _unkind(world, label)


def _unkind(world: World, label: Label) -> World:
    """What the environment does to the servers."""
    match label:
        case "timeout", (server,):
            return _happens(world, server, TimedOut())
        case "crash", (server, kept):
            return _crash(world, server, kept)
        case "restart", (server,):
            node, effects = start(world.ensemble, server, world.disks[server])
            world = _credited(world, None, node)
            return _done(world._replace(nodes=_put(world.nodes, server, node)), server, effects)
        case "break", (learner, leader):
            return _connected(world, learner, leader, world.connection(learner, leader).broken())
        case (("lose" | "overtake"), (learner, leader)):
            link = world.connection(learner, leader)
            first, *rest = link.down
            down = rest if label[0] == "lose" else [rest[0], first, *rest[1:]]
            return _connected(world, learner, leader, replace(link, down=tuple(down)))
        case "drop", (sender, receiver):
            return _dropped(world, sender, receiver)
        case "duplicate", (sender, receiver):
            at, queue = sender * world.ensemble.servers + receiver, world.notification_queue(sender, receiver)
            return world._replace(notifications=_put(world.notifications, at, (queue[0], *queue)))
        case "block", (sender, receiver):
            return world._replace(blocked=world.blocked | {(sender, receiver)})
        case "heal", (sender, receiver):
            return world._replace(blocked=world.blocked - {(sender, receiver)})
        case _:
            raise ValueError(f"nothing is called {label}")


def enabled(world: World) -> list[Label]:
    """What can happen while nothing fails: deliveries, the disk, elections; always in the same order."""
    found: list[Label] = []
    for sender, receiver in world.pairs():
        if (sender, receiver) not in world.blocked and world.nodes[receiver] is not None:
            found.extend(_deliveries(world, sender, receiver))
    for server, node in enumerate(world.nodes):
        if node is not None:
            found.extend((name, (server,)) for name in _own(world, node))
    return found


def requests(world: World) -> list[Label]:
    """Where a client can write now."""
    return [("request", (n.id,)) for n in world.nodes if n and isinstance(n.role, Leading) and _broadcasts(n)]


def faults(world: World, kind: str) -> list[Label]:
    """What can go wrong now, of one kind. A crash keeps any part of the writes that were not synced."""
    match kind:
        case "timeout":
            return [("timeout", (node.id,)) for node in world.nodes if node is not None and node.role is not None]
        case "crash":
            up = [node.id for node in world.nodes if node is not None]
            return [("crash", (server, kept)) for server in up for kept in _survivals(world.disks[server])]
        case "restart":
            return [("restart", (server,)) for server, node in enumerate(world.nodes) if node is None]
        case "break":
            links = ((pair, world.connection(*pair)) for pair in world.pairs())
            return [("break", pair) for pair, link in links if link.dialled or link.accepted]
        case "drop" | "duplicate":
            return [(kind, pair) for pair in world.pairs() if world.notification_queue(*pair)]
        case "block":
            return [("block", pair) for pair in world.pairs() if pair not in world.blocked]
        case "heal":
            return [("heal", pair) for pair in sorted(world.blocked)]
    raise ValueError(f"no fault is called {kind}")


def _survivals(disk: Disk) -> range:
    return range(disk.synced, len(disk.log) + 1)


def _deliveries(world: World, sender: int, receiver: int) -> list[Label]:
    found: list[Label] = []
    up, down = world.connection(sender, receiver).up, world.connection(receiver, sender).down
    node = world.nodes[receiver]
    assert node is not None
    if up and (isinstance(node.role, Leading) or not isinstance(up[0], FollowerInfo)):
        found.append(("leader_receives", (receiver, sender)))
    if down:
        found.append(("follower_receives", (receiver, sender)))
        found.extend(_strange(world.ensemble, receiver, sender, down))
    if world.notifications[sender * world.ensemble.servers + receiver]:
        found.append(("notified", (receiver, sender)))
    return found


def _strange(ensemble: Ensemble, learner: int, leader: int, down: tuple[Item, ...]) -> list[Label]:
    """What a connection never does, but for two seeded bugs."""
    if not ensemble.bugs or not isinstance(down[0], Proposal | Commit):
        return []
    lost = "append-with-gap" in ensemble.bugs and isinstance(down[0], Proposal)
    late = "deliver-out-of-order" in ensemble.bugs and isinstance(down[1:2] and down[1], Proposal | Commit)
    names = ["lose"] * lost + ["overtake"] * late
    return [(name, (learner, leader)) for name in names]


def _own(world: World, node: Node) -> list[str]:
    """What can happen at one server by itself."""
    found = ["synced"] if world.disks[node.id].synced < len(world.disks[node.id].log) else []
    if node.role is None and world.ensemble.oracle:
        found += ["elect", *(["follow"] if world.oracle is not None and world.oracle != node.id else [])]
    elif node.role is None and node.election.decided:
        found.append("finalize")
    elif node.role is None and not _is_spoken_to(world, node.id):
        found.append("resend")
    return found


def _is_spoken_to(world: World, server: int) -> bool:
    """Whether a notification to or from the server is under way."""
    n = world.ensemble.servers
    return any(world.notifications[server * n + s] or world.notifications[s * n + server] for s in range(n))


def _broadcasts(node: Node) -> bool:
    return isinstance(node.role, Leading) and node.role.phase == "BROADCAST"


def _leader_receives(world: World, leader: int, learner: int) -> World:
    link = world.connection(learner, leader)
    first, rest = link.up[0], link.up[1:]
    if first == "CLOSED":
        return _happens(_connected(world, learner, leader, replace(link, up=rest)), leader, Closed(learner))
    accepted = link.accepted or isinstance(first, FollowerInfo)
    world = _connected(world, learner, leader, replace(link, up=rest, accepted=accepted))
    return _happens(world, leader, Received(learner, first))


def _follower_receives(world: World, learner: int, leader: int) -> World:
    link = world.connection(learner, leader)
    first, rest = link.down[0], link.down[1:]
    if first == "CLOSED":
        closed = replace(link, down=rest, dialled=False)
        return _happens(_connected(world, learner, leader, closed), learner, Closed(leader))
    return _happens(_connected(world, learner, leader, replace(link, down=rest)), learner, Received(leader, first))


def _dropped(world: World, sender: int, receiver: int) -> World:
    """Without the next notification between two election peers."""
    at, queue = sender * world.ensemble.servers + receiver, world.notification_queue(sender, receiver)
    return world._replace(notifications=_put(world.notifications, at, queue[1:]))


def _synced(world: World, server: int) -> World:
    disk = world.disks[server].flushed()
    return _happens(world._replace(disks=_put(world.disks, server, disk)), server, Synced(disk.synced))


def _crash(world: World, server: int, kept: int) -> World:
    """The server and what it had not sent are gone, and of its log all but the first `kept` transactions."""
    disk = world.disks[server].crashed(kept)
    n = world.ensemble.servers
    deaf = tuple(() if i % n == server else queue for i, queue in enumerate(world.notifications))
    nodes = _put(world.nodes, server, None)
    world = world._replace(nodes=nodes, disks=_put(world.disks, server, disk), notifications=deaf)
    for other in world.ensemble.others(server):
        world = _connected(world, server, other, world.connection(server, other).left_by_learner())
        world = _connected(world, other, server, world.connection(other, server).lost_by_leader())
    return world


def _happens(world: World, server: int, event: Event) -> World:
    """The server takes an event; what it asks for is done."""
    before = world.nodes[server]
    assert before is not None, f"{event} at server {server}, which is down"
    node, effects = step(before, event)
    world = _done(world._replace(nodes=_put(world.nodes, server, node)), server, effects)
    world = _credited(world, before, node)
    if _broadcasts(node) and not _broadcasts(before):
        world = world._replace(leaders=world.leaders | {(node.current, server)})
    if not world.lazy_disk and world.disks[server].synced < len(world.disks[server].log):
        return _synced(world, server)
    return world


def _credited(world: World, before: Node | None, node: Node) -> World:
    """Remembers the vote for itself with which a server enters a round of fast leader election."""
    entered = before is None or before.role is not None or before.election.round != node.election.round
    if node.role is not None or not entered or world.ensemble.oracle:
        return world
    return world._replace(credentials=world.credentials | {(node.election.round, own_vote(node))})


def _done(world: World, server: int, effects: tuple[Effect, ...]) -> World:
    for effect in effects:
        world = _do(world, server, effect)
    return world


def _do(world: World, server: int, effect: Effect) -> World:
    match effect:
        case Notify(peer, notification):
            if world.nodes[peer] is None:
                return world
            at = server * world.ensemble.servers + peer
            queue = (*world.notifications[at], notification)
            return world._replace(notifications=_put(world.notifications, at, queue))
        case Connect(peer):
            up = world.connection(server, peer).up
            refused: tuple[Item, ...] = ("CLOSED",) if world.nodes[peer] is None else ()
            return _connected(world, server, peer, Connection(dialled=True, up=up, down=refused))
        case Disconnect(peer):
            return _hang_up(world, server, peer)
        case Send(peer, packet):
            return _send(world, server, peer, packet)
        case Deliver():
            node = world.nodes[server]
            assert node is not None
            longer = node.log[: node.committed]
            extends = len(longer) > len(world.committed) and longer[: len(world.committed)] == world.committed
            return world._replace(committed=longer) if extends else world
        case WriteEpochs(accepted):
            promised = _put(world.promised, server, max(accepted, world.promised[server]))
            return world._replace(disks=_written(world, server, effect), promised=promised)
        case Append() | Truncate() | Install() | Flush():
            return world._replace(disks=_written(world, server, effect))
        case _:
            assert_never(effect)


def _written(world: World, server: int, effect: Effect) -> tuple[Disk, ...]:
    return _put(world.disks, server, world.disks[server].written(effect))


def _hang_up(world: World, server: int, peer: int) -> World:
    if world.connection(server, peer).dialled:
        world = _connected(world, server, peer, world.connection(server, peer).left_by_learner())
    return _connected(world, peer, server, world.connection(peer, server).left_by_leader())


def _send(world: World, server: int, peer: int, packet: Packet) -> World:
    """To a learner that is accepted, else to the leader that was dialled; else it is lost."""
    link = world.connection(peer, server)
    if link.accepted:
        return _connected(world, peer, server, replace(link, down=(*link.down, packet)))
    link = world.connection(server, peer)
    there = isinstance(packet, FollowerInfo) and world.nodes[peer] is not None
    if link.dialled and (link.accepted or there):
        return _connected(world, server, peer, replace(link, up=(*link.up, packet)))
    return world


def _connected(world: World, learner: int, leader: int, link: Connection) -> World:
    return world._replace(connections=_put(world.connections, learner * world.ensemble.servers + leader, link))


def _put(items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1 :])
