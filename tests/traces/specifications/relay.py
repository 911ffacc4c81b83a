"""A relay: one server asks, the others answer, over a network that loses messages. Uses most types on purpose."""

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
    expect,
    invariant,
    require,
    state,
    step_invariant,
    terminal,
    variant,
    witness,
)

servers = Constant(2, "number of servers", low=2)
top = Constant(2, "highest round", low=1)

forget = variant("forget", "A server that answers forgets what it wrote before.")
overflow = variant("overflow", "The round is raised without looking at its bound.")


class Server(Sort, size=servers):
    """A server."""


class Round(Range, low=0, high=top):
    """A round."""


class Mood(Enum):
    """What a server is doing."""

    IDLE = "idle"
    WAITING = "waiting"


class Ask(Record):
    """A question to one server."""

    to: Server
    round: Round


class Answer(Record):
    """Its answer."""

    by: Server
    round: Round


class Network(Bag[Ask | Answer], capacity=2):
    """Unordered."""


class Log(Seq[Round], capacity=3):
    """The rounds that a server took part in."""


class Relay(Spec):
    """Servers ask and answer."""

    mood: Map[Server, Mood] = state(Mood.IDLE)
    log: Map[Server, Log] = state()
    net: Network = state()
    round: Round = state(0)
    asker: Server | None = state(None)
    heard: Set[Server] = state()

    @action
    def ask(self, s: Server, to: Server) -> None:
        """A server asks another."""
        require(self.asker is None and s != to)
        require(overflow or self.round < top)
        self.asker = s
        self.mood[s] = Mood.WAITING
        self.round += 1
        self.net.add(Ask(to=to, round=self.round))

    @action
    def answer(self, s: Server, m: Ask | Answer) -> None:
        """A server answers a question that was put to it."""
        require(m in self.net)
        question = expect(m, Ask)
        require(question.to == s)
        self.net.remove(m)
        self.net.add(Answer(by=s, round=question.round))
        if forget:
            self.log[s].clear()
        self.log[s].append(question.round)

    @action
    def hear(self, m: Ask | Answer) -> None:
        """The asker reads an answer."""
        require(m in self.net)
        found = expect(m, Answer)
        asker = expect(self.asker)
        self.net.remove(m)
        self.heard.add(found.by)
        self.mood[asker] = Mood.IDLE
        self.asker = None

    @action
    def lose(self, m: Ask | Answer) -> None:
        """The network loses a message."""
        require(m in self.net)
        self.net.remove(m)

    @invariant
    def only_the_asker_waits(self) -> bool:
        """Whoever waits has asked."""
        return all(self.asker == s for s in Server if self.mood[s] is Mood.WAITING)

    @invariant
    def nobody_has_two_rounds(self) -> bool:
        """A false hope: no server takes part twice."""
        longest = max(len(self.log[s]) for s in Server)
        return longest < 2

    @step_invariant
    def logs_grow(self, before: Self) -> bool:
        """No log loses what it held."""
        return all(
            len(before.log[s]) <= len(self.log[s]) and self.log[s][: len(before.log[s])] == before.log[s]
            for s in Server
        )

    @witness
    def everybody_heard(self) -> bool:
        """Every server was heard."""
        return all(s in self.heard for s in Server)

    @terminal
    def finished(self) -> bool:
        """The last round is over."""
        return self.round == top
