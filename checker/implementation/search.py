"""The enumeration of the implementation: everything that can happen to real nodes, within a stated budget.

Breadth-first over the worlds of `impl/ensemble/cluster.py`: every interleaving of deliveries, decisions, fsyncs,
requests, crashes, restarts, timeouts and broken connections. Two worlds are one when all their values are equal: nodes,
disks, connections, what is under way, what was spent of the budget, and the history that the properties read. The
result is that of any engine; a counterexample is a shortest one.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from ...impl.ensemble.cluster import Label, World, begin, enabled, faults, perform, requests
from ...impl.ensemble.properties import PROPERTIES, violated
from ...impl.ensemble.state import Ensemble
from ..model import Limits, Progress
from ..reference.search import peak_memory
from ..result import Reason, Result, Steps, Verdict

_Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """What the environment may do. All that is not limited here happens in every order."""

    servers: int = 3
    transactions: int = 1  # requests of clients
    crashes: int = 0  # of servers; each may restart at any time
    timeouts: int = 0  # a server gives up its role for no visible reason
    breaks: int = 0  # of connections, with all that is in flight
    elections: int = 1  # 0: fast leader election; else an oracle names a leader so often
    rounds: int = 2  # of fast leader election: a world with a later round is checked and not explored
    slow_disk: int = 0  # 1: fsync happens some time after the write; 0: at once
    retained: int = 500  # committed transactions that a leader can send one by one

    def begin(self, bugs: Iterable[str] = ()) -> World:
        """The first world; seeded bugs are for tests."""
        oracle = self.elections > 0
        ensemble = Ensemble(self.servers, self.retained, oracle=oracle, bugs=frozenset(bugs))
        return begin(ensemble, lazy_disk=self.slow_disk > 0)

    def limits(self) -> dict[str, int]:
        """How often things may happen that may not happen as often as they can."""
        faults = {"crash": self.crashes, "timeout": self.timeouts, "break": self.breaks}
        return faults | {"elect": self.elections, "request": self.transactions}

    def is_outside(self, world: World) -> bool:
        """Whether a world lies beyond the rounds of fast leader election."""
        return any(node is not None and node.election.round > self.rounds for node in world.nodes)


# What the result is worthless without: names, and what must be seen at least once.
WITNESSES: dict[str, Callable[[World, Budget], bool]] = {
    "all_delivered": lambda world, budget: len(world.committed) == budget.transactions,
    "epoch_established": lambda world, _: bool(world.leaders),
}


def labels(world: World, spent: Mapping[str, int], limits: Mapping[str, int]) -> Iterator[Label]:
    """Everything that can happen within what is left of the budget, in a fixed order."""
    yield from (label for label in enabled(world) if label[0] != "elect" or spent["elect"] < limits["elect"])
    if spent["request"] < limits["request"]:
        yield from requests(world)
    unkind = faults(world)
    for kind in ("timeout", "crash", "restart", "break"):
        if kind == "restart" or spent[kind] < limits[kind]:
            yield from unkind[kind]


def check(
    budget: Budget,
    bugs: Iterable[str] = (),
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Explores every world within the budget, and checks every property in each."""
    return _Search(budget, budget.begin(bugs), limits or Limits(), progress).run()


