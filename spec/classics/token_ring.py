"""A token ring that survives the loss of a token, after Misra, "Detecting termination of distributed computations using
markers" (1983), section 5, without any clock.

Two tokens, Ping and Pong, travel around the ring in the same direction; Ping is the privilege. Both carry a count,
which changes when they meet. A node remembers the token it saw last. When the same token comes again with the same
count, it has gone around without meeting the other one, and the other has not been here either: it is lost, and is made
anew. Counts are modulo n+1, as there are n nodes to remember old ones.
"""

from enum import Enum

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Spec,
    action,
    expect,
    initial,
    invariant,
    require,
    state,
    variant,
    witness,
)

nodes = Constant(3, "number of nodes on the ring", low=2)

same_count = variant("same-count", "The count does not change when the tokens meet.")
impatient = variant("impatient", "A node takes a token for lost when it sees the other one twice, whatever the count.")


class Node(Range, low=0, high=nodes - 1):
    """A place on the ring; tokens travel from low numbers to high ones."""


class Count(Range, low=0, high=nodes):
    """Meetings of the two tokens, modulo n+1."""


class Token(Enum):
    """Each token watches over the other."""

    PING = "the privilege"
    PONG = "its companion"


class Seen(Record):
    """What a node remembers of the last token that came by."""

    token: Token
    count: Count


def following(i: Node) -> Node:
    """The next node on the ring."""
    return Node((i + 1) % nodes)


def other(t: Token) -> Token:
    """The token that this one watches over."""
    return Token.PONG if t is Token.PING else Token.PING


class TokenRing(Spec):
    """There is never more than one token of a kind, though one may be lost at any time and is then made anew."""

    # The count of the token of each kind at each node, if it is there. Both start at node 0.
    at: Map[Token, Map[Node, Count | None]] = state(None)
    seen: Map[Node, Seen | None] = state(None)

    @initial
    def start(self) -> None:
        """Both tokens are at node 0."""
        for t in Token:
            self.at[t][Node(0)] = Count(0)

    @action
    def move(self, t: Token, i: Node) -> None:
        """A token goes to the next node. Where it meets the other one, or makes it anew, the count changes."""
        count = expect(self.at[t][i])
        self.at[t][i] = None
        here = following(i)
        meets = self.at[other(t)][here] is not None
        if meets or self.is_alone(t, here, count):
            after = count if meets and same_count else Count((count + 1) % (nodes + 1))
            self.at[t][here] = after
            self.at[other(t)][here] = after
        else:
            self.at[t][here] = count
        self.seen[here] = Seen(token=t, count=count)

    @action
    def lose(self, t: Token, i: Node) -> None:
        """A token is lost. The other one must be there to notice."""
        require(self.at[t][i] is not None and self.exists(other(t)))
        self.at[t][i] = None

    def is_alone(self, t: Token, i: Node, count: Count) -> bool:
        """Whether a token that arrives at a node shows that the other one is lost."""
        last = self.seen[i]
        return last is not None and last.token is t and (last.count == count or impatient)

    def exists(self, t: Token) -> bool:
        """Whether there is a token of this kind."""
        return any(self.at[t][i] is not None for i in Node)

    @invariant
    def one_each(self) -> bool:
        """There is at most one token of each kind."""
        return all(sum(1 for i in Node if self.at[t][i] is not None) <= 1 for t in Token)

    @invariant
    def never_silent(self) -> bool:
        """There is always a token on the ring."""
        return any(self.exists(t) for t in Token)

    @witness
    def privilege_lost(self) -> bool:
        """Ping is lost, and only Pong can notice."""
        return not self.exists(Token.PING)
