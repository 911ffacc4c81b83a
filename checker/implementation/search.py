"""The enumeration of the implementation: everything that can happen to real nodes, within a stated budget.

Breadth-first over the worlds of `impl/ensemble/cluster.py`: every interleaving of deliveries, decisions, fsyncs,
requests, crashes, restarts, timeouts and broken connections. Two worlds are one when their canonical fingerprints are
equal: of nodes, disks, connections, what is under way, what was spent of the budget, and the history that the
properties read. Worlds are numbered by parent and label, level by level, so that counts and traces are the same with
any number of processes. The result is that of any engine; without the reduction a counterexample is a shortest one.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from ...impl.ensemble.cluster import Label
from ..model import Limits, Progress
from ..reference.search import peak_memory
from ..result import Reason, Result, Verdict
from .beside import Beside
from .budget import WITNESSES, Budget, Found
from .expansion import NAMES, Candidate, Kept, look_at
from .fingerprint import Fingerprints, whole
from .how import How
from .workers import Alone, Crew, Processes

_CHUNK = 512  # worlds that an expander takes between two looks at the limits
_WORTH_PROCESSES = 256  # worlds at the frontier


def check(
    budget: Budget,
    bugs: Iterable[str] = (),
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    how: How | None = None,
) -> "Outcome":
    """Explores the worlds within the budget, and checks every property in each."""
    how = how or How()
    first = budget.begin(bugs)
    if how.refine:
        first = Beside(budget).begin(first)
    return _Search(budget, first, limits or Limits(), progress, how).run()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a search: the result, the way to the violation as labels, and the worlds where all comes to rest."""

    result: Result
    ends: frozenset[bytes]  # fingerprints of worlds in which nothing can happen
    way: tuple[Label, ...] | None
    witnesses: dict[str, tuple[Label, ...] | None]


