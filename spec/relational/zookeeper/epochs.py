"""Epoch establishment alone: CEPOCH, NEWEPOCH, ACKEPOCH. One leader per epoch, for any number of servers.

The first phase of ZAB (DSN 2011, section V-B, discovery), small enough to see how such a proof is made. A server
that has promised an epoch has left all smaller ones; the rest is that two quorums meet.
"""

from .. import (
    Formula,
    OrderedSort,
    Quorum,
    Relation,
    Sort,
    Step,
    Theory,
    Update,
    action,
    exists,
    forall,
    implies,
    initially,
    invariant,
    relation,
    safety,
    variant,
    when,
)


class Server(Sort):
    """A server of the ensemble."""


class Epoch(OrderedSort, least=True):
    """An epoch."""


class Majority(Quorum[Server]):
    """A quorum of servers."""


no_intersection = variant("no-intersection", "Two quorums need not meet.", drops=Majority)
accept_again = variant("accept-again", "A follower accepts an epoch from a second candidate.")
establish_without_quorum = variant("establish-without-quorum", "A leader does not wait for a quorum of ACKEPOCH.")


class Epochs(Theory):
    """Epoch establishment: candidates collect promises; a quorum of them makes a leader."""

    sorts = (Server, Epoch, Majority)
    rows = (Server, Epoch)
    instances = ({"Server": 3, "Epoch": 3},)
    variants = (no_intersection, accept_again, establish_without_quorum)

    told: Relation[Server, Server, Epoch] = relation("s sent CEPOCH to candidate p, with an acceptedEpoch below e")
    offered: Relation[Server, Epoch] = relation("candidate p sent NEWEPOCH e")
    accepted: Relation[Server, Epoch] = relation("s accepted e; it was its acceptedEpoch")
    acknowledged: Relation[Server, Epoch, Server] = relation("s sent ACKEPOCH e to p")
    left: Relation[Server, Epoch] = relation("s has accepted an epoch above e")
    leader: Relation[Epoch, Server] = relation("p is established as leader of epoch e")

    @initially
    def nothing(self) -> tuple[Update, ...]:
        """Nobody has sent anything."""
        return ()

    @action
    def send_cepoch(self, s: Server, p: Server, a: Epoch) -> Step:
        """s tells candidate p that it accepted nothing above a."""
        return when(~self.left(s, a)).then(self.told.insert_where(lambda t, c, e: (t == s) & (c == p) & (a < e)))

    @action
    def send_newepoch(self, p: Server, e: Epoch, q: Majority) -> Step:
        """p proposes an epoch above all that a quorum told it."""
        return when(q.each(lambda s: self.told(s, p, e))).then(self.offered.insert(p, e))

    @action
    def send_ackepoch(self, s: Server, p: Server, e: Epoch) -> Step:
        """s accepts NEWEPOCH e of p, the first of its kind, and acknowledges it."""
        return when(
            self.offered(p, e),
            ~self.left(s, e),
            self.unless(accept_again, ~self.accepted(s, e)),
        ).then(
            self.accepted.insert(s, e),
            self.acknowledged.insert(s, e, p),
            self.left.insert_where(lambda t, f: (t == s) & (f < e)),
        )

    @action
    def establish(self, p: Server, e: Epoch, q: Majority) -> Step:
        """A quorum acknowledged e to p."""
        return when(
            self.unless(establish_without_quorum, q.each(lambda s: self.acknowledged(s, e, p))),
        ).then(self.leader.insert(e, p))

    @safety
    def one_leader(self, e: Epoch, p: Server, r: Server) -> Formula:
        """An epoch has at most one leader."""
        return implies(self.leader(e, p) & self.leader(e, r), p == r)

    @invariant
    def acknowledges_once(self, s: Server, e: Epoch, p: Server, r: Server) -> Formula:
        """A server acknowledges an epoch to at most one candidate."""
        return implies(self.acknowledged(s, e, p) & self.acknowledged(s, e, r), p == r)

    @invariant
    def acknowledges_accepted(self, s: Server, e: Epoch, p: Server) -> Formula:
        """What is acknowledged was accepted."""
        return implies(self.acknowledged(s, e, p), self.accepted(s, e))

    @invariant
    def leader_has_quorum(self, e: Epoch) -> Formula:
        """A quorum acknowledged the epoch to its leader."""

        def acknowledged_by_all(q: Majority) -> Formula:
            return forall(Server, lambda p: implies(self.leader(e, p), q.each(lambda s: self.acknowledged(s, e, p))))

        return exists(Majority, acknowledged_by_all, ("q",))
