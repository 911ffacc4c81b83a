"""Causal order of messages, after Raynal, Schiper and Toueg, "The causal ordering abstraction and a simple way to
implement it" (1991): a benchmark with channels that keep order and a state of 168 bytes.

Every message carries what its sender knows about who has sent how many messages to whom. A message is delivered once
its receiver has had all that were sent to it before, as far as the message knows. The same model is in
native_peers.py for SPIN and rumur.
"""

from quorate.spec.lang import Constant, Map, Range, Record, Seq, Sort, Spec, action, invariant, require, state

messages = Constant(6, "number of messages that are sent", low=1)
room = Constant(4, "number of messages that a channel holds", low=1)


class Node(Sort, size=3):
    """A process."""


class Count(Range, low=0, high=messages):
    """A number of messages."""


class Message(Record):
    """What the sender knows: known[a][b] messages were sent from a to b, this one not among them."""

    known: Map[Node, Map[Node, Count]]


class Channel(Seq[Message], capacity=room):
    """Messages under way from one node to another, oldest first."""


class CausalOrder(Spec):
    """Messages are delivered in causal order."""

    known: Map[Node, Map[Node, Map[Node, Count]]] = state(0)
    delivered: Map[Node, Map[Node, Count]] = state(0)  # [a][b]: messages of b delivered at a
    channel: Map[Node, Map[Node, Channel]] = state()  # [a][b]: from a to b
    left: Count = state(messages)

    @action
    def send(self, a: Node, b: Node) -> None:
        """A node sends a message to another."""
        require(a != b and self.left > 0 and len(self.channel[a][b]) < room)
        self.left -= 1
        self.channel[a][b].append(Message(known=self.known[a]))
        self.known[a][a][b] += 1

    @action
    def deliver(self, a: Node, b: Node) -> None:
        """A node takes the oldest message of a channel, if it has had everything that was sent before."""
        require(len(self.channel[a][b]) > 0)
        message = self.channel[a][b].first
        require(all(self.delivered[b][c] >= message.known[c][b] for c in Node))
        self.channel[a][b].remove_first()
        self.delivered[b][a] += 1
        for c in Node:
            for d in Node:
                self.known[b][c][d] = max(self.known[b][c][d], message.known[c][d])
        self.known[b][a][b] = max(self.known[b][a][b], message.known[a][b] + 1)

    @invariant
    def only_what_was_sent(self) -> bool:
        """Nobody has had more messages than were sent to it."""
        return all(self.delivered[b][a] <= self.known[a][a][b] for a in Node for b in Node)
