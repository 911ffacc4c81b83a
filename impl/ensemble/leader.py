"""A leader's part of ZAB (`Leader.java`, `LearnerHandler.java`).

Discovery: a quorum promises a new epoch. Synchronisation: a quorum takes over the leader's history. Broadcast:
transactions are proposed, and committed in order once a quorum has logged them.
"""

from dataclasses import replace

from .election import look, recency
from .messages import (
    Ack,
    AckEpoch,
    Append,
    Commit,
    Deliver,
    Diff,
    Disconnect,
    Effect,
    FollowerInfo,
    Inform,
    LeaderInfo,
    NewLeader,
    Packet,
    Payload,
    Proposal,
    Send,
    Trunc,
    Txn,
    UpToDate,
    WriteEpochs,
    counter_of,
    zxid,
)
from .state import Leading, Node, Step
from .synchronisation import choose


def received(node: Node, role: Leading, peer: int, packet: Packet) -> Step:
    """A learner sent a packet. One that does not fit ends its connection."""
    match packet:
        case FollowerInfo(accepted):
            return _connect(node, role, peer, accepted)
        case AckEpoch(current, last, floor):
            return _promised(node, role, peer, current, last, floor)
        case Ack(number) if number == zxid(role.epoch, 0):
            return _ready(node, role, peer)
        case Ack(number):
            return _acknowledged(node, role, peer, number)
        case _:
            return dropped(node, role, peer, (Disconnect(peer),))


def synced(node: Node, role: Leading, length: int) -> Step:
    """The leader's own log counts as an acknowledgement once it is durable."""
    fresh = range(max(node.synced, node.committed), length)
    node = replace(node, synced=length)
    for index in fresh:
        node = replace(node, role=_with_ack(node, index, node.id))
    return _commit_in_order(node)


def request(node: Node, role: Leading, payload: Payload) -> Step:
    """Proposes a transaction; the counter's end forces a new epoch."""
    if role.phase != "BROADCAST":
        return node, ()
    if len(node.log) - role.start == node.ensemble.max_counter:
        return look(node)
    txn = Txn(next_zxid(node, role), payload)
    role = replace(role, acks=(*role.acks, frozenset()))
    proposals = tuple(Send(peer, Proposal(txn)) for peer in sorted(role.forwarding - node.ensemble.observers))
    return replace(node, role=role, log=(*node.log, txn)), (Append(txn), *proposals)


def next_zxid(node: Node, role: Leading) -> int:
    """The zxid of the next proposal."""
    return zxid(role.epoch, len(node.log) - role.start + 1)


def forget(node: Node, role: Leading, count: int) -> Step:
    """The log begins later by so many transactions."""
    return replace(node, role=replace(role, start=role.start - count)), ()


def dropped(node: Node, role: Leading, peer: int, effects: tuple[Effect, ...] = ()) -> Step:
    """A learner is gone. A leader that has no quorum left stops leading."""
    waiting = frozenset(w for w in role.waiting if w[0] != peer)
    gone = frozenset({peer})
    role = replace(role, connected=role.connected - gone, forwarding=role.forwarding - gone, waiting=waiting)
    return _unless_deserted(replace(node, role=role), effects)


def _connect(node: Node, role: Leading, peer: int, accepted: int) -> Step:
    promised = tuple(accepted if s == peer else p for s, p in enumerate(role.promised))
    role = replace(role, promised=promised, connected=role.connected | {peer})
    node = replace(node, role=role)
    if role.epoch:
        return node, (Send(peer, LeaderInfo(role.epoch)),)
    if not _enough(node, frozenset(s for s, p in enumerate(promised) if p is not None)):
        return node, ()
    epoch = 1 + max(p for p in promised if p is not None)
    role = replace(role, epoch=epoch, electing=frozenset({node.id}))
    infos = tuple(Send(s, LeaderInfo(epoch)) for s in sorted(role.connected))
    return replace(node, role=role, accepted=epoch), (WriteEpochs(epoch, node.current), *infos)


def _promised(node: Node, role: Leading, peer: int, current: int | None, last: int, floor: int) -> Step:
    role = replace(role, waiting=role.waiting | {(peer, last, floor)})
    if role.phase != "DISCOVERY":
        return _synchronise(replace(node, role=role))
    votes = peer not in node.ensemble.observers
    newer = votes and current is not None and (recency(node, current, last) > recency(node, node.current, node.last))
    if newer and not node.has("any-leader"):
        return dropped(node, role, peer, (Disconnect(peer),))
    if current is not None:
        role = replace(role, electing=role.electing | {peer})
    if not _enough(node, role.electing):
        return replace(node, role=role), ()
    role = replace(role, phase="SYNCHRONIZATION", ready=frozenset({node.id}))
    node, effects = _synchronise(replace(node, role=role, current=role.epoch))
    return node, (WriteEpochs(role.epoch, role.epoch), *effects)


