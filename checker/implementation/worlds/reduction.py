"""Partial-order reduction: where one server's next steps may come first, those of the others can wait.

The steps chosen at a world are a weak stubborn set (Valmari): all that can happen at one server, where

* nothing that the others do can add to it, or change what it leads to (they only write behind what is already under
  way), so that every path on which one of these steps comes later is the same as one on which it comes first; and
* one of them, the key, is possible whatever the others do, and hides no violation that they bring about: what the
  server has delivered and what its disk holds stays, it keeps the role that it has, and the rounds are not exceeded.

A path without any step of the set stays one when the key is put in front. So every property that is violated
somewhere is violated in what is explored, and every world in which nothing can happen is found; but a counterexample
need not be a shortest one. A cycle always has a step that is never the key (a role is lost, a server restarts) or that
is counted, so nothing waits for ever. Where connections can still be broken or notifications lost, all is explored.

`tests/checker/implementation/test_reduction.py` compares verdicts and final worlds with the whole space.
"""

from collections.abc import Mapping

from ....impl.ensemble.cluster import Label, World
from ....impl.ensemble.messages import FollowerInfo
from ....impl.ensemble.state import Following, Leading, Node
from ..budget import Budget, Found

After = Mapping[Label, Found]  # what can happen at one server, and what it leads to


def goes_first(budget: Budget, found: Found, server: int, own: After) -> bool:
    """Whether what can happen at this server may be explored before all else."""
    node = found.world.nodes[server]
    if node is None or not own or any(budget.is_left(kind, found.spent) for kind in ("break", "drop", "duplicate")):
        return False
    keys = _keys(budget, found, node)
    return any(_is_key(budget, found, own[key], server) for key in keys) and _is_deaf(budget, found, node, own)


def _keys(budget: Budget, found: Found, node: Node) -> list[Label]:
    """Steps of a server that the others cannot prevent; none where they may bring it something else to do."""
    world, others = found.world, node.ensemble.others(node.id)
    match node.role:
        case Following(leader):
            bound = not _may_leave(budget, found) or not _is_pending(world, node.id, leader)
            return [("follower_receives", (node.id, leader))] if bound and _hears(world, node, leader) else []
        case Leading():
            waiting = all(_speaks(budget, found, other, node.id) for other in others)
            alone = waiting and (not budget.is_left("request", found.spent) or _leads_alone(budget, found))
            return [("leader_receives", (node.id, other)) for other in others] if alone else []
        case None if node.ensemble.oracle:
            named = not budget.is_left("elect", found.spent) and world.oracle not in (None, node.id)
            settled = not budget.is_left("crash", found.spent) and None not in world.nodes
            return [("follow", (node.id,))] if named and settled else []
        case None:
            asked = all(world.notification_queue(other, node.id) for other in others)
            return [("notified", (node.id, other)) for other in others] if asked else []


def _is_deaf(budget: Budget, found: Found, node: Node, own: After) -> bool:
    """Whether notifications that may come to a server change nothing for its own steps."""
    if node.ensemble.oracle:
        return True
    if budget.is_left("crash", found.spent) or None in found.world.nodes:
        return False  # what a server tells one that is down is lost: telling does not commute with a restart
    if all(found.world.notification_queue(other, node.id) for other in node.ensemble.others(node.id)):
        return True
    after = [one.world.nodes[node.id] for one in own.values()]
    return node.role is not None and all(now is not None and type(now.role) is type(node.role) for now in after)


def _may_leave(budget: Budget, found: Found) -> bool:
    return budget.is_left("crash", found.spent) or budget.is_left("timeout", found.spent)


def _leads_alone(budget: Budget, found: Found) -> bool:
    """Whether one server leads, and no other will: only its requests are there to be numbered."""
    named = found.world.ensemble.oracle and not budget.is_left("elect", found.spent)
    return named and sum(node is not None and isinstance(node.role, Leading) for node in found.world.nodes) == 1


def _is_pending(world: World, learner: int, leader: int) -> bool:
    """Whether the leader has not yet accepted what the learner dialled."""
    connection = world.connection(learner, leader)
    return connection.pending < len(connection.up)


def _hears(world: World, node: Node, leader: int) -> bool:
    return bool(world.connection(node.id, leader).down) and (leader, node.id) not in world.blocked


def _speaks(budget: Budget, found: Found, learner: int, leader: int) -> bool:
    """Whether the leader has something to read from the learner that the learner cannot take back."""
    up = found.world.connection(learner, leader).up
    if not up:
        return False
    if not isinstance(up[0], FollowerInfo):
        return True
    node = found.world.nodes[learner]
    bound = node is not None and isinstance(node.role, Following) and node.role.leader == leader
    return bound and not found.world.connection(learner, leader).down and not _may_leave(budget, found)


def _is_key(budget: Budget, before: Found, after: Found, server: int) -> bool:
    """Whether a step hides nothing: delivered and durable transactions stay, the role stays, the rounds are kept."""
    was, now = before.world.nodes[server], after.world.nodes[server]
    old, new = before.world.disks[server], after.world.disks[server]
    assert was is not None
    if now is None or (was.role is not None and type(now.role) is not type(was.role)) or budget.is_outside(after.world):
        return False
    durable = old is new or (old.synced == new.synced and old.log[: old.synced] == new.log[: old.synced])
    return durable and now.committed >= was.committed and now.log[: was.committed] == was.log[: was.committed]
