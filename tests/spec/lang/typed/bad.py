"""A wrong specification: every line marked `error` must be reported by the type checkers, and no other line."""

from enum import Enum

from quorate.spec.lang import Constant, Map, Range, Record, Seq, Set, Sort, Spec, action, expect, invariant, require, state

n = Constant(3, "number of servers", low=1)


class Server(Sort, size=n):
    """A server."""


class Client(Sort, size=n):
    """A client."""


class Epoch(Range, low=0, high=n):
    """An epoch."""


class Phase(Enum):
    """A phase."""

    IDLE = "idle"


class Vote(Record):
    """A vote."""

    server: Server
    epoch: Epoch


class Log(Seq[Vote], capacity=2):
    """Votes."""


class Bad(Spec):
    """Wrong in every action."""

    phase: Map[Server, Phase] = state(Phase.IDLE)
    epoch: Epoch = state(Epoch(0))
    seen: Set[Server] = state()
    log: Log = state()
    leader: Server | None = state(None)
    vote: Vote | None = state(None)

    @action
    def wrong(self, s: Server, c: Client) -> None:
        """Each line is wrong in its own way."""
        self.phase[c] = Phase.IDLE  # error
        self.phase[s] = 1  # error
        self.epoch = 1  # error
        self.seen.add(c)  # error
        self.log.append(s)  # error
        self.log.append(Vote(s))  # error
        self.epoch = self.leader  # error
        self.phase[self.leader] = Phase.IDLE  # error
        self.epoch = self.vote.epoch  # error
        require(self.epcoh == 1)  # error
        self.seen = Set((c,))  # error
        vote = expect(self.vote)
        vote.epoch = Epoch(1)  # error
        self.epoch = vote.epochs  # error

    @invariant
    def holds(self) -> bool:
        """Gives a number."""
        return len(self.seen)  # error