class _Stop(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Level:
    """What a level has come to: for every new fingerprint the first parent and label, and who keeps the world."""

    first: dict[bytes, tuple[int, int, Label]] = field(default_factory=dict)
    keeper: dict[bytes, int] = field(default_factory=dict)
    outside: set[bytes] = field(default_factory=set)
    told: list[Kept] = field(default_factory=list)


class _Search:
    def __init__(
        self,
        budget: Budget,
        first: Found,
        limits: Limits,
        progress: Callable[[Progress], None] | None,
        how: How,
    ) -> None:
        self._budget, self._first, self._limits, self._progress, self._how = budget, first, limits, progress, how
        self._seen: set[bytes] = set()
        self._outside: set[bytes] = set()
        self._came: list[tuple[int, Label]] = []  # by number: the world before, and the label
        self._prints: list[bytes] = []  # by number
        self._ends: list[int] = []
        self._crew: Crew = Alone(budget, how)
        self._frontier = 0
        self._generated, self._depth, self._beyond = 1, 1, 0
        self._actions: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._witnessed: dict[str, int | None] = dict.fromkeys(WITNESSES)
        self._wrong: tuple[str, int] | None = None
        self._started = time.monotonic()

    def run(self) -> Outcome:
        try:
            self._begin()
            while self._frontier and self._wrong is None:
                self._level()
        except _Stop as stop:
            return self._outcome("undecided", stop.reason)
        except KeyboardInterrupt:
            return self._outcome("undecided", "interrupted")
        finally:
            self._crew.close()
        return self._outcome("holds", "complete") if self._wrong is None else self._outcome("violated", "invariant")

    def _begin(self) -> None:
        self._crew.take([[(0, self._first)]])
        fingerprint = whole(Fingerprints().of(self._first))
        self._seen.add(fingerprint)
        self._came.append((-1, ("start", ())))
        self._prints.append(fingerprint)
        self._frontier = 1
        self._judge({fingerprint: 0}, [look_at(self._budget, self._how, fingerprint, self._first)])

    def _level(self) -> None:
        if self._limits.depth is not None and self._depth >= self._limits.depth:
            raise _Stop("depth")
        level, left = _Level(), self._frontier
        while left:
            self._look_around(len(level.first), left)
            batches = self._crew.expand(_CHUNK)
            left = sum(batch.left for batch in batches)
            new = [self._sorted_out(level, n, batch.candidates) for n, batch in enumerate(batches)]
            for batch in batches:
                self._actions += batch.generated
                self._generated += batch.generated.total()
                self._ends += batch.ends
            level.told += [kept for told in self._crew.keep(new) for kept in told]
        self._advance(level)

    def _sorted_out(self, level: _Level, keeper: int, candidates: list[Candidate]) -> list[bytes]:
        """Which of the candidates are new and kept by the expander that met them first."""
        new: list[bytes] = []
        for parent, nth, label, fingerprint, outside in candidates:
            if fingerprint in self._seen:
                continue
            if outside:
                self._beyond += 1
                if fingerprint in self._outside:
                    continue
            earlier = level.first.get(fingerprint)
            if earlier is None:
                new.append(fingerprint)
                level.keeper[fingerprint] = keeper
                if outside:
                    level.outside.add(fingerprint)
            if earlier is None or (parent, nth) < earlier[:2]:
                level.first[fingerprint] = parent, nth, label
        return new

    def _advance(self, level: _Level) -> None:
        """Numbers the new worlds in order of parent and label, and goes on to them."""
        self._depth += bool(level.first)
        numbers: dict[bytes, int] = {}
        shares: list[list[tuple[bytes, int]]] = [[] for _ in range(self._how.processes if self._is_parallel() else 1)]
        for fingerprint, (parent, _, label) in sorted(level.first.items(), key=lambda one: one[1][:2]):
            numbers[fingerprint] = len(self._came)
            if fingerprint not in level.outside:
                self._new[label[0]] += 1
                shares[level.keeper[fingerprint]].append((fingerprint, len(self._came)))
            self._came.append((parent, label))
            self._prints.append(fingerprint)
        self._seen |= level.first.keys() - level.outside
        self._outside |= level.outside
        self._judge(numbers, level.told)
        self._frontier = sum(map(len, shares))
        self._crew.advance(shares)
        if not self._is_parallel() and self._how.processes > 1 and self._frontier >= _WORTH_PROCESSES:
            self._hire()

    def _is_parallel(self) -> bool:
        return isinstance(self._crew, Processes)

    def _hire(self) -> None:
        """The frontier has become wide enough for several processes."""
        assert isinstance(self._crew, Alone)
        worlds, count = self._crew.expander.give(self._frontier), self._how.processes
        self._crew = Processes(self._budget, self._how, count)
        self._crew.take([worlds[n::count] for n in range(count)])

    def _judge(self, numbers: dict[bytes, int], told: list[Kept]) -> None:
        """Of the violations the one with the smallest number; of the witnesses too."""
        for kept in sorted(told, key=lambda one: numbers[one.print]):
            number = numbers[kept.print]
            if kept.violated is not None and self._wrong is None:
                self._wrong = NAMES[kept.violated], number
            for name in (list(WITNESSES)[n] for n in kept.shows):
                if self._witnessed[name] is None:
                    self._witnessed[name] = number

    def _look_around(self, new: int, left: int) -> None:
        limits, spent, distinct = self._limits, time.monotonic() - self._started, len(self._seen) + new
        if limits.states is not None and distinct >= limits.states:
            raise _Stop("states")
        if limits.seconds is not None and spent > limits.seconds:
            raise _Stop("seconds")
        if limits.memory is not None and peak_memory() > limits.memory:
            raise _Stop("memory")
        if self._progress is not None:
            self._progress(Progress(distinct, self._generated, self._depth, left + new, spent, peak_memory()))

    def _outcome(self, verdict: Verdict, reason: Reason) -> Outcome:
        name, at = self._wrong or (None, None)
        result = Result(
            verdict,
            reason,
            name,
            complete=verdict == "holds",
            distinct=len(self._seen),
            generated=self._generated,
            depth=self._depth,
            outside=self._beyond,
            actions=dict(sorted(self._actions.items())),
            distinct_actions=dict(sorted(self._new.items())),
            bounds=asdict(self._budget) | self._how.words(),
            properties=NAMES if self._how.refine else NAMES[:-1],
            engine="implementation",
            seconds=time.monotonic() - self._started,
            peak_memory=peak_memory(),
        )
        ways = {name: None if number is None else self._way(number) for name, number in self._witnessed.items()}
        ends = frozenset(self._prints[number] for number in self._ends)
        return Outcome(result, ends, None if at is None else self._way(at), ways)

    def _way(self, number: int) -> tuple[Label, ...]:
        """The labels that lead to a world."""
        way: list[Label] = []
        while number > 0:
            number, label = self._came[number]
            way.append(label)
        return tuple(reversed(way))
