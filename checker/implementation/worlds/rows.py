"""A world and what was spent as a row of numbers, one for each part; equal worlds are equal rows.

| places | what is there |
|---|---|
| one for each server | the node and its disk |
| one | the history: what was spent, and what the properties remember |
| one | of what is limited, what is left (follows from the history) |
| one | whom the oracle named, and the number of requests |
| one for each server | what the others see of it: its role, and of a follower its leader (follows from the node) |
| one for each pair of servers | both connections between them, and the notifications under way |
| one | the specifications' states and their objection; empty without refinement |
"""

from collections.abc import Iterable, Iterator
from functools import cache, reduce
from itertools import combinations
from operator import is_, xor
from typing import NamedTuple

from ....impl.ensemble.cluster import Connection, World
from ....impl.ensemble.messages import Log, Vote
from ....impl.ensemble.state import Disk, Ensemble, Following, Leading, Node
from ..budget import Budget, Found, Spent
from .parts import Parts

Row = tuple[int, ...]
Role = tuple[str, int]


class History(NamedTuple):
    """What was spent, and what the properties remember. It only grows."""

    spent: Spent
    leaders: frozenset[tuple[int, int]]
    committed: Log
    promised: tuple[int, ...]
    credentials: frozenset[tuple[int, Vote]]

    def then(self, news: "History") -> "History":
        """The history after something that is told as if nothing had been before."""
        longer = len(news.committed) > len(self.committed) and news.committed[: len(self.committed)] == self.committed
        return History(
            tuple(a + b for a, b in zip(self.spent, news.spent, strict=True)),
            self.leaders | news.leaders,
            news.committed if longer else self.committed,
            tuple(map(max, self.promised, news.promised)),
            self.credentials | news.credentials,
        )


def history_of(found: Found) -> History:
    """The history that a world remembers."""
    world = found.world
    return History(found.spent, world.leaders, world.committed, world.promised, world.credentials)


