"""Termination detection with messages that take time, after Safra, in Dijkstra's note "Shmuel Safra's version of
termination detection" (EWD 998, 1987).

As in EWD 840 a token goes around the ring and black means doubt. Messages are now in flight for a while, so every node
counts those it has sent minus those it has received, and the token sums the counts up: at the end, the sum over all
nodes is the number of messages in flight.
"""

from enum import Enum

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Set,
    Spec,
    action,
    boundary,
    initial,
    invariant,
    require,
    state,
    terminal,
    variant,
    witness,
)

nodes = Constant(2, "number of nodes on the ring", low=2)

stay_white = variant("stay-white", "A node that receives a message does not turn black.")
ignore_counts = variant("ignore-counts", "Node 0 looks only at colours, not at the sum of the counts.")


class Node(Range, low=0, high=nodes - 1):
    """A place on the ring; the token travels from high numbers to low ones."""


class Colour(Enum):
    """Black is for doubt: a black node, or a black token, makes the round inconclusive."""

    WHITE = "white"
    BLACK = "black"


class Pending(Range, low=0, high=4):
    """Messages in flight to one node: 3 within the boundary, and one beyond."""


class Counter(Range, low=-3 * (nodes - 1), high=4):
    """Messages sent minus messages received: nobody receives more than the other nodes' counts allow."""


class Total(Range, low=-3 * (nodes - 1) * (nodes - 1), high=12):
    """The counts summed up by the token: 9 within the boundary, and one node's count beyond."""


class Token(Record):
    """What goes around the ring."""

    position: Node
    total: Total
    colour: Colour


class Ewd998(Spec):
    """When node 0 concludes that the computation is over, nobody is active and nothing is in flight."""

    active: Map[Node, bool] = state(False)
    colour: Map[Node, Colour] = state(Colour.WHITE)
    counter: Map[Node, Counter] = state(0)
    pending: Map[Node, Pending] = state(0)
    token: Token = state(Token(position=Node(0), total=Total(0), colour=Colour.BLACK))

    @initial
    def anyhow(self, active: Map[Node, bool], colour: Map[Node, Colour], position: Node) -> None:
        """Nothing is in flight; the rest may be anyhow, but for the token: it is black."""
        self.active = active
        self.colour = colour
        self.token = self.token.replace(position=position)

    @action
    def initiate(self) -> None:
        """Node 0 starts a new round when the last one was inconclusive."""
        require(self.token.position == 0 and not self.conclusive())
        self.token = Token(position=Node(nodes - 1), total=Total(0), colour=Colour.WHITE)
        self.colour[Node(0)] = Colour.WHITE

    @action
    def pass_token(self, i: Node) -> None:
        """A passive node adds its count to the token and passes it on; a black one stains it, and is white again."""
        require(i != 0 and self.token.position == i and not self.active[i])
        stain = Colour.BLACK if self.colour[i] is Colour.BLACK else self.token.colour
        self.token = Token(position=i - 1, total=self.token.total + self.counter[i], colour=stain)
        self.colour[i] = Colour.WHITE

    @action
    def send(self, i: Node, j: Node) -> None:
        """An active node sends a message to another."""
        require(i != j and self.active[i])
        self.counter[i] += 1
        self.pending[j] += 1

    @action
    def receive(self, i: Node) -> None:
        """A message arrives: the node becomes active, and black."""
        require(self.pending[i] > 0)
        self.pending[i] -= 1
        self.counter[i] -= 1
        self.active[i] = True
        if not stay_white:
            self.colour[i] = Colour.BLACK

    @action
    def finish(self, i: Node) -> None:
        """A node becomes passive, which it may do at any moment."""
        require(self.active[i])
        self.active[i] = False

    def conclusive(self) -> bool:
        """Node 0 has the token, and sees no doubt and no message unaccounted for."""
        white = self.token.colour is Colour.WHITE and self.colour[Node(0)] is Colour.WHITE
        balanced = ignore_counts or self.token.total + self.counter[Node(0)] == 0
        return self.token.position == 0 and white and balanced

    def detected(self) -> bool:
        """Node 0 concludes that the computation is over."""
        return self.conclusive() and not self.active[Node(0)]

    @invariant
    def detection_is_right(self) -> bool:
        """When node 0 concludes that the computation is over, nobody is active and nothing is in flight."""
        return not self.detected() or all(not self.active[i] and self.pending[i] == 0 for i in Node)

    @invariant
    def counts_are_exact(self) -> bool:
        """The counts of all nodes add up to the number of messages in flight."""
        return sum(self.counter[i] for i in Node) == sum(self.pending[i] for i in Node)

    @invariant
    def safra(self) -> bool:
        """The token's sum is that of passive nodes behind it, or the rest of the ring makes this round inconclusive."""
        token = self.token
        return (
            self.summed_up()
            or sum(self.counter[i] for i in Node if i <= token.position) + token.total > 0
            or any(self.colour[i] is Colour.BLACK for i in Node if i <= token.position)
            or token.colour is Colour.BLACK
        )

    def summed_up(self) -> bool:
        """The nodes the token has passed are passive, and their counts add up to its sum."""
        passed = Set(i for i in Node if i > self.token.position)
        return all(not self.active[i] for i in passed) and self.token.total == sum(self.counter[i] for i in passed)

    @witness
    def detection(self) -> bool:
        """Node 0 concludes that the computation is over."""
        return self.detected()

    @terminal
    def over(self) -> bool:
        """The computation is over, and node 0 knows it."""
        return self.detected()

    @boundary
    def few_messages(self) -> bool:
        """No node has more than 3 messages sent in excess or in flight to it, and the token's sum is at most 9."""
        return self.token.total <= 9 and all(self.counter[i] <= 3 and self.pending[i] <= 3 for i in Node)
