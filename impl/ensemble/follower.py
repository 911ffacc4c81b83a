"""A follower's part of ZAB (`Learner.java`, `Follower.java`): promise, take over the leader's history, log, commit.

An acknowledgement leaves only when the log is durable: then the host says `Synced`. Epoch files are written before
the packet that relies on them.
"""

from dataclasses import replace

from .election import look
from .messages import (
    Ack,
    AckEpoch,
    Append,
    Commit,
    Deliver,
    Diff,
    Effect,
    Inform,
    Install,
    LeaderInfo,
    Log,
    NewLeader,
    Packet,
    Proposal,
    Send,
    Snap,
    Trunc,
    Truncate,
    Txn,
    UpToDate,
    WriteEpochs,
    count_upto,
    last_zxid,
)
from .state import Following, Node, Step


def received(node: Node, role: Following, packet: Packet) -> Step:
    """The leader sent a packet. One that does not fit the phase ends the connection."""
    match role.phase, packet:
        case "DISCOVERY", LeaderInfo(epoch):
            return _promise(node, role, epoch)
        case "SYNCHRONIZATION", Diff(zxid):
            return replace(node, role=replace(role, limit=zxid)), ()
        case "SYNCHRONIZATION", Trunc(zxid):
            return _truncate(node, role, zxid)
        case "SYNCHRONIZATION", Snap(history, floor):
            return _install(node, role, history, floor)
        case (("SYNCHRONIZATION" | "BROADCAST"), Proposal(txn)):
            return _append(node, role, txn)
        case (("SYNCHRONIZATION" | "BROADCAST"), Inform(txn)) if node.observes:
            return _informed(node, role, txn)
        case "SYNCHRONIZATION", Commit(zxid):
            return replace(node, role=replace(role, limit=max(role.limit, zxid))), ()
        case "SYNCHRONIZATION", NewLeader(zxid):
            return _take_over(replace(node, role=replace(role, new_leader=zxid)))
        case "SYNCHRONIZATION", UpToDate():
            return _commit(replace(node, role=replace(role, phase="BROADCAST")), role.limit)
        case "BROADCAST", Commit(zxid):
            return _commit(node, zxid)
        case _:
            return look(node)


def synced(node: Node, role: Following, length: int) -> Step:
    """The first `length` transactions are durable: acknowledge those that were not, once NEWLEADER is answered."""
    fresh = node.log[node.synced : length]
    node = replace(node, synced=length)
    if role.joined:
        return node, () if node.observes or node.has("ack-before-sync") else _acks(role, fresh)
    return _take_over(node) if role.new_leader is not None else (node, ())


def _promise(node: Node, role: Following, epoch: int) -> Step:
    if epoch < node.accepted and not node.has("old-epoch"):
        return look(node)
    role = replace(role, phase="SYNCHRONIZATION")
    if epoch == node.accepted:
        return replace(node, role=role), (Send(role.leader, AckEpoch(None, node.last, node.floor)),)
    promise = WriteEpochs(epoch, node.current), Send(role.leader, AckEpoch(node.current, node.last, node.floor))
    return replace(node, role=role, accepted=epoch), promise


def _truncate(node: Node, role: Following, zxid: int) -> Step:
    if zxid < node.floor:
        return look(node)  # the leader was told that this cannot be done
    log = tuple(txn for txn in node.log if txn.zxid <= zxid)
    length = len(log)
    role = replace(role, limit=zxid)
    kept = replace(node, role=role, log=log, synced=min(node.synced, length), committed=min(node.committed, length))
    return kept, (Truncate(length),)


def _install(node: Node, role: Following, history: Log, floor: int) -> Step:
    role = replace(role, limit=last_zxid(history, floor))
    count = len(history)
    node = replace(node, role=role, floor=floor, log=history, synced=count, committed=min(node.committed, count))
    return node, (Install(history, floor),)


def _append(node: Node, role: Following, txn: Txn) -> Step:
    if txn.zxid <= node.last:
        return look(node)
    node = replace(node, log=(*node.log, txn))
    early = role.joined and node.has("ack-before-sync")
    return node, (Append(txn), *(_acks(role, (txn,)) if early else ()))


def _informed(node: Node, role: Following, txn: Txn) -> Step:
    """An observer logs what is committed, and acknowledges nothing."""
    node, effects = _append(node, role, txn)
    if node.role is not role:
        return node, effects
    if role.phase == "SYNCHRONIZATION":
        return replace(node, role=replace(role, limit=txn.zxid)), effects
    node, delivered = _commit(node, txn.zxid)
    return node, (*effects, *delivered)


def _take_over(node: Node) -> Step:
    """NEWLEADER is answered when the history is durable; what was sent with it is acknowledged then."""
    role = node.role
    assert isinstance(role, Following) and role.new_leader is not None
    if node.synced < len(node.log) and not node.has("epoch-before-history"):
        return node, ()
    behind = tuple(txn for txn in node.log[: node.synced] if txn.zxid > role.limit)
    effects: tuple[Effect, ...] = (
        WriteEpochs(node.accepted, node.accepted),
        Send(role.leader, Ack(role.new_leader)),
        *_acks(role, behind),
    )
    return replace(node, current=node.accepted, role=replace(role, joined=True)), effects


def _commit(node: Node, zxid: int) -> Step:
    """Delivers everything up to this zxid."""
    count = count_upto(node.log, zxid)
    fresh = node.log[node.committed : count]
    return replace(node, committed=max(node.committed, count)), tuple(Deliver(txn) for txn in fresh)


def _acks(role: Following, txns: Log) -> tuple[Send, ...]:
    return tuple(Send(role.leader, Ack(txn.zxid)) for txn in txns)
