"""A seeded simulation: from one seed, one run of an ensemble under faults, every property checked after every event.

Servers, disks and network are those of `cluster`; here is only the choice of what happens next.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from .cluster import Label, World, begin, enabled, faults, perform, requests
from .properties import violated
from .state import Ensemble

Watch = Callable[[World, Label, World], str | None]

# How often a fault of a kind is drawn, among 1,000 events; the rest is progress and requests.
FAULTS = {
    "timeout": 8,
    "crash": 6,
    "restart": 40,
    "break": 10,
    "drop": 10,
    "duplicate": 5,
    "block": 6,
    "heal": 40,
}
REQUESTS = 60
SPEEDS = (1, 4, 16)  # a server may be so much faster than another one, and so may its clock
TIMED = ("timeout", "finalize", "resend")  # what a clock brings about


@dataclass(frozen=True, slots=True)
class Hosts:
    """How fast every server works, and how fast its clock runs."""

    speeds: tuple[int, ...]
    clocks: tuple[int, ...]

    def weight(self, label: Label) -> int:
        """How soon something happens, compared with the rest."""
        name, who = label
        return (self.clocks if name in TIMED else self.speeds)[who[0]]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: the labels in order, the last world, and the violated property."""

    seed: int
    labels: tuple[Label, ...]
    world: World
    violated: str | None


def hosts(ensemble: Ensemble, chance: random.Random) -> Hosts:
    """Slow and fast servers with slow and fast clocks; in half of all runs they are alike."""
    if chance.randrange(2):
        return Hosts((1,) * ensemble.servers, (1,) * ensemble.servers)
    speeds, clocks = ([chance.choice(SPEEDS) for _ in range(ensemble.servers)] for _ in range(2))
    return Hosts(tuple(speeds), tuple(clocks))


def simulate(ensemble: Ensemble, seed: int, events: int, watch: Watch | None = None) -> Run:
    """Runs an ensemble for so many events, or until a property is violated. `watch` sees every event.

    What `watch` returns ends the run as a violation.
    """
    chance = random.Random(seed)
    kept = hosts(ensemble, chance)
    world = begin(ensemble)
    labels: list[Label] = []
    wrong = None
    while wrong is None and len(labels) < events:
        label = draw(world, chance, kept)
        labels.append(label)
        before, world = world, perform(world, label)
        wrong = violated(world) or (watch(before, label, world) if watch is not None else None)
    return Run(seed, tuple(labels), world, wrong)


def draw(world: World, chance: random.Random, kept: Hosts) -> Label:
    """What happens next: mostly progress, sometimes a request, seldom a fault."""
    point = chance.randrange(1000)
    for kind, weight in FAULTS.items():
        if point < weight and (unkind := faults(world, kind)):
            return _one_of(unkind, chance, kept)
        point -= weight
    progress = enabled(world)
    writes = requests(world)
    if writes and (chance.randrange(1000) < REQUESTS or not progress):
        return chance.choice(writes)
    if progress:
        return _one_of(progress, chance, kept)
    return chance.choice([label for kind in FAULTS for label in faults(world, kind)])


def _one_of(labels: list[Label], chance: random.Random, kept: Hosts) -> Label:
    return chance.choices(labels, [kept.weight(label) for label in labels])[0]
