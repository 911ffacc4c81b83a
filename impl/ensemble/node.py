"""A member of an ensemble: `step(node, event)` gives the node after the event, and what the host must do.

Equal nodes and events give equal results. There is no clock, no disk, no network and no chance in here: time is an
event, the disk is written through effects.
"""

from dataclasses import replace
from typing import assert_never

from . import election, follower, leader
from .messages import (
    Closed,
    Elected,
    Event,
    Finalize,
    Forget,
    Notified,
    Received,
    Request,
    Resend,
    Synced,
    TimedOut,
)
from .state import Disk, Ensemble, Following, Leading, Node, Step


def start(ensemble: Ensemble, server: int, disk: Disk) -> Step:
    """A server starts with what its disk holds, and looks for a leader."""
    return election.look(begin(ensemble, server, disk))


def begin(ensemble: Ensemble, server: int, disk: Disk, floor: int = 0) -> Node:
    """A server with what its disk holds: a snapshot of the state after transaction `floor`, and the log behind it."""
    return Node(ensemble, server, disk.accepted, disk.current, disk.log, len(disk.log), floor=floor)


def step(node: Node, event: Event) -> Step:
    """What an event does to a node. What comes too late for its role is ignored."""
    match event:
        case Notified(peer, notification):
            return election.notified(node, peer, notification)
        case Resend():
            return election.resend(node)
        case Finalize():
            over = node.role is None and node.election.decided
            return election.decide(node, node.election.vote.leader) if over else (node, ())
        case Elected(chosen):
            return election.told(node, chosen) if node.role is None else (node, ())
        case TimedOut():
            return election.look(node) if node.role is not None else (node, ())
        case Forget(count):
            return _forget(node, count)
        case Closed() | Received() | Synced() | Request():
            return _in_role(node, event)
        case _:
            assert_never(event)


def _forget(node: Node, count: int) -> Step:
    """A snapshot stands for the first transactions of the log; all lengths count from there."""
    assert 0 < count <= min(node.committed, node.synced), "what is forgotten is delivered and durable"
    floor, log = node.log[count - 1].zxid, node.log[count:]
    if isinstance(node.role, Leading):
        node, _ = leader.forget(node, node.role, count)
    return replace(node, floor=floor, log=log, synced=node.synced - count, committed=node.committed - count), ()


def _in_role(node: Node, event: Closed | Received | Synced | Request) -> Step:
    match node.role, event:
        case Following() as role, Received(peer, packet) if peer == role.leader:
            return follower.received(node, role, packet)
        case Following() as role, Synced(length):
            return follower.synced(node, role, length)
        case Following() as role, Closed(peer) if peer == role.leader:
            return election.look(node)
        case Leading() as role, Received(peer, packet):
            return leader.received(node, role, peer, packet)
        case Leading() as role, Synced(length):
            return leader.synced(node, role, length)
        case Leading() as role, Closed(peer):
            return leader.dropped(node, role, peer)
        case Leading() as role, Request(payload):
            return leader.request(node, role, payload)
        case _:
            return node, ()
