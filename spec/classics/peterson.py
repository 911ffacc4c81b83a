"""Peterson's algorithm for n processes, after G. L. Peterson, "Myths about the mutual exclusion problem" (1981).

It is also known as the filter lock: Herlihy and Shavit, "The Art of Multiprocessor Programming" (2008), section 2.4.

    for l = 1 to n-1:
        level[p] = l
        victim[l] = p
        wait while victim[l] = p and level[k] >= l for some k other than p
    critical section
    level[p] = 0

A process climbs n-1 levels. Each lets one process fewer through, as the last to arrive is the victim and waits. Shared
memory is written once per step: a process that need not wait any longer announces its next level with it.
"""

from enum import Enum

from ..lang import Constant, Map, Range, Spec, action, invariant, require, state, variant, witness

processes = Constant(3, "number of processes", low=2)

never_victim = variant("never-victim", "A process climbs without making itself the victim.")
only_higher = variant("only-higher", "A victim waits only for processes above its own level.")


class Process(Range, low=0, high=processes - 1):
    """A process."""


class Level(Range, low=0, high=processes - 1):
    """How far a process has climbed: 0 is not interested, the last one leads into the critical section."""


class Line(Enum):
    """The line of the program that a process executes next."""

    START = "level[p] = 1"
    YIELD = "victim[l] = p"
    WAIT = "wait while …"
    LEAVE = "critical section; level[p] = 0"


class Peterson(Spec):
    """No two processes are in the critical section at the same time."""

    line: Map[Process, Line] = state(Line.START)
    level: Map[Process, Level] = state(0)
    victim: Map[Level, Process] = state(0)  # who came last; nobody has come yet, so anybody will do

    @action
    def start(self, p: Process) -> None:
        """A process wants to enter, and announces itself on level 1."""
        require(self.line[p] is Line.START)
        self.level[p] = Level(1)
        self.line[p] = Line.YIELD

    @action
    def make_victim(self, p: Process) -> None:
        """A process lets everybody else on its level go first."""
        require(self.line[p] is Line.YIELD)
        if not never_victim:
            self.victim[self.level[p]] = p
        self.line[p] = Line.WAIT

    @action
    def climb(self, p: Process) -> None:
        """A process need not wait any longer, and goes to the next level or into the critical section."""
        require(self.line[p] is Line.WAIT)
        require(self.victim[self.level[p]] != p or all(self.below(k, self.level[p]) for k in Process if k != p))
        if self.level[p] < processes - 1:
            self.level[p] += 1
            self.line[p] = Line.YIELD
        else:
            self.line[p] = Line.LEAVE

    @action
    def leave(self, p: Process) -> None:
        """A process leaves the critical section."""
        require(self.line[p] is Line.LEAVE)
        self.level[p] = Level(0)
        self.line[p] = Line.START

    def below(self, k: Process, level: Level) -> bool:
        """Whether a process stands below a level."""
        return self.level[k] < level or (only_higher and self.level[k] == level)

    @invariant
    def mutual_exclusion(self) -> bool:
        """At most one process is in the critical section."""
        return sum(1 for p in Process if self.line[p] is Line.LEAVE) <= 1

    @invariant
    def filtered(self) -> bool:
        """Of n processes, at most n - i have climbed past level i."""
        return all(sum(1 for p in Process if self.level[p] > i) <= processes - i for i in Level)

    @witness
    def entered(self) -> bool:
        """A process is in the critical section while all others want to be."""
        inside = any(self.line[p] is Line.LEAVE for p in Process)
        return inside and all(self.level[p] > 0 for p in Process)
