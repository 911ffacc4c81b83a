# E207
from enum import Enum

from quorate.spec.lang import *

n = Constant(3, "number of servers", low=1, high=5)


class Server(Sort, size=n):
    """A server."""


class Epoch(Range, low=0, high=3):
    """An epoch."""


class Phase(Enum):
    IDLE = "idle"
    BUSY = "busy"


class Vote(Record):
    server: Server
    epoch: Epoch


class Ack(Record):
    epoch: Epoch


class Log(Seq[Vote], capacity=2):
    """A log."""



class Broken(Spec):
    phase: Map[Server, Phase] = state(Phase.IDLE)
    epoch: Epoch = state(Epoch(0))
    seen: Set[Server] = state()
    log: Log = state()
    leader: Server | None = state(None)
    message: Vote | Ack | None = state(None)
    count: Map[Server, int] = state(0)

    @action
    def act(self) -> None:
        self.epoch = Epoch(1)
