"""Dining philosophers after Chandy and Misra, "The drinking philosophers problem" (1984), section 3.

Philosophers sit around a table with one fork between any two neighbours, and hand forks directly to each other. A fork
is dirty once it was used. Whoever holds a dirty fork cleans it and gives it away; a clean one is kept. So the forks
point from each philosopher to those who go first, and as long as that order has no cycle, nobody waits forever.
"""

from enum import Enum

from ..lang import Constant, Map, Range, Record, Set, Spec, action, initial, invariant, require, state, variant, witness

philosophers = Constant(5, "number of philosophers, and of forks", low=2)

one_fork = variant("one-fork", "A philosopher eats with the left fork alone.")
eat_dirty = variant("eat-dirty", "A philosopher eats with dirty forks too, although it gives one away.")


class Philosopher(Range, low=0, high=philosophers - 1):
    """A place at the table. Fork i lies to the left of philosopher i."""


class Fork(Record):
    """A fork between two neighbours: one of them holds it."""

    holder: Philosopher
    clean: bool


class Doing(Enum):
    """What a philosopher is about to do."""

    LOOKING = "looking at the forks"
    EATING = "eating"
    THINKING = "thinking"


def right(p: Philosopher) -> Philosopher:
    """The neighbour on the right; also the number of the fork on the right."""
    return Philosopher((p + 1) % philosophers)


def left(p: Philosopher) -> Philosopher:
    """The neighbour on the left."""
    return Philosopher((p + philosophers - 1) % philosophers)


class Philosophers(Spec):
    """Neighbours never eat at the same time."""

    fork: Map[Philosopher, Fork] = state(Fork(holder=Philosopher(0), clean=False))
    hungry: Map[Philosopher, bool] = state(True)
    doing: Map[Philosopher, Doing] = state(Doing.LOOKING)

    @initial
    def lay(self) -> None:
        """All forks are dirty. Philosopher 0 has both of its own, philosopher 1 none: no cycle."""
        for f in Philosopher:
            self.fork[f] = Fork(holder=Philosopher(0) if f == 1 else f, clean=False)

    @action
    def look(self, p: Philosopher) -> None:
        """Gives away one dirty fork, if there is one; then eats if hungry and able to, or thinks if not hungry."""
        require(self.doing[p] is Doing.LOOKING)
        able = self.can_eat(p)
        if self.holds_dirty(p, p):
            self.fork[p] = Fork(holder=left(p), clean=True)
        elif self.holds_dirty(p, right(p)):
            self.fork[right(p)] = Fork(holder=right(p), clean=True)
        if not self.hungry[p]:
            self.doing[p] = Doing.THINKING
        elif able:
            self.doing[p] = Doing.EATING

    @action
    def eat(self, p: Philosopher) -> None:
        """Eats up. Both forks are dirty now."""
        require(self.doing[p] is Doing.EATING)
        self.hungry[p] = False
        self.fork[p] = self.fork[p].replace(clean=False)
        self.fork[right(p)] = self.fork[right(p)].replace(clean=False)
        self.doing[p] = Doing.LOOKING

    @action
    def think(self, p: Philosopher) -> None:
        """Thinking makes hungry."""
        require(self.doing[p] is Doing.THINKING)
        self.hungry[p] = True
        self.doing[p] = Doing.LOOKING

    def holds_dirty(self, p: Philosopher, f: Philosopher) -> bool:
        """Whether a philosopher holds this fork, and it is dirty."""
        return self.fork[f].holder == p and not self.fork[f].clean

    def may_use(self, p: Philosopher, f: Philosopher) -> bool:
        """Whether a philosopher holds this fork, and it is clean."""
        return self.fork[f].holder == p and (self.fork[f].clean or eat_dirty)

    def can_eat(self, p: Philosopher) -> bool:
        """Whether a philosopher holds both forks, both clean."""
        return self.may_use(p, p) and (one_fork or self.may_use(p, right(p)))

    @invariant
    def exclusive(self) -> bool:
        """Neighbours never eat at the same time."""
        return not any(self.doing[p] is Doing.EATING and self.doing[right(p)] is Doing.EATING for p in Philosopher)

    @invariant
    def eats_with_both(self) -> bool:
        """Whoever eats holds both forks."""
        eaters = Set(p for p in Philosopher if self.doing[p] is Doing.EATING)
        return all(self.fork[p].holder == p and self.fork[right(p)].holder == p for p in eaters)

    @witness
    def last_eats(self) -> bool:
        """The last philosopher eats."""
        return self.doing[Philosopher(philosophers - 1)] is Doing.EATING
