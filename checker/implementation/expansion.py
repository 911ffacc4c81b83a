"""One share of the frontier: worlds are expanded, and what came of them is told by fingerprint.

An expander keeps the worlds that it met first; only labels and fingerprints leave it, so that shares can live in
several processes (`workers.py`). The search (`search.py`) says which worlds are new.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ...impl.ensemble.cluster import Label
from ...impl.ensemble.properties import PROPERTIES
from .beside import Beside
from .budget import WITNESSES, Budget, Found
from .how import REFINEMENT, How
from .worlds.moves import Move, Moves
from .worlds.rows import Row

NAMES = (*(one.__name__ for one in PROPERTIES), REFINEMENT)  # what `Seen.violated` is a position in


class Candidate(NamedTuple):
    """A generated world: from which one of the frontier, by which of its labels, and the fingerprint."""

    parent: int
    nth: int
    label: Label
    print: int
    outside: bool


class Seen(NamedTuple):
    """What a world shows: the violated property, and witnesses."""

    print: int
    violated: int | None
    shows: frozenset[int]


class Batch(NamedTuple):
    """What a part of a share came to. `generated` counts by label; candidates that were told before are left out."""

    candidates: list[Candidate]
    seen: list[Seen]  # where there is something to tell
    generated: Counter[str]
    outside: int  # of the generated ones
    left: int  # of the share
    ends: list[int]  # fingerprints of worlds in which nothing can happen


class Expander:
    """Worlds to expand, and worlds met. `first` is any world of the budget."""

    def __init__(self, budget: Budget, how: How, first: Found) -> None:
        self._budget, self._how = budget, how
        self._beside = Beside(budget) if how.refine else None
        self._moves = Moves(budget, first, how.reduce)
        self._rows = self._moves.rows
        self._share: list[tuple[int, Row, int]] = []  # number, world, fingerprint
        self._next = 0
        self._told: set[int] = set()
        self._met: dict[int, Row] = {}
        self._looked: dict[Row, tuple[int | None, frozenset[int]]] = {}
        self._shown: frozenset[int] = frozenset()  # witnesses that an earlier level has told of
        self._showing: frozenset[int] = frozenset()

    def take(self, number: int, found: Found) -> Seen:
        """Adds a world to the share; tells what it shows."""
        row = self._rows.row(found)
        fingerprint = self._rows.whole(row)
        self._told.add(fingerprint)
        self._share.append((number, row, fingerprint))
        return self._look_at(row, fingerprint)

    def give(self, count: int) -> list[tuple[int, Found]]:
        """Hands over the last worlds of the share."""
        count = min(count, len(self._share))
        given = self._share[len(self._share) - count :]
        del self._share[len(self._share) - count :]
        return [(number, self._rows.found(row)) for number, row, _ in given]

    def expand(self, most: int) -> Batch:
        """Expands so many worlds of the share at most."""
        candidates: list[Candidate] = []
        seen: list[Seen] = []
        generated: Counter[str] = Counter()
        ends: list[int] = []
        outside = 0
        if not self._next:
            self._share.sort()  # who met a world first is who has the smaller number
        part = self._share[self._next : self._next + most]
        self._next += len(part)
        for number, row, fingerprint in part:
            moves = self._moves.of(row)
            if not moves:
                ends.append(fingerprint)
            for nth, move in enumerate(moves):
                generated[move.label[0]] += 1
                outside += move.outside
                now, after = self._after(row, fingerprint, move)
                if now in self._told:
                    continue
                self._told.add(now)
                candidates.append(Candidate(number, nth, move.label, now, move.outside))
                self._met[now] = after or self._moves.after(row, move)
                shown = self._look_at(self._met[now], now)
                if shown.violated is not None or not shown.shows <= self._shown:
                    seen.append(shown)
                    self._showing |= shown.shows
        return Batch(candidates, seen, generated, outside, len(self._share) - self._next, ends)

    def _after(self, row: Row, fingerprint: int, move: Move) -> tuple[int, Row | None]:
        """The fingerprint of what a move leads to, and the world, where it had to be made for that."""
        now = fingerprint ^ move.share
        if move.news:
            now ^= self._moves.growth(row[self._rows.history], move.news).share
        if self._beside is None:
            return now, None
        after = self._moves.after(row, move)
        beside = self._beside.follow(self._rows.found(row), move.label, self._rows.found(after))
        after = self._rows.beside_it(after, beside)
        return now ^ self._rows.share(row, [(self._rows.beside, after[self._rows.beside])]), after

    def _look_at(self, row: Row, fingerprint: int) -> Seen:
        """Every property and every witness in one world."""
        judged = self._rows.judged(row)
        looked = self._looked.get(judged)
        if looked is None:
            looked = self._looked[judged] = look_at(self._budget, self._how, self._rows.found(self._rows.bare(row)))
        return Seen(fingerprint, *looked)

    def advance(self, numbers: Sequence[tuple[int, int]]) -> None:
        """The level is over: the next share is the worlds met under these fingerprints, in order of their numbers."""
        self._share = [(number, self._met[fingerprint], fingerprint) for fingerprint, number in numbers]
        self._met, self._next, self._shown = {}, 0, self._showing


def look_at(budget: Budget, how: How, found: Found) -> tuple[int | None, frozenset[int]]:
    """The first property that is asked for and that a world violates, and the witnesses that it shows."""
    world = found.world
    wrong = next((n for n, holds in enumerate(PROPERTIES) if how.checks(NAMES[n]) and not holds(world)), None)
    if wrong is None and found.mismatch is not None and how.checks(REFINEMENT):
        wrong = len(PROPERTIES)
    return wrong, frozenset(n for n, test in enumerate(WITNESSES.values()) if test(world, budget))
