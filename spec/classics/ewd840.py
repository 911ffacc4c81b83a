"""Termination detection on a ring, after Dijkstra, Feijen and van Gasteren, "Derivation of a termination detection
algorithm for distributed computations" (EWD 840, 1983).

Nodes compute and wake each other by messages that arrive at once. Node 0 wants to know when all of them have become
passive, so it sends a token around the ring, against the direction of the numbers. A node that has woken one the token
has already passed turns black, and stains the token on its next visit: that round decides nothing.
"""

from enum import Enum

from ..lang import Constant, Map, Range, Spec, action, initial, invariant, require, state, terminal, variant, witness

nodes = Constant(4, "number of nodes on the ring", low=2)

stay_white = variant("stay-white", "A node that wakes one behind the token does not turn black.")
pass_active = variant("pass-while-active", "A node passes the token on without waiting until it is passive.")


class Node(Range, low=0, high=nodes - 1):
    """A place on the ring; the token travels from high numbers to low ones."""


class Colour(Enum):
    """Black is for doubt: a black node, or a black token, makes the round inconclusive."""

    WHITE = "white"
    BLACK = "black"


class Ewd840(Spec):
    """When node 0 concludes that everybody is passive, everybody is."""

    active: Map[Node, bool] = state(False)
    colour: Map[Node, Colour] = state(Colour.WHITE)
    position: Node = state(0)  # where the token is
    token: Colour = state(Colour.BLACK)

    @initial
    def anyhow(self, active: Map[Node, bool], colour: Map[Node, Colour], position: Node) -> None:
        """The computation may be anywhere; only the token must be black, so that the first round decides nothing."""
        self.active = active
        self.colour = colour
        self.position = position

    @action
    def initiate(self) -> None:
        """Node 0 starts a new round, with a white token, when the last one was inconclusive."""
        require(self.position == 0)
        require(self.token is Colour.BLACK or self.colour[Node(0)] is Colour.BLACK)
        self.position = Node(nodes - 1)
        self.token = Colour.WHITE
        self.colour[Node(0)] = Colour.WHITE

    @action
    def pass_token(self, i: Node) -> None:
        """A node passes the token on when it is passive, or when the round is lost anyway; a black one stains it."""
        require(i != 0 and self.position == i)
        lost = self.colour[i] is Colour.BLACK or self.token is Colour.BLACK
        require(not self.active[i] or lost or pass_active)
        if self.colour[i] is Colour.BLACK:
            self.token = Colour.BLACK
        self.position = i - 1
        self.colour[i] = Colour.WHITE

    @action
    def wake(self, i: Node, j: Node) -> None:
        """An active node wakes another. If the token may already have passed that one, the sender turns black."""
        require(i != j and self.active[i])
        self.active[j] = True
        if j > i and not stay_white:
            self.colour[i] = Colour.BLACK

    @action
    def finish(self, i: Node) -> None:
        """A node becomes passive, which it may do at any moment."""
        require(self.active[i])
        self.active[i] = False

    def detected(self) -> bool:
        """Node 0 has the token and concludes that the computation is over."""
        white = self.token is Colour.WHITE and self.colour[Node(0)] is Colour.WHITE
        return self.position == 0 and white and not self.active[Node(0)]

    @invariant
    def detection_is_right(self) -> bool:
        """When node 0 concludes that the computation is over, every node is passive."""
        return not self.detected() or not any(self.active[i] for i in Node)

    @invariant
    def doubt_is_ahead(self) -> bool:
        """The nodes the token has passed are passive, or the token is black, or it has yet to come by a black node."""
        return (
            all(not self.active[i] for i in Node if i > self.position)
            or self.token is Colour.BLACK
            or any(self.colour[i] is Colour.BLACK for i in Node if i <= self.position)
        )

    @witness
    def detection(self) -> bool:
        """Node 0 concludes that the computation is over."""
        return self.detected()

    @terminal
    def over(self) -> bool:
        """The computation is over, and node 0 knows it."""
        return self.detected()
