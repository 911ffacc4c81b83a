"""A correct specification that uses most of the vocabulary: type checkers in strict mode find nothing."""

from enum import Enum
from typing import Self

from quorate.spec.lang import (
    Bag,
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
    initial,
    invariant,
    require,
    state,
    step_invariant,
    terminal,
    variant,
    witness,
)

servers = Constant(3, "number of servers", low=1)
epochs = Constant(2, "highest epoch", low=1)
greedy = variant("greedy", "A leader does not wait for a quorum.")


class Server(Sort, size=servers):
    """A server."""


class Epoch(Range, low=0, high=epochs + 1):
    """An epoch."""


class Role(Enum):
    """What a server does."""

    LOOKING = "looking"
    LEADING = "leading"


class Zxid(Record, order=True):
    """A transaction's identifier."""

    epoch: Epoch
    counter: Epoch


class Txn(Record):
    """A transaction, and who has acknowledged it."""

    zxid: Zxid
    acks: Set[Server]


class Ack(Record):
    """An acknowledgement."""

    zxid: Zxid


Message = Txn | Ack


class History(Seq[Txn], capacity=epochs):
    """Transactions in order."""


class Channel(Seq[Message], capacity=2):
    """Messages in flight between two servers."""


class Soup(Bag[Message], capacity=2):
    """Messages that may overtake each other."""


def is_quorum(group: Set[Server]) -> bool:
    """More than half of all servers."""
    return 2 * len(group) > len(Server)


class Good(Spec):
    """All words, used as they are meant."""

    role: Map[Server, Role] = state(Role.LOOKING)
    epoch: Map[Server, Epoch] = state(Epoch(0))
    history: Map[Server, History] = state()
    channel: Map[Server, Map[Server, Channel]] = state()
    soup: Soup = state()
    leader: Server | None = state(None)
    seen: Set[Server] = state(ghost=True)
    vote: Map[Server, Server | None] = state(lambda s: s)

    @initial
    def someone_leads(self, s: Server) -> None:
        """Any server may lead from the start."""
        self.role[s] = Role.LEADING
        self.leader = s

    @action
    def receive(self, i: Server, j: Server) -> None:
        """Takes the first message from j."""
        require(len(self.channel[j][i]) > 0)
        message = self.channel[j][i].first
        self.channel[j][i].remove_first()
        match message:
            case Ack(zxid=zxid):
                self.history[i] = History(t.replace(acks=t.acks | {j}) for t in self.history[i] if t.zxid <= zxid)
            case Txn(zxid, acks):
                self.history[i].append(Txn(zxid, acks | {i}))
                self.epoch[i] = zxid.epoch
        self.note(i)

    def note(self, s: Server) -> None:
        """An effect that actions share."""
        self.seen.add(s)

    @action
    def propose(self, i: Server) -> None:
        """The leader starts a transaction."""
        leader = expect(self.leader)
        require(leader == i and (greedy or is_quorum(Set(s for s in Server if self.role[s] is Role.LOOKING))))
        zxid = Zxid(self.epoch[i], Epoch(len(self.history[i])))
        self.epoch[i] += 1
        for s in Server:
            if s != i:
                self.channel[i][s].append(Txn(zxid, Set((i,))))
        self.soup.add(Ack(zxid))

    @action
    def take(self, m: Message) -> None:
        """Takes a message out of the soup."""
        require(m in self.soup)
        ack = expect(m, Ack)
        self.soup.remove(m)
        best = max(self.history[s].last.zxid.epoch for s in Server if len(self.history[s]) > 0)
        require(ack.zxid.epoch <= best)

    @action
    def compare(self, i: Server, j: Server) -> None:
        """Optional values are ranked where they are known not to be None."""
        newest = max((self.epoch[s] for s in Server if self.vote[s] == i), default=None)
        oldest = min((self.epoch[s] for s in Server if self.vote[s] == j), default=None)
        require(newest is not None and oldest is not None and (newest, oldest) < (oldest, newest))
        self.vote[i] = None

    @invariant
    def bounded(self) -> bool:
        """Histories are ordered."""
        return all(
            self.history[s][n].zxid <= self.history[s][n + 1].zxid
            for s in Server
            for n in range(len(self.history[s]) - 1)
        )

    @step_invariant
    def grows(self, before: Self) -> bool:
        """Epochs only grow."""
        return all(before.epoch[s] <= self.epoch[s] for s in Server)

    @witness
    def all_seen(self) -> bool:
        """Every server has received something."""
        return len(self.seen) == len(Server)

    @boundary
    def small(self) -> bool:
        """Few messages are under way."""
        return len(self.soup) < 2

    @terminal
    def done(self) -> bool:
        """No epoch is left."""
        return any(self.epoch[s] == epochs for s in Server)
