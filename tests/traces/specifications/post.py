"""Letters between towns that may be lost in a flood, and a board that everybody reads: two kinds of channels."""

from quorate.spec.lang import Constant, Map, Record, Seq, Set, Sort, Spec, action, require, state

towns = Constant(2, "number of towns")


class Town(Sort, size=towns):
    """A town."""


class Letter(Record):
    """A letter."""

    urgent: bool


class Bag(Seq[Letter], capacity=4):
    """Letters on one road, in order."""


class Notice(Record):
    """What hangs on the board."""

    by: Town


class Post(Spec):
    """Letters and notices."""

    road: Map[Town, Map[Town, Bag]] = state()
    board: Set[Notice] = state()
    read: Map[Town, bool] = state(False)

    @action
    def send(self, a: Town, b: Town, urgent: bool) -> None:
        require(a != b)
        self.road[a][b].append(Letter(urgent=urgent))

    @action
    def fetch(self, b: Town, a: Town) -> None:
        require(len(self.road[a][b]) > 0)
        self.road[a][b].remove_first()
        self.read[b] = True

    @action
    def flood(self, a: Town, b: Town) -> None:
        self.road[a][b].clear()
        self.read[a] = False

    @action
    def pin(self, t: Town) -> None:
        self.board.add(Notice(by=t))

    @action
    def look(self, t: Town, n: Notice) -> None:
        require(n in self.board)
        self.read[t] = True
