"""What the environment of an enumerated ensemble may do, and everything that can happen within it.

A `Found` is a world together with what has been spent. Knows the labels of a world; nothing of searches.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ...impl.ensemble.cluster import Label, World, begin, enabled, faults, perform, requests
from ...impl.ensemble.state import Ensemble
from ..result import State

Spent = tuple[int, ...]  # by the position of what is limited
LIMITED = ("timeout", "crash", "break", "drop", "duplicate", "elect", "request")
_AT = {name: n for n, name in enumerate(LIMITED)}
_UNKIND = ("timeout", "crash", "restart", "break", "drop", "duplicate")


class Found(NamedTuple):
    """A world, and what of the budget was spent on the way to it; with refinement, the specifications' states too."""

    world: World
    spent: Spent = (0,) * len(LIMITED)
    zab: State = ()
    election: State = ()
    mismatch: str | None = None  # what the specifications say against the last step


@dataclass(frozen=True)
class Budget:
    """What the environment may do. All that is not limited here happens in every order."""

    servers: int = 3
    transactions: int = 1  # requests of clients
    crashes: int = 0  # of servers; each may restart at any time
    timeouts: int = 0  # a server gives up its role for no visible reason
    breaks: int = 0  # of connections, with all that is in flight
    drops: int = 0  # of notifications between election peers
    duplicates: int = 0  # of such notifications
    elections: int = 1  # 0: fast leader election; else an oracle names a leader so often
    rounds: int = 2  # of fast leader election: a world with a later round is checked and not explored
    slow_disk: int = 0  # 1: fsync happens some time after the write; 0: at once
    retained: int = 500  # committed transactions that a leader can send one by one

    def begin(self, bugs: Iterable[str] = ()) -> Found:
        """The first world; seeded bugs are for tests."""
        ensemble = Ensemble(self.servers, self.retained, oracle=self.elections > 0, bugs=frozenset(bugs))
        return Found(begin(ensemble, lazy_disk=self.slow_disk > 0))

    @cached_property
    def limits(self) -> Spent:
        """How often that may happen which is limited."""
        faults = (self.timeouts, self.crashes, self.breaks, self.drops, self.duplicates)
        return (*faults, self.elections, self.transactions)

    def is_outside(self, world: World) -> bool:
        """Whether a world lies beyond the rounds of fast leader election."""
        return any(node is not None and node.election.round > self.rounds for node in world.nodes)

    def is_left(self, name: str, spent: Spent) -> bool:
        """Whether this may happen once more."""
        at = _AT.get(name)
        return at is None or spent[at] < self.limits[at]

    def labels(self, found: Found) -> Iterator[Label]:
        """Everything that can happen within what is left of the budget, in a fixed order."""
        world, spent = found.world, found.spent
        elects = self.is_left("elect", spent)
        yield from (label for label in enabled(world) if elects or label[0] != "elect")
        if self.is_left("request", spent):
            yield from requests(world)
        if spent[:5] == self.limits[:5] and all(world.nodes):
            return
        for kind in _UNKIND:
            if self.is_left(kind, spent):
                yield from faults(world, kind)

    def after(self, found: Found, label: Label) -> Found:
        """What a label leads to."""
        at = _AT.get(label[0])
        spent = found.spent
        if at is not None:
            spent = (*spent[:at], spent[at] + 1, *spent[at + 1 :])
        return Found(perform(found.world, label), spent)


# What the result is worthless without: names, and what must be seen at least once.
WITNESSES: dict[str, Callable[[World, Budget], bool]] = {
    "all_delivered": lambda world, budget: len(world.committed) == budget.transactions,
    "epoch_established": lambda world, _: bool(world.leaders),
}
