"""Messages through a storm: servers go down, are cut off, change their role, and leave an action half done."""

from enum import Enum

from quorate.spec.lang import (
    Map,
    Record,
    Seq,
    Set,
    Sort,
    Spec,
    abandon,
    action,
    require,
    runs_on,
    state,
    step,
)


class Server(Sort, size=3):
    """A server."""


class Role(Enum):
    """What a server is."""

    FOLLOWING = "following"
    LEADING = "leading"


class Thread(Enum):
    """The threads of a server."""

    DISK = "disk"


class Letter(Record):
    """Something sent."""

    urgent: bool


class Queue(Seq[Letter], capacity=2):
    """Letters on their way."""


class Storm(Spec):
    """Servers in a storm."""

    role: Map[Server, Role] = state(Role.FOLLOWING)
    crashed: Set[Server] = state()
    isolated: Set[Server] = state()
    written: Set[Server] = state()
    heard: Set[Server] = state()
    queue: Map[Server, Map[Server, Queue]] = state()

    @action
    def send(self, i: Server, j: Server) -> None:
        require(i != j)
        self.queue[i][j].append(Letter(urgent=True))

    @action
    def receive(self, j: Server, i: Server) -> None:
        require(len(self.queue[i][j]) > 0)
        self.queue[i][j].remove_first()
        self.heard.add(j)

    @action
    def crash(self, i: Server) -> None:
        require(i not in self.crashed)
        self.crashed.add(i)
        abandon(i)

    @action
    def promote(self, i: Server) -> None:
        self.role[i] = Role.LEADING

    @action
    def isolate(self, i: Server) -> None:
        self.isolated.add(i)

    @action
    def heal(self) -> None:
        self.isolated.clear()

    @action
    @runs_on(Thread.DISK)
    def write(self, i: Server) -> None:
        require(i not in self.written)
        step("W.sync")
        self.written.add(i)