def _enough(node: Node, members: frozenset[int]) -> bool:
    """Whether a leader has heard from enough servers to go on."""
    return node.ensemble.is_quorum(members) or (node.has("no-quorum-needed") and len(members) > 1)


def _synchronise(node: Node) -> Step:
    """Sends every waiting learner what it lacks, what is being proposed, and NEWLEADER; from now on it gets proposals.

    What it acknowledged before and may now truncate counts no longer: it will acknowledge it again.
    """
    role = node.role
    assert isinstance(role, Leading)
    learners = frozenset(waiting[0] for waiting in role.waiting)
    effects = tuple(Send(w[0], packet) for w in sorted(role.waiting) for packet in _history_for(node, role, *w))
    acks = role.acks if node.has("keep-acks") else tuple(a - learners for a in role.acks)
    role = replace(role, waiting=frozenset(), forwarding=role.forwarding | learners, acks=acks)
    return replace(node, role=role), effects


def _history_for(node: Node, role: Leading, peer: int, last: int, peer_floor: int) -> tuple[Packet, ...]:
    settled = node.committed if role.phase == "BROADCAST" else len(node.log)
    opening, missing = choose(node.log[:settled], node.ensemble.retained, last, node.floor, peer_floor)
    if isinstance(opening, Trunc) and node.has("no-truncation"):
        opening = Diff(opening.zxid)
    committed = tuple(p for txn in missing for p in (Proposal(txn), Commit(txn.zxid)))
    outstanding = tuple(Proposal(txn) for txn in node.log[settled:] if peer not in node.ensemble.observers)
    return opening, *committed, *outstanding, NewLeader(zxid(role.epoch, 0))


def _ready(node: Node, role: Leading, peer: int) -> Step:
    """A learner has taken over the history; with a quorum of them the epoch is established."""
    role = replace(role, ready=role.ready | {peer})
    node = replace(node, role=role)
    welcome = UpToDate(zxid(role.epoch, 0))
    if role.phase == "BROADCAST":
        return node, (Send(peer, welcome),)
    if not _enough(node, role.ready):
        return node, ()
    delivered = tuple(Deliver(txn) for txn in node.log[node.committed :])
    node = replace(node, role=replace(role, phase="BROADCAST"), committed=len(node.log))
    return _unless_deserted(node, (*delivered, *(Send(s, welcome) for s in sorted(role.ready & role.forwarding))))


def _acknowledged(node: Node, role: Leading, peer: int, number: int) -> Step:
    index = role.start + counter_of(number) - 1
    if index < node.committed:
        return node, ()
    return _commit_in_order(replace(node, role=_with_ack(node, index, peer)))


def _with_ack(node: Node, index: int, server: int) -> Leading:
    role = node.role
    assert isinstance(role, Leading)
    at = index - node.committed
    acks = tuple(a | {server} for a in role.acks[at : at + 1])
    return replace(role, acks=(*role.acks[:at], *acks, *role.acks[at + 1 :]))


def _commit_in_order(node: Node) -> Step:
    """Commits from the front as long as a quorum has logged what comes first."""
    effects: tuple[Effect, ...] = ()
    role = node.role
    assert isinstance(role, Leading)
    while role.acks and _is_logged(node, role.acks[0]):
        txn = node.log[node.committed]
        role = replace(role, acks=role.acks[1:])
        node = replace(node, role=role, committed=node.committed + 1)
        effects = (*effects, *(_announce(node, s, txn) for s in sorted(role.forwarding)), Deliver(txn))
    return node, effects


def _announce(node: Node, peer: int, txn: Txn) -> Send:
    return Send(peer, Inform(txn) if peer in node.ensemble.observers else Commit(txn.zxid))


def _is_logged(node: Node, acks: frozenset[int]) -> bool:
    return node.ensemble.is_quorum(acks) or (node.has("commit-alone") and node.id in acks)


def _unless_deserted(node: Node, effects: tuple[Effect, ...]) -> Step:
    """In broadcast, the learners that are ready and connected make a quorum with the leader, or it stops leading."""
    role = node.role
    assert isinstance(role, Leading)
    if role.phase != "BROADCAST" or _enough(node, (role.ready & role.forwarding) | {node.id}):
        return node, effects
    left, more = look(node)
    return left, (*effects, *more)