class _Stop(Exception):
    def __init__(self, reason: Reason, name: str | None = None, at: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.name, self.at = reason, name, at


@dataclass(slots=True)
class _Found:
    """A world at the frontier: its number, itself, what was spent, and its key."""

    number: int
    world: World
    spent: Counter[str]
    key: _Key


class _Search:
    def __init__(
        self, budget: Budget, first: World, limits: Limits, progress: Callable[[Progress], None] | None
    ) -> None:
        self._budget, self._first, self._limits, self._progress = budget, first, limits, progress
        self._bounds = budget.limits()
        self._seen: dict[_Key, int] = {}
        self._came: list[tuple[int, Label]] = []  # by number: the world before, and the label
        self._interned: dict[object, int] = {}
        self._frontier: list[_Found] = []
        self._outside: set[_Key] = set()
        self._generated = self._depth = self._beyond = 0
        self._actions: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._witnessed: dict[str, int | None] = dict.fromkeys(WITNESSES)
        self._started = time.monotonic()

    def run(self) -> Result:
        try:
            self._meet(-1, ("start", ()), self._first, Counter(), None)
            while self._frontier:
                self._level()
        except _Stop as stop:
            verdict: Verdict = "violated" if stop.name else "undecided"
            return self._result(verdict, stop.reason, stop.name, stop.at)
        except KeyboardInterrupt:
            return self._result("undecided", "interrupted")
        return self._result("holds", "complete")

    def _level(self) -> None:
        level, self._frontier = self._frontier, []
        self._depth += 1
        if self._limits.depth is not None and self._depth >= self._limits.depth:
            raise _Stop("depth")
        for found in level:
            for label in labels(found.world, found.spent, self._bounds):
                spent = found.spent
                if label[0] in self._bounds:
                    spent = spent + Counter((label[0],))
                self._meet(found.number, label, perform(found.world, label), spent, found)
            self._look_around(found.number)

    def _meet(self, before: int, label: Label, world: World, spent: Counter[str], parent: _Found | None) -> None:
        self._generated += 1
        if parent is not None:
            self._actions[label[0]] += 1
        key = self._key(world, spent, parent)
        if key in self._seen or key in self._outside:
            self._beyond += key in self._outside
            return
        number = len(self._came)
        self._came.append((before, label))
        if self._budget.is_outside(world):
            self._outside.add(key)
            self._beyond += 1
        else:
            self._seen[key] = number
            if parent is not None:
                self._new[label[0]] += 1
            self._frontier.append(_Found(number, world, spent, key))
        self._judge(world, number)

    def _judge(self, world: World, number: int) -> None:
        wrong = violated(world)
        if wrong is not None:
            self._depth += 1
            raise _Stop("invariant", wrong, number)
        for name, test in WITNESSES.items():
            if self._witnessed[name] is None and test(world, self._budget):
                self._witnessed[name] = number

    def _key(self, world: World, spent: Counter[str], parent: _Found | None) -> _Key:
        """A number for every part of the world: equal parts have equal numbers; what a step left alone keeps its."""
        parts = _parts(world, spent)
        if parent is None:
            return tuple(self._intern(part) for part in parts)
        before = _parts(parent.world, parent.spent)
        old = zip(parts, before, parent.key, strict=True)
        return tuple(number if part is was else self._intern(part) for part, was, number in old)

    def _intern(self, part: object) -> int:
        """Types are told apart: a disk that equals a node would be a mistake nobody sees."""
        return self._interned.setdefault((type(part), part), len(self._interned))

    def _look_around(self, number: int) -> None:
        limits, spent = self._limits, time.monotonic() - self._started
        if limits.states is not None and len(self._seen) >= limits.states:
            raise _Stop("states")
        if limits.seconds is not None and spent > limits.seconds:
            raise _Stop("seconds")
        if number % 1000 == 0:
            if limits.memory is not None and peak_memory() > limits.memory:
                raise _Stop("memory")
            if self._progress is not None:
                frontier = len(self._seen) - number
                done = Progress(len(self._seen), self._generated, self._depth, frontier, spent, peak_memory())
                self._progress(done)

    def _result(self, verdict: Verdict, reason: Reason, name: str | None = None, at: int | None = None) -> Result:
        return Result(
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
            bounds=asdict(self._budget),
            properties=tuple(p.__name__ for p in PROPERTIES),
            engine="implementation",
            seconds=time.monotonic() - self._started,
            peak_memory=peak_memory(),
            witnesses={w: None if n is None else self._steps(n) for w, n in self._witnessed.items()},
            steps=None if at is None else self._steps(at),
        )

    def _steps(self, number: int) -> Steps:
        """The way to a world, replayed from the beginning; of a state, what its servers are in one line each."""
        way: list[Label] = []
        while number > 0:
            number, label = self._came[number]
            way.append(label)
        world = self._first
        steps: list[tuple[Label, tuple[str, ...]]] = [(("start", ()), described(world))]
        for label in reversed(way):
            world = perform(world, label)
            steps.append((label, described(world)))
        return tuple(steps)


def described(world: World) -> tuple[str, ...]:
    """Every server in a line: role and phase, epochs, log, how much of it is synced and committed."""
    lines = []
    for server, (node, disk) in enumerate(zip(world.nodes, world.disks, strict=True)):
        state = "down" if node is None else f"{node.state} {node.role.phase}" if node.role else node.state
        log = " ".join(f"{txn.zxid >> 32}.{txn.zxid & 0xFFFFFFFF}" for txn in disk.log)
        committed = node.committed if node else 0
        epochs = f"epochs {disk.accepted}/{disk.current}"
        lines.append(f"{server}: {state}, {epochs}, log [{log}], {disk.synced} synced, {committed} committed")
    return tuple(lines)


def _parts(world: World, spent: Counter[str]) -> tuple[object, ...]:
    history = world.leaders, world.committed
    single = world.blocked, world.oracle, world.requests, history, tuple(sorted(spent.items()))
    return (*world.nodes, *world.disks, *world.connections, *world.notifications, *single)
