"""A world of the implementation as a plain state of `world.py`: the same for the same world, another for another.

Nothing of a world is left out, so that a state tells what it is the state of. Knows worlds and plain values.
"""

from collections.abc import Iterable
from typing import Any, get_args

from ....impl.ensemble.cluster import Connection, Item, World
from ....impl.ensemble.messages import (
    Ack,
    AckEpoch,
    Commit,
    Diff,
    FollowerInfo,
    Inform,
    LeaderInfo,
    Log,
    NewLeader,
    Notification,
    Packet,
    Proposal,
    Snap,
    Trunc,
    Txn,
    UpToDate,
    Vote,
    counter_of,
    epoch_of,
)
from ....impl.ensemble.state import Disk, Election, Following, Leading, Node
from ..budget import Budget, Found

Plain = Any
ROLES = {"DOWN": 0, "LOOKING": 1, "FOLLOWING": 2, "LEADING": 3}
PHASES = {"ELECTION": 0, "DISCOVERY": 1, "SYNCHRONIZATION": 2, "BROADCAST": 3}
# The records of a union stand in the order of their names.
_PACKETS = {name: at for at, name in enumerate(sorted((*(one.__name__ for one in get_args(Packet)), "Closed")))}
_NOBODY = Node(ensemble=None)  # type: ignore[arg-type]  # what a server that is down knows


def encoded(budget: Budget, found: Found) -> dict[str, Plain]:
    """The value of every variable of the picture."""
    world = found.world
    nodes = [_NOBODY if node is None else node for node in world.nodes]
    return {
        "role": tuple(ROLES["DOWN" if node is None else node.state] for node in world.nodes),
        "phase": tuple(PHASES["ELECTION" if node.role is None else node.role.phase] for node in nodes),
        "accepted_epoch": tuple(disk.accepted for disk in world.disks),
        "current_epoch": tuple(disk.current for disk in world.disks),
        "log": tuple(_log(disk.log) for disk in world.disks),
        "synced": tuple(disk.synced for disk in world.disks),
        "memory": tuple(map(_memory, world.nodes, world.disks)),
        "committed": tuple(node.committed for node in nodes),
        "follows": tuple(_follows(node) for node in nodes),
        "leads": tuple(_leads(node) for node in nodes),
        **_elections(world, [node.election for node in nodes]),
        **_between(world),
        "blocked": tuple(_set(to for by, to in world.blocked if by == s) for s in range(world.ensemble.servers)),
        "oracle": world.oracle,
        "requests": world.requests,
        "left": tuple(limit - spent for limit, spent in zip(budget.limits, found.spent, strict=True)),
        "established": tuple(sorted(world.leaders)),
        "delivered": _log(world.committed),
        "promised": world.promised,
        "begun": tuple(sorted((number, _vote(vote)) for number, vote in world.credentials)),
        "refines": found.mismatch is None,
    }


def _zxid(number: int) -> Plain:
    return epoch_of(number), counter_of(number)


def _txn(txn: Txn) -> Plain:
    assert isinstance(txn.payload, str)
    return _zxid(txn.zxid), int(txn.payload.removeprefix("w"))


def _log(log: Log) -> Plain:
    return tuple(map(_txn, log))


def _vote(vote: Vote) -> Plain:
    return vote.epoch, _zxid(vote.zxid), vote.leader


def _notification(said: Notification) -> Plain:
    return ROLES[said.state], _vote(said.vote), said.round


def _set(members: Iterable[int]) -> int:
    return sum(1 << member for member in members)


def _memory(node: Node | None, disk: Disk) -> Plain:
    """What a server believes about its disk, where that is something else."""
    if node is None or (node.accepted, node.current, node.log, node.synced) == _of_disk(disk):
        return None
    assert node.floor == 0, "nodes of an enumeration remember everything"
    return node.accepted, node.current, _log(node.log), node.synced


def _of_disk(disk: Disk) -> tuple[int, int, Log, int]:
    return disk.accepted, disk.current, disk.log, disk.synced


def _follows(node: Node) -> Plain:
    role = node.role
    if not isinstance(role, Following):
        return None
    return role.leader, _zxid(role.limit), None if role.new_leader is None else _zxid(role.new_leader), role.joined


def _leads(node: Node) -> Plain:
    role = node.role
    if not isinstance(role, Leading):
        return None
    assert all(floor == 0 for _, _, floor in role.waiting)
    return (
        role.epoch,
        role.start,
        tuple((server, epoch) for server, epoch in enumerate(role.promised) if epoch is not None),
        _set(role.connected),
        _set(role.electing),
        tuple((learner, _zxid(last)) for learner, last, _ in sorted(role.waiting)),
        _set(role.forwarding),
        _set(role.ready),
        tuple((_set(by),) for by in role.acks),
    )


def _elections(world: World, elections: list[Election]) -> dict[str, Plain]:
    nobody = (None,) * world.ensemble.servers
    return {
        "round": tuple(one.round for one in elections),
        "vote": tuple(_vote(one.vote) for one in elections),
        "received": tuple(tuple(v and _vote(v) for v in one.received or nobody) for one in elections),
        "outside": tuple(tuple(n and _notification(n) for n in one.outside or nobody) for one in elections),
        "decided": tuple(one.decided for one in elections),
    }


def _between(world: World) -> dict[str, Plain]:
    """Connections and what is under way, by sender, then by receiver."""
    every = range(world.ensemble.servers)

    def link(learner: int, leader: int) -> Connection:
        return world.connection(learner, leader)

    return {
        "dialled": tuple(_set(j for j in every if link(i, j).dialled) for i in every),
        "answered": tuple(_set(i for i in every if link(i, j).accepted) for j in every),
        "to_leader": tuple(tuple(tuple(map(_packet, link(i, j).up)) for j in every) for i in every),
        "to_learner": tuple(tuple(tuple(map(_packet, link(i, j).down)) for i in every) for j in every),
        "notifications": tuple(
            tuple(tuple(map(_notification, world.notification_queue(i, j))) for j in every) for i in every
        ),
    }


def _packet(item: Item) -> Plain:
    if item == "CLOSED":
        return _PACKETS["Closed"], ()
    return _PACKETS[type(item).__name__], _content(item)


def _content(packet: Packet) -> Plain:
    match packet:
        case FollowerInfo(number) | LeaderInfo(number):
            return (number,)
        case AckEpoch(current, last, floor):
            assert floor == 0
            return current, _zxid(last)
        case Snap(history, floor):
            assert floor == 0
            return (_log(history),)
        case Proposal(txn) | Inform(txn):
            return (_txn(txn),)
        case Diff(last) | Trunc(last) | NewLeader(last) | UpToDate(last) | Ack(last) | Commit(last):
            return (_zxid(last),)
