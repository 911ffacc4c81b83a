"""Simulated runs of members with `znodes` beside them.

`python -m quorate.checker.refinement.members --runs 300` prints what was run, and of every run that went wrong the seed
and the mismatch. A seed is a run: of three voters, of three and an observer, or of five.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ....impl.disk.opening import OpenedMember
from ....impl.ensemble import messages
from ....impl.member.member import Member
from ....impl.member.simulation import World, happen, recover
from ....traces.trace import Trace
from ..cluster.shadow import Mismatch
from .clients import Clients
from .committed import Committed, Parted

ENSEMBLES = ((3, 0), (3, 1), (5, 0))  # voters and observers
RETAINED = 4
CONTAINER_CHECK_MS = 1000


class Watched(Member):
    """A member that says what it has applied, and after which zxid."""

    told: Callable[["Watched", int, bytes], None]

    def deliver(self, txn: messages.Txn) -> None:
        """A transaction is applied."""
        before = self.service.tree.last_zxid
        super().deliver(txn)
        assert isinstance(txn.payload, bytes)
        self.told(self, before, txn.payload)


class Beside(World):
    """Members whose every transaction and every tree is compared."""

    kind = Watched

    def __init__(self, committed: Committed, voters: int, observers: int) -> None:
        self.committed = committed
        self.applied = 0
        self._ahead: set[int] = set()
        super().__init__(voters, observers, retained=RETAINED, container_check_ms=CONTAINER_CHECK_MS)

    def create(self, server: int, opened: OpenedMember) -> Member:
        """A member that tells of what it applies."""
        member = super().create(server, opened)
        assert isinstance(member, Watched)
        member.told = self._told
        return member

    def _told(self, member: Watched, before: int, payload: bytes) -> None:
        self.applied += 1
        self.committed.apply(_name(member.node.id), before, payload)
        self._compare(member.node.id, member)

    def append(self, server: int, zxid: int, payload: bytes) -> None:
        """What is logged, and after what."""
        self.committed.log(_name(server), self.stores[server].last_zxid, zxid, payload)
        super().append(server, zxid, payload)

    def turn(self, server: int) -> None:
        """After every event its member is compared, and those that wait for it."""
        super().turn(server)
        for one in sorted({server} | self._ahead):
            if one in self.members:
                self._compare(one, self.members[one])

    def _compare(self, server: int, member: Member) -> None:
        tree = member.service.tree
        self.committed.compare(_name(server), tree, member.service.serving)
        if self.committed.knows(tree):
            self._ahead.discard(server)
        else:
            self._ahead.add(server)


def _name(server: int) -> str:
    return f"member {server + 1}"


@dataclass(frozen=True, slots=True)
class Checked:
    """One run: how much was committed and matched, what happened on the way, and what was wrong."""

    seed: int
    committed: int  # transactions
    steps: int  # of the specification, the others are no steps
    applied: int  # transactions on all members together
    actions: Counter[str]
    done: Counter[str] = field(default_factory=Counter)
    wrong: str | None = None
    trace: Trace | None = None

    @property
    def thorough(self) -> bool:
        """Whether logs were cut, snapshots sent and saved, and members started from one."""
        kinds = ("CutLog", "InstallSnapshot", "saved", "crashed", "started from a snapshot")
        return all(self.done[kind] for kind in kinds)


def run(seed: int, steps: int, variants: tuple[str, ...] = ()) -> Checked:
    """One run; in the end all members are there, and have applied everything."""
    committed, rng = Committed(variants), random.Random(seed)
    world, wrong, trace = None, None, None
    try:
        world = Beside(committed, *ENSEMBLES[seed % len(ENSEMBLES)])
        clients = Clients(world, committed, rng)
        for _ in range(steps):
            happen(world, rng, clients.act)
        recover(world)
        behind = [server for server, m in world.members.items() if m.service.tree.last_zxid != committed.last_zxid]
        wrong = f"{_name(behind[0])} has not applied everything in the end" if behind else None
    except Mismatch as mismatch:
        wrong = str(mismatch)
        if isinstance(mismatch, Parted):
            trace = committed.trace(f"members, seed {seed}", seed, mismatch)
    done, applied = (world.done, world.applied) if world is not None else (Counter[str](), 0)
    actions = committed.actions
    return Checked(seed, len(committed.points) - 1, committed.steps, applied, actions, done, wrong, trace)
