"""What must hold in every world, as plain functions: the safety of ZAB, on running nodes and on their disks."""

from collections.abc import Callable

from .cluster import World
from .state import Leading


def one_leader(world: World) -> bool:
    """An epoch is established by one leader at most."""
    return len({epoch for epoch, _ in world.leaders}) == len(world.leaders)


def agreement(world: World) -> bool:
    """What two servers have delivered is the same, as far as both have come."""
    delivered = world.committed
    for node in world.nodes:
        if node is not None:
            count = min(node.committed, len(delivered))
            if node.log[:count] != delivered[:count]:
                return False
    return True


def durability(world: World) -> bool:
    """A quorum has on disk what was ever delivered."""
    count = len(world.committed)
    keepers = frozenset(
        s for s, disk in enumerate(world.disks) if disk.synced >= count and disk.log[:count] == world.committed
    )
    return 2 * len(keepers - world.ensemble.observers) > _voters(world)


def _voters(world: World) -> int:
    return world.ensemble.servers - len(world.ensemble.observers)


def completeness(world: World) -> bool:
    """A leader of an epoch not older than any that was established has everything that was ever delivered."""
    newest = max((epoch for epoch, _ in world.leaders), default=0)
    return all(
        node.log[: len(world.committed)] == world.committed
        for node in world.nodes
        if node is not None
        and isinstance(node.role, Leading)
        and node.role.phase == "BROADCAST"
        and node.current >= newest
    )


def epochs(world: World) -> bool:
    """currentEpoch never passes acceptedEpoch; a server and its disk agree on both."""
    return all(
        disk.current <= disk.accepted
        and (node is None or (node.accepted, node.current, node.log) == (disk.accepted, disk.current, disk.log))
        for node, disk in zip(world.nodes, world.disks, strict=True)
    )


def promises(world: World) -> bool:
    """No server goes back behind an epoch that it has promised."""
    return all(disk.accepted >= promised for disk, promised in zip(world.disks, world.promised, strict=True))


def fair_votes(world: World) -> bool:
    """Whoever looks for a leader has a vote that some server has begun this very round with."""
    return world.ensemble.oracle or all(
        (node.election.round, node.election.vote) in world.credentials
        for node in world.nodes
        if node is not None and node.role is None
    )


def worthy_winner(world: World) -> bool:
    """Who starts to lead has begun the round with a vote at least as good as those of a quorum."""
    return world.ensemble.oracle or all(
        2 * sum(number == node.election.round and vote <= node.election.vote for number, vote in world.credentials)
        > _voters(world)
        for node in world.nodes
        if node is not None and isinstance(node.role, Leading) and node.role.epoch == 0
    )


PROPERTIES: tuple[Callable[[World], bool], ...] = (
    one_leader,
    agreement,
    durability,
    completeness,
    epochs,
    promises,
    fair_votes,
    worthy_winner,
)


def violated(world: World) -> str | None:
    """The name of the first property that does not hold."""
    return next((p.__name__ for p in PROPERTIES if not p(world)), None)
