"""Simulated runs of the implementation with the specifications beside it, step for step, in several processes.

`python -m quorate.checker.refinement.cluster --runs 10000` prints what was run, and of every run that went wrong the
seed, the event and the mismatch.
"""

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ....impl.ensemble.cluster import Label, World, begin
from ....impl.ensemble.simulation import simulate
from ....impl.ensemble.state import Ensemble
from .election import ElectionMap
from .shadow import Mismatch
from .zab import ZabMap


@dataclass(frozen=True, slots=True)
class Checked:
    """One run: how far it came, what it delivered, and what was wrong."""

    seed: int
    events: int
    committed: int
    epochs: int
    wrong: str | None


class Beside:
    """Both specifications, following one run."""

    def __init__(self, zab: ZabMap, election: ElectionMap | None, first: World) -> None:
        self._zab, self._election = zab, election
        self._of_zab = zab.first
        self._of_election = None if election is None else election.first(first)

    def watch(self, before: World, label: Label, after: World) -> str | None:
        """What the specifications say against one thing that happened; None where they allow it."""
        try:
            self._of_zab = self._zab.follow(self._of_zab, before, label, after)
        except Mismatch as mismatch:
            return f"refinement of zab: {mismatch}"
        if self._election is not None and self._of_election is not None:
            try:
                self._of_election = self._election.follow(self._of_election, before, label, after)
            except Mismatch as mismatch:
                return f"refinement of election: {mismatch}"
        return None


class Checker:
    """Runs of one ensemble; the specifications are read once."""

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self._zab = ZabMap(ensemble.servers)
        self._election = None if ensemble.oracle else ElectionMap(ensemble.servers)

    def run(self, seed: int, events: int) -> Checked:
        """One run of so many events."""
        beside = Beside(self._zab, self._election, begin(self._ensemble))
        run = simulate(self._ensemble, seed, events, beside.watch)
        world = run.world
        return Checked(seed, len(run.labels), len(world.committed), len(world.leaders), run.violated)


_checkers: dict[Ensemble, Checker] = {}  # of one process


def _run(ensemble: Ensemble, events: int, seed: int) -> Checked:
    if ensemble not in _checkers:
        _checkers[ensemble] = Checker(ensemble)
    return _checkers[ensemble].run(seed, events)


def runs(ensemble: Ensemble, seeds: range, events: int, processes: int | None = None) -> Iterator[Checked]:
    """All runs in order of their seeds, whoever makes them."""
    count = processes or len(os.sched_getaffinity(0))
    one = partial(_run, ensemble, events)
    if count == 1:
        yield from map(one, seeds)
        return
    with multiprocessing.Pool(count) as pool:
        yield from pool.imap(one, seeds, chunksize=8)
