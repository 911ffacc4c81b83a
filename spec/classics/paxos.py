"""Single-decree Paxos, after Lamport, "Paxos made simple" (2001), and the TLA+ module of the same name.

Acceptors vote in numbered ballots; a value is chosen when a majority has voted for it in one ballot. Before a value is
proposed in a ballot, a majority promises to vote in no lower one, and says how it has voted so far; the latest of those
votes decides what may be proposed. Messages are never lost and may be read again, so the network is the set of messages
ever sent; leaders and learners need no state of their own.
"""

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Set,
    Sort,
    Spec,
    action,
    invariant,
    require,
    state,
    variant,
    witness,
)

acceptors = Constant(3, "number of acceptors", low=1)
values = Constant(2, "number of values that may be proposed", low=1)
ballots = Constant(2, "number of ballots", low=1)

any_value = variant("any-value", "A leader proposes what it likes, whatever the acceptors have voted for.")
break_promise = variant("break-promise", "An acceptor votes in a ballot lower than it has promised.")
propose_early = variant("propose-early", "A leader proposes although it has not heard from a majority.")


class Acceptor(Sort, size=acceptors):
    """Who votes. Acceptors are interchangeable."""


class Value(Sort, size=values):
    """What may be chosen. Values are interchangeable."""


class Ballot(Range, low=0, high=ballots - 1):
    """The number of a ballot; each has a leader of its own."""


class Vote(Record):
    """A vote for a value in a ballot."""

    ballot: Ballot
    value: Value


class Prepare(Record):
    """Phase 1a: the leader of a ballot asks for promises."""

    ballot: Ballot


class Promise(Record):
    """Phase 1b: an acceptor will vote in no lower ballot; this is its latest vote."""

    acceptor: Acceptor
    ballot: Ballot
    latest: Vote | None


class Propose(Record):
    """Phase 2a: the leader of a ballot asks to vote for a value."""

    ballot: Ballot
    value: Value


class Accept(Record):
    """Phase 2b: an acceptor has voted."""

    acceptor: Acceptor
    vote: Vote


class Paxos(Spec):
    """At most one value is chosen."""

    promised: Map[Acceptor, Ballot | None] = state(None)  # votes in no lower ballot
    voted: Map[Acceptor, Vote | None] = state(None)  # its latest vote
    sent: Set[Prepare | Promise | Propose | Accept] = state()

    @action
    def prepare(self, b: Ballot) -> None:
        """The leader of a ballot asks for promises."""
        self.sent.add(Prepare(ballot=b))

    @action
    def promise(self, a: Acceptor, b: Ballot) -> None:
        """An acceptor promises to vote in no lower ballot, and says how it has voted."""
        require(Prepare(ballot=b) in self.sent and self.free(a, b) and self.promised[a] != b)
        self.promised[a] = b
        self.sent.add(Promise(acceptor=a, ballot=b, latest=self.voted[a]))

    @action
    def propose(self, b: Ballot, v: Value, quorum: Set[Acceptor]) -> None:
        """The leader of a ballot has read the promises of a majority, and proposes a value that is safe."""
        require(self.majority(quorum) or propose_early)
        require(not any(Propose(ballot=b, value=w) in self.sent for w in Value))
        require(all(self.has_promised(a, b) for a in quorum))
        require(any_value or self.safe(b, v, quorum))
        self.sent.add(Propose(ballot=b, value=v))

    @action
    def accept(self, a: Acceptor, b: Ballot, v: Value) -> None:
        """An acceptor votes as proposed, unless it has promised not to."""
        require(Propose(ballot=b, value=v) in self.sent and (self.free(a, b) or break_promise))
        vote = Vote(ballot=b, value=v)
        self.promised[a] = b
        self.voted[a] = vote
        self.sent.add(Accept(acceptor=a, vote=vote))

    def free(self, a: Acceptor, b: Ballot) -> bool:
        """Whether the promises of an acceptor leave it free to vote in a ballot."""
        promised = self.promised[a]
        return promised is None or promised <= b

    def has_promised(self, a: Acceptor, b: Ballot) -> bool:
        """Whether an acceptor has made its promise for a ballot."""
        return any(m.acceptor == a and m.ballot == b for m in self.sent if isinstance(m, Promise))

    def safe(self, b: Ballot, v: Value, quorum: Set[Acceptor]) -> bool:
        """Whether this quorum reports no vote, or the latest vote it reports is for this value."""
        reports = Set(m for m in self.sent if isinstance(m, Promise) and m.ballot == b and m.acceptor in quorum)
        votes = Set(m.latest for m in reports if m.latest is not None)
        return len(votes) == 0 or any(x.value == v and all(y.ballot <= x.ballot for y in votes) for x in votes)

    def has_voted(self, a: Acceptor, b: Ballot, v: Value) -> bool:
        """Whether an acceptor has voted for a value in a ballot."""
        return Accept(acceptor=a, vote=Vote(ballot=b, value=v)) in self.sent

    def will_not_vote(self, a: Acceptor, b: Ballot) -> bool:
        """Whether an acceptor has not voted in a ballot and has promised not to."""
        return not self.free(a, b) and not any(self.has_voted(a, b, v) for v in Value)

    def majority(self, group: Set[Acceptor]) -> bool:
        """Whether these are more than half of the acceptors."""
        return 2 * len(group) > acceptors

    def chosen(self, v: Value) -> bool:
        """Whether a majority has voted for a value in one ballot."""
        return any(self.majority(Set(a for a in Acceptor if self.has_voted(a, b, v))) for b in Ballot)

    def settled(self, b: Ballot, v: Value) -> bool:
        """Whether no value but this can be chosen in a ballot: a majority voted for it or will not vote at all."""
        return self.majority(Set(a for a in Acceptor if self.has_voted(a, b, v) or self.will_not_vote(a, b)))

    @invariant
    def agreement(self) -> bool:
        """At most one value is chosen."""
        return not any(self.chosen(v) and self.chosen(w) for v in Value for w in Value if v != w)

    @invariant
    def one_proposal(self) -> bool:
        """In each ballot at most one value is proposed."""
        return all(sum(1 for v in Value if Propose(ballot=b, value=v) in self.sent) <= 1 for b in Ballot)

    @invariant
    def proposals_are_safe(self) -> bool:
        """When a value is proposed, no other value can be chosen in any lower ballot, now or later."""
        proposals = Set(m for m in self.sent if isinstance(m, Propose))
        return all(self.settled(c, m.value) for m in proposals for c in Ballot if c < m.ballot)

    @invariant
    def votes_are_proposed(self) -> bool:
        """An acceptor's latest vote was proposed and sent, in no higher ballot than it has promised."""
        return all(self.recorded(a, self.voted[a]) for a in Acceptor)

    def recorded(self, a: Acceptor, vote: Vote | None) -> bool:
        """Whether a vote, if there is one, was proposed and sent, in no higher ballot than promised."""
        if vote is None:
            return True
        promised = self.promised[a]
        proposed = Propose(ballot=vote.ballot, value=vote.value) in self.sent
        return (
            proposed and self.has_voted(a, vote.ballot, vote.value) and promised is not None and vote.ballot <= promised
        )

    @witness
    def choice(self) -> bool:
        """A value is chosen."""
        return any(self.chosen(v) for v in Value)
