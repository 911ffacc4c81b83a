"""The specifications beside an enumeration: a world is found together with the states that follow it in `zab` and,
where servers elect, in `election`; a step that one of them does not allow violates the property `refinement`.
"""

from functools import cache

from ...impl.ensemble.cluster import Label
from ..refinement.cluster import ElectionMap, Mismatch, ZabMap
from ..refinement.cluster.shadow import Shadow
from .budget import Budget, Found


class Beside:
    """Both maps for one budget."""

    def __init__(self, budget: Budget) -> None:
        self._zab = _zab(budget.servers)
        self._election = None if budget.elections else _election(budget.servers)

    def shadows(self) -> list[tuple[str, Shadow]]:
        """The specifications in the order of their states, by name."""
        found = [("zab", self._zab.shadow)]
        return found if self._election is None else [*found, ("election", self._election.shadow)]

    def begin(self, first: Found) -> Found:
        """The first world with the first states."""
        election = () if self._election is None else self._election.first(first.world)
        return first._replace(zab=self._zab.first, election=election)

    def follow(self, before: Found, label: Label, after: Found) -> Found:
        """What happened, with the states after it; or with the mismatch."""
        try:
            zab = self._zab.follow(before.zab, before.world, label, after.world)
        except Mismatch as mismatch:
            return after._replace(zab=before.zab, election=before.election, mismatch=f"zab: {mismatch}")
        if self._election is None:
            return after._replace(zab=zab)
        try:
            election = self._election.follow(before.election, before.world, label, after.world)
        except Mismatch as mismatch:
            return after._replace(zab=zab, election=before.election, mismatch=f"election: {mismatch}")
        return after._replace(zab=zab, election=election)


@cache
def _zab(servers: int) -> ZabMap:
    """Reading and compiling a specification takes longer than a small budget."""
    return ZabMap(servers)


@cache
def _election(servers: int) -> ElectionMap:
    return ElectionMap(servers)
