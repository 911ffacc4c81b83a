"""Raft's leader election, after Ongaro and Ousterhout, "In search of an understandable consensus algorithm" (2014),
section 5.2, without logs.

Time is divided into terms. A server that hears from no leader starts a new term and asks all others for their vote;
with votes from a majority it leads in that term. A server votes once in a term, and keeps term and vote on its disk.
Messages may be lost, reordered and repeated: the network is the set of messages ever sent, and nobody has to read one.
"""

from enum import Enum
from typing import Self

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Set,
    Sort,
    Spec,
    action,
    boundary,
    invariant,
    require,
    state,
    step_invariant,
    variant,
    witness,
)

servers = Constant(3, "number of servers", low=1)
terms = Constant(2, "last term that is explored", low=1)

forget_vote = variant("forget-vote", "A server keeps its term on disk, but not its vote.")
vote_twice = variant("vote-twice", "A server votes for every candidate that asks.")


class Server(Sort, size=servers):
    """A server; servers are interchangeable."""


class Term(Range, low=0, high=terms + 1):
    """The number of a term; one step beyond the boundary is checked too."""


class Role(Enum):
    """What a server takes itself for."""

    FOLLOWER = "follower"
    CANDIDATE = "candidate"
    LEADER = "leader"


class RequestVote(Record):
    """A candidate asks for votes in a term."""

    term: Term
    candidate: Server


class Vote(Record):
    """A server votes for a candidate in a term."""

    term: Term
    voter: Server
    candidate: Server


class Heartbeat(Record):
    """A server leads in a term."""

    term: Term
    leader: Server


class RaftElection(Spec):
    """In each term at most one server leads."""

    role: Map[Server, Role] = state(Role.FOLLOWER)
    term: Map[Server, Term] = state(0)  # on disk
    voted_for: Map[Server, Server | None] = state(None)  # in this term; on disk
    votes: Map[Server, Set[Server]] = state()  # of a candidate: who has voted for it, as far as it knows
    sent: Set[RequestVote | Vote | Heartbeat] = state()

    @action
    def time_out(self, s: Server) -> None:
        """A server that hears from no leader becomes a candidate in a new term, and votes for itself."""
        require(self.role[s] is not Role.LEADER)
        self.enter_term(s, self.term[s] + 1)
        self.role[s] = Role.CANDIDATE
        self.voted_for[s] = s
        self.votes[s].add(s)
        self.sent.add(RequestVote(term=self.term[s], candidate=s))

    @action
    def vote(self, s: Server, request: RequestVote) -> None:
        """A server votes for a candidate, if it has not voted for another in this term."""
        require(request in self.sent and request.candidate != s and request.term >= self.term[s])
        if request.term > self.term[s]:
            self.enter_term(s, request.term)
        require(self.voted_for[s] is None or self.voted_for[s] == request.candidate or vote_twice)
        self.voted_for[s] = request.candidate
        self.sent.add(Vote(term=request.term, voter=s, candidate=request.candidate))

    @action
    def count(self, s: Server, voter: Server) -> None:
        """A candidate reads a vote for itself."""
        require(self.role[s] is Role.CANDIDATE)
        require(Vote(term=self.term[s], voter=voter, candidate=s) in self.sent)
        self.votes[s].add(voter)

    @action
    def win(self, s: Server) -> None:
        """A candidate with votes from a majority leads, and tells everybody."""
        require(self.role[s] is Role.CANDIDATE and 2 * len(self.votes[s]) > servers)
        self.role[s] = Role.LEADER
        self.votes[s].clear()
        self.sent.add(Heartbeat(term=self.term[s], leader=s))

    @action
    def follow(self, s: Server, heartbeat: Heartbeat) -> None:
        """A server hears from a leader of its own term or a later one, and follows."""
        require(heartbeat in self.sent and heartbeat.leader != s and heartbeat.term >= self.term[s])
        if heartbeat.term > self.term[s]:
            self.enter_term(s, heartbeat.term)
        self.role[s] = Role.FOLLOWER
        self.votes[s].clear()

    @action
    def restart(self, s: Server) -> None:
        """A server stops and starts again with what is on its disk."""
        self.role[s] = Role.FOLLOWER
        self.votes[s].clear()
        if forget_vote:
            self.voted_for[s] = None

    def enter_term(self, s: Server, term: Term) -> None:
        """A server begins a later term as a follower that has not voted."""
        self.term[s] = term
        self.role[s] = Role.FOLLOWER
        self.voted_for[s] = None
        self.votes[s].clear()

    @invariant
    def one_leader(self) -> bool:
        """In each term at most one server leads, or has led."""
        return all(sum(1 for s in Server if Heartbeat(term=t, leader=s) in self.sent) <= 1 for t in Term)

    @invariant
    def one_vote(self) -> bool:
        """No server votes for two candidates in one term."""
        votes = Set(m for m in self.sent if isinstance(m, Vote))
        return not any(
            x.voter == y.voter and x.term == y.term and x.candidate != y.candidate for x in votes for y in votes
        )

    @step_invariant
    def terms_grow(self, before: Self) -> bool:
        """A server never goes back to an earlier term."""
        return all(self.term[s] >= before.term[s] for s in Server)

    @witness
    def leader(self) -> bool:
        """A server leads."""
        return any(self.role[s] is Role.LEADER for s in Server)

    @witness
    def two_leaders(self) -> bool:
        """Two servers take themselves for the leader, each in its own term."""
        return sum(1 for s in Server if self.role[s] is Role.LEADER) == 2

    @boundary
    def early(self) -> bool:
        """No server is beyond the last term."""
        return all(self.term[s] <= terms for s in Server)
