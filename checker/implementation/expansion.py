"""One share of the frontier: worlds are expanded, and what came of them is told by fingerprint.

An expander keeps the worlds that it met first; only labels and fingerprints leave it, so that shares can live in
several processes (`workers.py`). The search (`search.py`) says which worlds are new.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...impl.ensemble.cluster import Label
from ...impl.ensemble.properties import PROPERTIES
from .beside import Beside
from .budget import WITNESSES, Budget, Found
from .fingerprint import Fingerprints, Prints, whole
from .how import REFINEMENT, How
from .reduction import chosen

NAMES = (*(one.__name__ for one in PROPERTIES), REFINEMENT)  # what `Kept.violated` is a position in


class Candidate(NamedTuple):
    """A generated world: from which one of the frontier, by which of its labels, and the fingerprint."""

    parent: int
    nth: int
    label: Label
    print: bytes
    outside: bool


class Kept(NamedTuple):
    """What is known of a new world once it has been looked at: the violated property, and the witnesses it shows."""

    print: bytes
    violated: int | None
    shows: tuple[int, ...]


class Batch(NamedTuple):
    """What a part of a share came to. `generated` counts by label; candidates known to be old are left out."""

    candidates: list[Candidate]
    generated: Counter[str]
    left: int  # of the share
    ends: list[int]  # numbers of worlds in which nothing can happen


class Expander:
    """Worlds to expand, and worlds met."""

    def __init__(self, budget: Budget, how: How) -> None:
        self._budget, self._how, self._reduce = budget, how, how.reduce
        self._beside = Beside(budget) if how.refine else None
        self._fingerprints = Fingerprints()
        self._share: list[tuple[int, Found, Prints]] = []
        self._met: dict[bytes, tuple[Found, Prints]] = {}
        self._kept: dict[bytes, tuple[Found, Prints]] = {}
        self._next = 0

    def take(self, number: int, found: Found) -> bytes:
        """Adds a world to the share; gives its fingerprint."""
        prints = self._fingerprints.of(found)
        self._share.append((number, found, prints))
        return whole(prints)

    def give(self, count: int) -> list[tuple[int, Found]]:
        """Hands over the last worlds of the share."""
        count = min(count, len(self._share))
        given = self._share[len(self._share) - count :]
        del self._share[len(self._share) - count :]
        return [(number, found) for number, found, _ in given]

    def expand(self, most: int) -> Batch:
        """Expands so many worlds of the share at most."""
        candidates: list[Candidate] = []
        generated: Counter[str] = Counter()
        self._met = {}
        part = self._share[self._next : self._next + most]
        self._next += len(part)
        ends = [one[0] for one in part if not self._expand(*one, candidates, generated)]
        return Batch(candidates, generated, len(self._share) - self._next, ends)

    def _expand(
        self, number: int, found: Found, prints: Prints, candidates: list[Candidate], generated: Counter[str]
    ) -> bool:
        """Whether anything can happen."""
        nth = -1
        for nth, (label, after) in enumerate(self._steps(found)):
            generated[label[0]] += 1
            now = self._fingerprints.of(after, found, prints)
            fingerprint = whole(now)
            if fingerprint not in self._met and fingerprint not in self._kept:
                self._met[fingerprint] = after, now
            outside = self._budget.is_outside(after.world)
            candidates.append(Candidate(number, nth, label, fingerprint, outside))
        return nth >= 0

    def _steps(self, found: Found) -> Iterable[tuple[Label, Found]]:
        labels = list(self._budget.labels(found))
        taken: dict[Label, Found] = {}

        def take(label: Label) -> Found:
            if label not in taken:
                after = self._budget.after(found, label)
                taken[label] = after if self._beside is None else self._beside.follow(found, label, after)
            return taken[label]

        explored = chosen(self._budget, found, labels, take) if self._reduce and len(labels) > 1 else labels
        return [(label, take(label)) for label in explored]

    def keep(self, new: Sequence[bytes]) -> list[Kept]:
        """These of the worlds just met are new: looks at them. Gives those of which there is something to tell."""
        told: list[Kept] = []
        for fingerprint in new:
            self._kept[fingerprint] = self._met[fingerprint]
            kept = look_at(self._budget, self._how, fingerprint, self._met[fingerprint][0])
            if kept.violated is not None or kept.shows:
                told.append(kept)
        self._met = {}
        return told

    def advance(self, numbers: Sequence[tuple[bytes, int]]) -> None:
        """The level is over: the next share is the worlds kept under these fingerprints, in order of their numbers."""
        self._share = sorted(((number, *self._kept[print_]) for print_, number in numbers), key=lambda one: one[0])
        self._kept, self._next = {}, 0


def look_at(budget: Budget, how: How, fingerprint: bytes, found: Found) -> Kept:
    """Every property that is asked for, and every witness, in one world."""
    world = found.world
    wrong = next((n for n, holds in enumerate(PROPERTIES) if how.checks(NAMES[n]) and not holds(world)), None)
    if wrong is None and found.mismatch is not None and how.checks(REFINEMENT):
        wrong = len(PROPERTIES)
    shows = tuple(n for n, test in enumerate(WITNESSES.values()) if test(world, budget))
    return Kept(fingerprint, wrong, shows)
