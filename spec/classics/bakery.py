"""The bakery algorithm, after Lamport, "A new solution of Dijkstra's concurrent programming problem" (1974).

    choosing[p] = true
    number[p] = 1 + the highest number, reading one after the other
    choosing[p] = false
    for each other process k:
        wait while choosing[k]
        wait while number[k] != 0 and (number[k], k) < (number[p], p)
    critical section
    number[p] = 0

Customers draw numbers and are served in their order. Nobody guards the numbers: two customers may draw the same one,
and then the lower process goes first. A step reads or writes at most one variable of another process. Numbers may grow
for ever, so the search is bounded by a last number.
"""

from enum import Enum

from ..lang import Constant, Map, Range, Spec, action, boundary, invariant, require, state, variant, witness

processes = Constant(2, "number of processes", low=2)
numbers = Constant(4, "last number that is explored", low=1)

no_choosing = variant("no-choosing", "A process does not wait for others that are drawing a number.")
no_tie_break = variant("no-tie-break", "Of two processes with the same number, both go first.")


class Process(Range, low=0, high=processes - 1):
    """A customer."""


class Number(Range, low=0, high=numbers + 1):
    """A number drawn, 0 for none; one step beyond the boundary is checked too."""


class Next(Range, low=0, high=processes):
    """The process to look at next; the last value says that all have been looked at."""


class Line(Enum):
    """The line of the program that a process executes next."""

    CHOOSE = "choosing[p] = true"
    READ = "highest = max(highest, number[k])"
    DRAW = "number[p] = 1 + highest"
    CHOSEN = "choosing[p] = false"
    WAIT_CHOOSING = "wait while choosing[k]"
    WAIT_NUMBER = "wait while (number[k], k) < (number[p], p)"
    LEAVE = "critical section; number[p] = 0"


class Bakery(Spec):
    """No two processes are in the critical section at the same time."""

    line: Map[Process, Line] = state(Line.CHOOSE)
    choosing: Map[Process, bool] = state(False)
    number: Map[Process, Number] = state(0)
    k: Map[Process, Next] = state(0)  # local: the process to look at next
    highest: Map[Process, Number] = state(0)  # local: the highest number read so far

    @action
    def choose(self, p: Process) -> None:
        """A process is about to draw a number, and says so."""
        require(self.line[p] is Line.CHOOSE)
        self.choosing[p] = True
        self.line[p] = Line.READ

    @action
    def read(self, p: Process) -> None:
        """A process reads one number."""
        require(self.line[p] is Line.READ)
        self.highest[p] = max(self.highest[p], self.number[Process(self.k[p])])
        self.k[p] += 1
        if self.k[p] == processes:
            self.line[p] = Line.DRAW

    @action
    def draw(self, p: Process) -> None:
        """A process draws a number above all it has read."""
        require(self.line[p] is Line.DRAW)
        self.number[p] = self.highest[p] + 1
        self.highest[p] = Number(0)
        self.line[p] = Line.CHOSEN

    @action
    def chosen(self, p: Process) -> None:
        """A process has its number, and begins to wait for the others."""
        require(self.line[p] is Line.CHOSEN)
        self.choosing[p] = False
        self.k[p] = Next(0)
        self.line[p] = Line.WAIT_CHOOSING

    @action
    def wait_choosing(self, p: Process) -> None:
        """Another process is not drawing a number, or no longer."""
        require(self.line[p] is Line.WAIT_CHOOSING)
        require(no_choosing or not self.choosing[Process(self.k[p])])
        self.line[p] = Line.WAIT_NUMBER

    @action
    def wait_number(self, p: Process) -> None:
        """Another process need not be served before this one; go on to the next, or enter."""
        require(self.line[p] is Line.WAIT_NUMBER)
        require(not self.goes_first(Process(self.k[p]), p))
        self.k[p] += 1
        self.line[p] = Line.LEAVE if self.k[p] == processes else Line.WAIT_CHOOSING

    @action
    def leave(self, p: Process) -> None:
        """A process leaves the critical section and throws its number away."""
        require(self.line[p] is Line.LEAVE)
        self.number[p] = Number(0)
        self.k[p] = Next(0)
        self.line[p] = Line.CHOOSE

    def goes_first(self, k: Process, p: Process) -> bool:
        """Whether one process is to be served before another that has a number."""
        tie = no_tie_break and self.number[k] == self.number[p]
        return self.number[k] != 0 and (self.number[k], k) < (self.number[p], p) and not tie

    @invariant
    def mutual_exclusion(self) -> bool:
        """At most one process is in the critical section."""
        return sum(1 for p in Process if self.line[p] is Line.LEAVE) <= 1

    @invariant
    def served_in_order(self) -> bool:
        """Whoever is in the critical section comes before all others that have a number and are waiting."""
        return not any(
            self.line[p] is Line.LEAVE and self.line[k] is Line.WAIT_NUMBER and self.goes_first(k, p)
            for p in Process
            for k in Process
        )

    @witness
    def tie(self) -> bool:
        """Two processes have drawn the same number."""
        return any(self.number[p] == self.number[k] != 0 for p in Process for k in Process if p != k)

    @witness
    def all_wait(self) -> bool:
        """A process is in the critical section while all others have a number."""
        return any(self.line[p] is Line.LEAVE for p in Process) and all(self.number[p] > 0 for p in Process)

    @boundary
    def low_numbers(self) -> bool:
        """No number is beyond the last one."""
        return all(self.number[p] <= numbers for p in Process)