class Rows:
    """Worlds of one budget to rows and back. `first` is any world of it."""

    def __init__(self, budget: Budget, first: World) -> None:
        self.parts = Parts()
        self._first, self._limits = first, budget.limits
        n = self._servers = budget.servers
        self._pairs = tuple(combinations(range(n), 2))
        self.history, self.left, self.common, self._role, self._pair = n, n + 1, n + 2, n + 3, 2 * n + 3
        self.beside = self._pair + len(self._pairs)
        derived = {self.left, *range(self._role, self._pair)}
        self.no_history = History((0,) * len(self._limits), frozenset(), (), (0,) * n, frozenset())
        self._own = frozenset(range(self.beside + 1)) - derived
        self._nothing, self._unspecified = self.parts.number(_NOTHING), self.parts.number(((), (), None))
        pairs = tuple(enumerate(self._pairs, self._pair))
        self._here = [[at for at in pairs if server in at[1]] for server in range(n)]
        self._elsewhere = [[place for place, pair in pairs if server not in pair] for server in range(n)]
        self._somebody, self._fresh_history = cache(self._remembered_somebody), cache(self._remembered_history)

    def row(self, found: Found) -> Row:
        """A world as a row."""
        world, number = found.world, self.parts.number
        parts = (
            *zip(world.nodes, world.disks, strict=True),
            history_of(found),
            self.what_is_left(found.spent),
            (world.oracle, world.requests),
            *map(_role_of, world.nodes),
            *(_between(world, i, j) for i, j in self._pairs),
            (found.zab, found.election, found.mismatch),
        )
        return tuple(map(number, parts))

    def changes(self, row: Row, before: World, after: World, server: int) -> Iterator[tuple[int, int]]:
        """The places that a step of one server changes, with what is there then; without the history.

        What is the same object need not be looked at, and most is: a step makes new objects of what it changes only.
        """
        number = self.parts.number
        here = after.nodes[server], after.disks[server]
        if here[0] is not before.nodes[server] or here[1] is not before.disks[server]:
            yield server, number(here)
            yield self._role + server, number(_role_of(here[0]))
        if (after.oracle, after.requests) != (before.oracle, before.requests):
            yield self.common, number((after.oracle, after.requests))
        for place, (i, j) in self._here[server]:
            between = _between(after, i, j)
            if not all(map(is_, between, _between(before, i, j))):
                yield place, number(between)

    def found(self, row: Row) -> Found:
        """The world that a row stands for."""
        parts, n = list(map(self.parts.part, row)), self._servers
        nodes, disks = zip(*parts[:n], strict=True)
        history: History = parts[self.history]
        oracle, requests = parts[self.common]
        connections, notifications = list(self._first.connections), list(self._first.notifications)
        for (i, j), between in zip(self._pairs, parts[self._pair : self.beside], strict=True):
            up, down = i * n + j, j * n + i
            connections[up], connections[down], notifications[up], notifications[down] = between
        world = World(
            self._first.ensemble,
            nodes,
            disks,
            tuple(connections),
            tuple(notifications),
            self._first.lazy_disk,
            oracle=oracle,
            requests=requests,
            leaders=history.leaders,
            committed=history.committed,
            promised=history.promised,
            credentials=history.credentials,
        )
        return Found(world, history.spent, *parts[self.beside])

    def beside_it(self, row: Row, found: Found) -> Row:
        """The row with the specifications' states."""
        return (*row[: self.beside], self.parts.number((found.zab, found.election, found.mismatch)))

    def what_is_left(self, spent: Spent) -> tuple[bool, ...]:
        """Of everything that is limited, whether it may happen once more."""
        return tuple(was < limit for was, limit in zip(spent, self._limits, strict=True))

    def whole(self, row: Row) -> int:
        """The fingerprint of a world."""
        return reduce(xor, (self.parts.share(place, row[place]) for place in self._own))

    def share(self, row: Row, changes: Iterable[tuple[int, int]]) -> int:
        """By how much a fingerprint changes with these places."""
        share = self.parts.share
        shares = (share(place, row[place]) ^ share(place, now) for place, now in changes if place in self._own)
        return reduce(xor, shares, 0)

    def seen_from(self, server: int) -> tuple[int, ...]:
        """The places that matter to what can happen at a server, and that this can change."""
        return (server, self.left, self.common, *range(self._role, self._pair), *(at for at, _ in self._here[server]))

    def judged(self, row: Row) -> tuple[int, ...]:
        """What properties and witnesses read: servers, the history, the specifications."""
        return row[: self.left] + row[self.beside :]

    def bare(self, row: Row) -> Row:
        """A row with nothing but what properties and witnesses read."""
        return (*row[: self._pair], *(self._nothing for _ in self._pairs), *row[self.beside :])

    def masked(self, row: Row, server: int) -> Row:
        """A row that differs only where it does not matter to what can happen at a server: all is empty there."""
        masked = list(row)
        for other in self._first.ensemble.others(server):
            masked[other] = self._somebody(other, row[self._role + other])
        masked[self.beside] = self._unspecified
        masked[self.history] = self._fresh_history(row[self.left])
        for place in self._elsewhere[server]:
            masked[place] = self._nothing
        return tuple(masked)

    def _remembered_somebody(self, server: int, role: int) -> int:
        return self.parts.number((_with_role(self._first.ensemble, server, self.parts.part(role)), Disk()))

    def _remembered_history(self, left: int) -> int:
        more = self.parts.part(left)
        spent = tuple(limit - one for limit, one in zip(self._limits, more, strict=True))
        return self.parts.number(self.no_history._replace(spent=spent))


def _between(world: World, i: int, j: int) -> tuple[object, ...]:
    queues = world.notification_queue(i, j), world.notification_queue(j, i)
    return world.connection(i, j), world.connection(j, i), *queues


def _role_of(node: Node | None) -> Role:
    if node is None:
        return "DOWN", 0
    return node.state, node.role.leader if isinstance(node.role, Following) else node.id


def _with_role(ensemble: Ensemble, server: int, role: Role) -> Node | None:
    """Somebody with this role, of whom nothing else is known."""
    state, leader = role
    match state:
        case "DOWN":
            return None
        case "LOOKING":
            return Node(ensemble, server)
        case "LEADING":
            return Node(ensemble, server, role=Leading())
        case _:
            return Node(ensemble, server, role=Following(leader))


_NOTHING = Connection(), Connection(), (), ()
