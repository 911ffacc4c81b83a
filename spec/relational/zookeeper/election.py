"""Fast leader election for any number of servers: what its winner is worth.

After `FastLeaderElection.lookForLeader`. A credential is (peerEpoch, zxid, server id): a total order. What can be
proved of an election is *dominance*: the winner's credential is at least that of every member of some quorum, so
with quorums for commits it holds every committed transaction. That a round has one winner is not true of it
(`tests/relational/test_election.py` finds the trace); one leader per epoch comes from the quorum of ACKEPOCH.

Not modelled: the timer `finalizeWait`, observers, notifications from servers that lead or follow already.
"""

from .. import (
    Formula,
    Function,
    OrderedSort,
    Quorum,
    Relation,
    Sort,
    Step,
    Theory,
    Update,
    action,
    background,
    exists,
    forall,
    implies,
    initially,
    invariant,
    relation,
    safety,
    step_safety,
    variant,
    when,
)


class Server(Sort):
    """A server of the ensemble."""


class Round(OrderedSort):
    """A round of the election, the logical clock."""


class Credential(OrderedSort):
    """What a vote is compared by: peerEpoch, then zxid, then server id."""


class Majority(Quorum[Server]):
    """A quorum of servers."""


adopt_any = variant("adopt-any-vote", "A server adopts any vote that it hears, also a smaller one.")
decide_without_quorum = variant("decide-without-quorum", "A server decides before a quorum votes as it does.")


