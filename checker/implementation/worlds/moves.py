"""What can happen at one server, remembered by what it depends on.

What a server does depends on its node, its disk, what is under way to and from it, and little else: whether the others
are up and whom they follow, what is left of the budget, whom the oracle named. `Rows.masked` empties all the rest, so
that a move that is remembered cannot depend on anything else; `tests/checker/implementation/test_moves.py` compares
with `Budget.after` on whole worlds.
"""

from operator import itemgetter, sub
from typing import NamedTuple

from ....impl.ensemble.cluster import Label
from ..budget import Budget, Found
from .reduction import goes_first
from .rows import History, Row, Rows, history_of


class Move(NamedTuple):
    """One thing that can happen: the places that it changes, and by how much the fingerprint."""

    label: Label
    changes: tuple[tuple[int, int], ...]  # without the history and what follows from it
    share: int
    news: int  # what the history grows by; 0 is nothing
    outside: bool  # the world after it is not explored


class Around(NamedTuple):
    """Everything that can happen at a server; with the reduction, whether it may be explored before all else."""

    moves: tuple[Move, ...]
    first: bool


class Growth(NamedTuple):
    """A history that has grown."""

    history: int
    left: int
    share: int


class Moves:
    """Everything that can happen in the worlds of a budget."""

    def __init__(self, budget: Budget, first: Found, reduce: bool) -> None:
        self.rows = Rows(budget, first.world)
        self._budget, self._reduce = budget, reduce
        self._seen = [self.rows.seen_from(server) for server in range(budget.servers)]
        self._seen_from = [itemgetter(*places) for places in self._seen]
        self._around: list[dict[tuple[int, ...], Around]] = [{} for _ in range(budget.servers)]
        self._grown: dict[tuple[int, int], Growth] = {}
        self._news: dict[History, int] = {}
        self._told: list[History | None] = [None]

    def of(self, row: Row) -> list[Move]:
        """What can happen in a world, in a fixed order; with the reduction, what must be explored of it."""
        everything: list[Move] = []
        best: tuple[Move, ...] | None = None
        for server, seen_from in enumerate(self._seen_from):
            seen, known = seen_from(row), self._around[server]
            around = known.get(seen)
            if around is None:
                around = known[seen] = self._explored(row, server)
            everything += around.moves
            if around.first and (best is None or len(around.moves) < len(best)):
                best = around.moves
        return everything if best is None else list(best)

    def growth(self, history: int, news: int) -> Growth:
        """A history with news."""
        grown = self._grown.get((history, news))
        if grown is None:
            grown = self._grown[history, news] = self._growth(history, news)
        return grown

    def after(self, row: Row, move: Move) -> Row:
        """The world after something that can happen."""
        after = list(row)
        for place, part in move.changes:
            after[place] = part
        if move.news:
            rows = self.rows
            after[rows.history], after[rows.left], _ = self.growth(row[rows.history], move.news)
        return tuple(after)

    def _growth(self, history: int, news: int) -> Growth:
        rows, told = self.rows, self._told[news]
        assert told is not None
        before: History = rows.parts.part(history)
        now = before.then(told)
        number, left = rows.parts.number(now), rows.parts.number(rows.what_is_left(now.spent))
        return Growth(number, left, rows.parts.share(rows.history, history) ^ rows.parts.share(rows.history, number))

    def _explored(self, row: Row, server: int) -> Around:
        masked = self.rows.masked(row, server)
        found = self.rows.found(masked)
        labels = [label for label in self._budget.labels(found) if label[1][0] == server]
        after = {label: self._budget.after(found, label) for label in labels}
        moves = tuple(self._move(masked, found, label, after[label]) for label in labels)
        return Around(moves, self._reduce and goes_first(self._budget, found, server, after))

    def _move(self, row: Row, before: Found, label: Label, after: Found) -> Move:
        changes = tuple(self.rows.changes(row, before.world, after.world, label[1][0]))
        spent = tuple(map(sub, after.spent, before.spent))
        news = self._number(history_of(after)._replace(spent=spent))
        return Move(label, changes, self.rows.share(row, changes), news, self._budget.is_outside(after.world))

    def _number(self, news: History) -> int:
        if news == self.rows.no_history:
            return 0
        if news not in self._news:
            self._news[news] = len(self._told)
            self._told.append(news)
        return self._news[news]
