"""A seeded simulation: from one seed, one run of an ensemble under faults, every property checked after every event.

Servers, disks and network are those of `cluster`; here is only the choice of what happens next.
"""

import random
from dataclasses import dataclass

from .cluster import Label, World, begin, enabled, faults, perform, requests
from .properties import violated
from .state import Ensemble

# How often a fault of a kind is drawn, among 1,000 events; the rest is progress and requests.
FAULTS = {"timeout": 8, "crash": 6, "restart": 40, "break": 10, "block": 6, "heal": 40}
REQUESTS = 60


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: the labels in order, the last world, and the violated property."""

    seed: int
    labels: tuple[Label, ...]
    world: World
    violated: str | None


def simulate(ensemble: Ensemble, seed: int, events: int) -> Run:
    """Runs an ensemble for so many events, or until a property is violated."""
    chance = random.Random(seed)
    world = begin(ensemble)
    labels: list[Label] = []
    wrong = None
    while wrong is None and len(labels) < events:
        labels.append(draw(world, chance))
        world = perform(world, labels[-1])
        wrong = violated(world)
    return Run(seed, tuple(labels), world, wrong)


def draw(world: World, chance: random.Random) -> Label:
    """What happens next: mostly progress, sometimes a request, seldom a fault."""
    unkind = faults(world)
    point = chance.randrange(1000)
    for kind, weight in FAULTS.items():
        if point < weight and unkind[kind]:
            return chance.choice(unkind[kind])
        point -= weight
    progress = enabled(world)
    writes = requests(world)
    if writes and (chance.randrange(1000) < REQUESTS or not progress):
        return chance.choice(writes)
    if progress:
        return chance.choice(progress)
    return chance.choice(sorted(label for labels in unkind.values() for label in labels))
