"""Mutual exclusion without shared memory, after Lamport, "Time, clocks, and the ordering of events in a distributed
system" (1978).

Processes exchange messages over channels that keep order. Whoever wants the resource sends a request with the time on
its clock to all others, and has it when all have answered and no request known to it is older; of two requests with
the same time, the one of the lower process is older. Clocks only grow, so the search is bounded by a last time.
"""

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Seq,
    Set,
    Sort,
    Spec,
    action,
    boundary,
    expect,
    invariant,
    require,
    state,
    variant,
    witness,
)

processes = Constant(3, "number of processes", low=2)
clock = Constant(4, "last time on a clock that is explored", low=1)

no_acknowledgement = variant("no-acknowledgement", "A process enters without waiting for acknowledgements.")
no_tie_break = variant("no-tie-break", "A process enters although another one's request is as old as its own.")


class Process(Sort, size=processes, ordered=True):
    """A process. Their order decides between requests of the same time."""


class Time(Range, low=1, high=clock + 1):
    """What a logical clock shows: one step beyond the boundary is checked too."""


class Request(Record):
    """I want the resource; my clock says so late."""

    time: Time


class Acknowledge(Record):
    """I have read your request."""


class Release(Record):
    """I have let go of the resource."""


Message = Request | Acknowledge | Release


class Channel(Seq[Message], capacity=4):
    """Messages under way from one process to another, oldest first."""


class LamportMutex(Spec):
    """No two processes have the resource at the same time."""

    time: Map[Process, Time] = state(1)
    requested: Map[Process, Map[Process, Time | None]] = state(None)  # [p][q]: the request of q that p knows
    acknowledged: Map[Process, Set[Process]] = state()  # who has read the request of p; p itself has
    channel: Map[Process, Map[Process, Channel]] = state()  # [p][q]: from p to q
    inside: Set[Process] = state()  # who has the resource

    @action
    def request(self, p: Process) -> None:
        """A process asks everybody for the resource."""
        require(self.requested[p][p] is None)
        self.requested[p][p] = self.time[p]
        self.acknowledged[p] = Set((p,))
        self.tell_others(p, Request(time=self.time[p]))

    @action
    def receive_request(self, p: Process, q: Process) -> None:
        """A process writes a request down, acknowledges it, and sets its clock beyond the time of the request."""
        asked = expect(self.oldest(p, q), Request)
        self.channel[q][p].remove_first()
        self.channel[p][q].append(Acknowledge())
        self.requested[p][q] = asked.time
        self.time[p] = max(asked.time, self.time[p]) + 1

    @action
    def receive_acknowledgement(self, p: Process, q: Process) -> None:
        """A process learns that its request was read."""
        require(isinstance(self.oldest(p, q), Acknowledge))
        self.channel[q][p].remove_first()
        self.acknowledged[p].add(q)

    @action
    def enter(self, p: Process) -> None:
        """A process takes the resource: everybody has read its request, and it is the oldest known here."""
        require(no_acknowledgement or all(q in self.acknowledged[p] for q in Process))
        require(all(self.beats(p, q) for q in Process if q != p))
        self.inside.add(p)

    @action
    def leave(self, p: Process) -> None:
        """A process lets go of the resource, and says so."""
        require(p in self.inside)
        self.inside.discard(p)
        self.requested[p][p] = None
        self.acknowledged[p].clear()
        self.tell_others(p, Release())

    @action
    def receive_release(self, p: Process, q: Process) -> None:
        """A process crosses a request out."""
        require(isinstance(self.oldest(p, q), Release))
        self.channel[q][p].remove_first()
        self.requested[p][q] = None

    def oldest(self, p: Process, q: Process) -> Message | None:
        """The oldest message under way to p from q, if any."""
        return self.channel[q][p].first if len(self.channel[q][p]) > 0 else None

    def tell_others(self, p: Process, message: Message) -> None:
        """Sends a message to all other processes."""
        for q in Process:
            if q != p:
                self.channel[p][q].append(message)

    def beats(self, p: Process, q: Process) -> bool:
        """Whether p knows no request of q that is older than its own."""
        mine = self.requested[p][p]
        theirs = self.requested[p][q]
        if mine is None:
            return False
        return theirs is None or (mine, p) < (theirs, q) or (no_tie_break and mine == theirs)

    @invariant
    def mutual_exclusion(self) -> bool:
        """No two processes have the resource at the same time."""
        return len(self.inside) <= 1

    @invariant
    def short_channels(self) -> bool:
        """No more than three messages are under way from one process to another."""
        return all(len(self.channel[p][q]) <= 3 for p in Process for q in Process)

    @witness
    def contended(self) -> bool:
        """A process has the resource while all others have asked for it."""
        return len(self.inside) == 1 and all(self.requested[p][p] is not None for p in Process)

    @boundary
    def early(self) -> bool:
        """No clock is beyond the last time."""
        return all(self.time[p] <= clock for p in Process)