class Election(Theory):
    """Fast leader election: votes grow, a quorum of equal votes decides."""

    sorts = (Server, Round, Credential, Majority)
    rows = (Server, Round)
    instances = ({"Server": 3, "Round": 2, "Credential": 4},)
    variants = (adopt_any, decide_without_quorum)

    server: Function[Credential, Server] = background("the server id in a credential")
    passed: Relation[Server, Round] = relation("s has entered a round above r")
    entered: Relation[Server, Round] = relation("s has entered round r")
    own: Relation[Server, Round, Credential] = relation("s entered round r with credential c")
    voted: Relation[Server, Round, Credential] = relation("s has voted for c in round r")
    raised: Relation[Server, Round, Credential] = relation("s has voted for more than c in round r")
    decided: Relation[Server, Round, Credential] = relation("s left round r with the winner c")

    @initially
    def nothing(self) -> tuple[Update, ...]:
        """Nobody has entered a round."""
        return ()

    def _enters(self, s: Server, r: Round, c: Credential) -> tuple[Update, ...]:
        passed = self.passed.insert_where(lambda t, x: (t == s) & (x < r))
        return passed, self.entered.insert(s, r), self.own.insert(s, r, c)

    @action
    def enter(self, s: Server, r: Round, c: Credential) -> Step:
        """s starts a new round with a vote for itself."""
        return when(self.server(c) == s, ~self.passed(s, r), ~self.entered(s, r)).then(
            *self._enters(s, r, c),
            self.voted.insert(s, r, c),
            self.raised.insert_where(lambda t, x, d: (t == s) & (x == r) & (d < c)),
        )

    @action
    def catch_up(self, s: Server, r: Round, c: Credential, t: Server, d: Credential) -> Step:
        """s hears from a later round, enters it, and votes for the larger of its own credential and d."""
        return when(self.server(c) == s, ~self.passed(s, r), ~self.entered(s, r), self.voted(t, r, d), c < d).then(
            *self._enters(s, r, c),
            self.voted.insert(s, r, d),
            self.raised.insert_where(lambda u, x, b: (u == s) & (x == r) & (b < d)),
        )

    @action
    def adopt(self, s: Server, r: Round, t: Server, c: Credential) -> Step:
        """s hears a larger vote in its round, and votes the same from now on."""
        return when(
            self.entered(s, r),
            ~self.passed(s, r),
            self.voted(t, r, c),
            self._undecided(s, r),
            self.unless(adopt_any, ~self.raised(s, r, c) & ~self.voted(s, r, c)),
        ).then(
            self.voted.insert(s, r, c),
            self.raised.insert_where(lambda u, x, b: (u == s) & (x == r) & (b < c)),
        )

    @action
    def decide(self, s: Server, r: Round, c: Credential, q: Majority) -> Step:
        """s has heard its own vote from a quorum: c has won, and s stops."""
        return when(
            self.voted(s, r, c),
            ~self.raised(s, r, c),
            self._undecided(s, r),
            self.unless(decide_without_quorum, q.each(lambda t: self.voted(t, r, c))),
        ).then(self.decided.insert(s, r, c))

    def _undecided(self, s: Server, r: Round) -> Formula:
        return forall(Credential, lambda d: ~self.decided(s, r, d))

    @safety
    def validity(self, s: Server, r: Round, c: Credential) -> Formula:
        """The winner is the credential that some server entered the round with."""
        return implies(self.decided(s, r, c), exists(Server, lambda t: self.own(t, r, c)))

    @safety
    def dominance(self, s: Server, r: Round, c: Credential) -> Formula:
        """The winner is at least the credential of every member of some quorum, all of which took part."""

        def below(q: Majority) -> Formula:
            return q.each(
                lambda t: self.entered(t, r) & forall(Credential, lambda d: implies(self.own(t, r, d), d <= c))
            )

        return implies(self.decided(s, r, c), exists(Majority, below, ("q",)))

    @safety
    def one_decision_each(self, s: Server, r: Round, c: Credential, d: Credential) -> Formula:
        """A server decides at most once in a round."""
        return implies(self.decided(s, r, c) & self.decided(s, r, d), c == d)

    @invariant
    def credentials_agree(self, s: Server, r: Round, c: Credential, d: Credential) -> Formula:
        """A server enters a round with one credential."""
        return implies(self.own(s, r, c) & self.own(s, r, d), c == d)

    @invariant
    def credentials_enter(self, s: Server, r: Round, c: Credential) -> Formula:
        """Only who entered a round has a credential in it."""
        return implies(self.own(s, r, c), self.entered(s, r))

    @invariant
    def voters_enter(self, s: Server, r: Round, c: Credential) -> Formula:
        """Only who entered a round votes in it."""
        return implies(self.voted(s, r, c), self.entered(s, r))

    @invariant
    def votes_dominate(self, s: Server, r: Round, c: Credential, d: Credential) -> Formula:
        """A vote is at least the voter's own credential."""
        return implies(self.voted(s, r, c) & self.own(s, r, d), d <= c)

    @invariant
    def credentials_raise(self, s: Server, r: Round, c: Credential, d: Credential) -> Formula:
        """What lies below a server's own credential is passed over from the start."""
        return implies(self.own(s, r, d) & (c < d), self.raised(s, r, c))

    @invariant
    def votes_are_credentials(self, r: Round, c: Credential) -> Formula:
        """Every vote is the credential of somebody in the round."""
        voted = exists(Server, lambda s: self.voted(s, r, c))
        return implies(voted, exists(Server, lambda t: self.own(t, r, c)))

    @invariant
    def decisions_have_quorum(self, s: Server, r: Round, c: Credential) -> Formula:
        """A quorum voted for the winner."""
        return implies(self.decided(s, r, c), exists(Majority, lambda q: q.each(lambda t: self.voted(t, r, c))))

    @invariant
    def votes_raise(self, s: Server, r: Round, c: Credential, d: Credential) -> Formula:
        """What lies below a vote has been passed over."""
        return implies(self.voted(s, r, d) & (c < d), self.raised(s, r, c))

    @step_safety()
    def votes_grow(self, after: "Election", s: Server, r: Round, c: Credential, d: Credential) -> Formula:
        """A new vote of a server in a round is larger than all its votes before."""
        fresh = after.voted(s, r, d) & ~self.voted(s, r, d)
        return implies(fresh & self.voted(s, r, c), c < d)
