"""The enumeration of the implementation: everything that can happen to real nodes, within a stated budget.

Breadth-first over the worlds of `impl/ensemble/cluster.py`: every interleaving of deliveries, decisions, fsyncs,
requests, crashes, restarts, timeouts and broken connections. Two worlds are one when their canonical fingerprints are
equal: of nodes, disks, connections, what is under way, what was spent of the budget, and the history that the
properties read. Worlds are numbered by parent and label, level by level, so that counts and traces are the same with
any number of processes. The result is that of any engine; without the reduction a counterexample is a shortest one.
"""

import gc
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from ...impl.ensemble.cluster import Label
from ..model import Limits, Progress
from ..reference.search import peak_memory
from ..result import Reason, Result, Verdict
from .beside import Beside
from .budget import WITNESSES, Budget, Found
from .expansion import NAMES, Candidate, Seen
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
    since: tuple[Label, ...] = (),
) -> "Outcome":
    """Explores the worlds within the budget, and checks every property in each.

    `since` has happened already, and the budget is for what comes then; ways and depths begin with it.
    """
    how = how or How()
    first = _since(budget, budget.begin(bugs), Beside(budget) if how.refine else None, since)
    return _Search(budget, first, limits or Limits(), progress, how, since).run()


def _since(budget: Budget, first: Found, beside: Beside | None, since: tuple[Label, ...]) -> Found:
    """The world after something has happened, with nothing spent."""
    found = first if beside is None else beside.begin(first)
    for label in since:
        after = budget.after(found, label)
        found = after if beside is None else beside.follow(found, label, after)
    return found._replace(spent=first.spent)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a search: the result, the way to the violation as labels, and the worlds where all comes to rest."""

    result: Result
    ends: frozenset[int]  # fingerprints of worlds in which nothing can happen
    way: tuple[Label, ...] | None
    witnesses: dict[str, tuple[Label, ...] | None]


class _Stop(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Level:
    """What a level has come to: for every new fingerprint the first parent and label, and who keeps the world."""

    first: dict[int, tuple[int, int, Label]] = field(default_factory=dict)
    keeper: dict[int, int] = field(default_factory=dict)
    outside: set[int] = field(default_factory=set)
    seen: list[Seen] = field(default_factory=list)


class _Search:
    def __init__(
        self,
        budget: Budget,
        first: Found,
        limits: Limits,
        progress: Callable[[Progress], None] | None,
        how: How,
        since: tuple[Label, ...],
    ) -> None:
        self._since = since
        self._budget, self._first, self._limits, self._progress, self._how = budget, first, limits, progress, how
        self._seen: set[int] = set()
        self._outside: set[int] = set()
        self._before = array("q")  # by number: the number of the world before
        self._labels: list[Label] = []  # by number: what happened there
        self._ends: list[int] = []
        self._crew: Crew = Alone(budget, how, first)
        self._frontier = 0
        self._generated, self._depth, self._beyond = 1, 1 + len(since), 0
        self._actions: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._witnessed: dict[str, int | None] = dict.fromkeys(WITNESSES)
        self._wrong: tuple[str, int] | None = None
        self._started = time.monotonic()

    def run(self) -> Outcome:
        collecting = gc.isenabled()
        gc.disable()  # worlds are tuples of numbers: nothing for the collector
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
            if collecting:
                gc.enable()
        return self._outcome("holds", "complete") if self._wrong is None else self._outcome("violated", "invariant")

    def _begin(self) -> None:
        assert isinstance(self._crew, Alone)
        seen = self._crew.expander.take(0, self._first)
        self._seen.add(seen.print)
        self._before.append(-1)
        self._labels.append(("start", ()))
        self._frontier = 1
        self._judge({seen.print: 0}, [seen])

    def _level(self) -> None:
        if self._limits.depth is not None and self._depth >= self._limits.depth:
            raise _Stop("depth")
        level, left = _Level(), self._frontier
        while left:
            self._look_around(len(level.first), left)
            batches = self._crew.expand(_CHUNK)
            left = sum(batch.left for batch in batches)
            for n, batch in enumerate(batches):
                self._sort_out(level, n, batch.candidates)
                self._actions += batch.generated
                self._generated += batch.generated.total()
                self._beyond += batch.outside
                self._ends += batch.ends
                level.seen += batch.seen
        self._advance(level)

    def _sort_out(self, level: _Level, keeper: int, candidates: list[Candidate]) -> None:
        """Which of the candidates are new; the expander that met one first keeps the world."""
        for parent, nth, label, fingerprint, outside in candidates:
            if fingerprint in self._seen or (outside and fingerprint in self._outside):
                continue
            earlier = level.first.get(fingerprint)
            if earlier is None:
                level.keeper[fingerprint] = keeper
                if outside:
                    level.outside.add(fingerprint)
            if earlier is None or (parent, nth) < earlier[:2]:
                level.first[fingerprint] = parent, nth, label

    def _advance(self, level: _Level) -> None:
        """Numbers the new worlds in order of parent and label, and goes on to them."""
        self._depth += bool(level.first)
        numbers: dict[int, int] = {}
        shares: list[list[tuple[int, int]]] = [[] for _ in range(self._how.processes if self._is_parallel() else 1)]
        for fingerprint, (parent, _, label) in sorted(level.first.items(), key=lambda one: one[1][:2]):
            number = numbers[fingerprint] = len(self._labels)
            if fingerprint not in level.outside:
                self._new[label[0]] += 1
                shares[level.keeper[fingerprint]].append((fingerprint, number))
            self._before.append(parent)
            self._labels.append(label)
        self._seen |= level.first.keys() - level.outside
        self._outside |= level.outside
        self._judge(numbers, level.seen)
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
        self._crew = Processes(self._budget, self._how, self._first, count)
        self._crew.take([worlds[n::count] for n in range(count)])

    def _judge(self, numbers: dict[int, int], seen: list[Seen]) -> None:
        """Of the violations the one with the smallest number; of the witnesses too."""
        for number, one in sorted((numbers[one.print], one) for one in seen if one.print in numbers):
            if one.violated is not None and self._wrong is None:
                self._wrong = NAMES[one.violated], number
            for name in (list(WITNESSES)[n] for n in one.shows):
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
        return Outcome(result, frozenset(self._ends), None if at is None else self._way(at), ways)

    def _way(self, number: int) -> tuple[Label, ...]:
        """The labels that lead to a world."""
        way: list[Label] = []
        while number > 0:
            way.append(self._labels[number])
            number = self._before[number]
        return (*self._since, *reversed(way))
