"""ZAB to delivery, for any number of servers, epochs, transactions and values.

After Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup systems" (DSN 2011),
sections III to V. What makes the proof decidable: logs are versioned. `log(s, e, z, v)` says that server s holds
transaction z with value v *as of epoch e*; the log of an epoch is frozen once its server promises a larger one, so
the histories inside ACKEPOCH and NEWLEADER need no relation of their own: server and epoch determine them. A log is
a set of transactions; the order of zxids orders it.

Not modelled: liveness, reconfiguration, observers, DIFF, TRUNC and SNAP as messages of their own (all three mean
"the history becomes the initial history of the epoch"), loss of what was written to disk, UPTODATE.
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
    axiom,
    background,
    corollary,
    definition,
    exists,
    forall,
    iff,
    implies,
    initially,
    invariant,
    lemma,
    relation,
    safety,
    step_safety,
    variant,
    when,
)


class Server(Sort):
    """A server of the ensemble."""


class Epoch(OrderedSort, least=True):
    """An epoch; `Epoch.zero()` is that of the empty ensemble, before any leader."""


class Txn(OrderedSort):
    """The identity of a transaction, its zxid: epoch first, then counter."""


class Value(Sort):
    """What a transaction does."""


class Majority(Quorum[Server]):
    """A quorum of servers."""


no_intersection = variant("no-intersection", "Two quorums need not meet.", drops=Majority)
promise_again = variant("promise-again", "A follower acknowledges an epoch to a second candidate.")
lead_without_quorum = variant("lead-without-quorum", "A leader is established without the promises of a quorum.")
ignore_zxid = variant("ignore-zxid", "The candidate's history need not hold the last zxid of the quorum.")
ignore_current_epoch = variant(
    "ignore-current-epoch", "The candidate's history is chosen by its last zxid alone, not by currentEpoch first."
)
join_without_promise = variant("join-without-promise", "A follower joins an epoch that it did not promise.")
epoch_before_history = variant(
    "epoch-before-history", "A follower crashes after writing currentEpoch and before writing the history."
)
append_with_gap = variant("append-with-gap", "A follower appends a proposal although an earlier one is missing.")
append_after_leaving = variant("append-after-leaving", "A follower appends a proposal of an epoch that it has left.")
commit_without_quorum = variant("commit-without-quorum", "The leader commits what a quorum has not logged.")
deliver_out_of_order = variant("deliver-out-of-order", "A server delivers although an earlier one is missing.")
propose_before_sync = variant("propose-before-sync", "The leader proposes before a quorum has joined its epoch.")


class Zab(Theory):
    """ZAB: discovery, synchronisation, broadcast, delivery."""

    sorts = (Server, Epoch, Txn, Value, Majority)
    rows = (Server, Epoch)
    instances = ({"Server": 3, "Epoch": 3, "Txn": 3, "Value": 1}, {"Server": 2, "Epoch": 4, "Txn": 3, "Value": 2})
    variants = (
        no_intersection,
        promise_again,
        lead_without_quorum,
        ignore_zxid,
        ignore_current_epoch,
        join_without_promise,
        epoch_before_history,
        append_with_gap,
        append_after_leaving,
        commit_without_quorum,
        deliver_out_of_order,
        propose_before_sync,
    )

    epoch: Function[Txn, Epoch] = background("the epoch part of a zxid")
    promised: Relation[Server, Epoch, Server] = relation("s acknowledged NEWEPOCH e of candidate p")
    left: Relation[Server, Epoch] = relation("s has promised an epoch above e")
    leader: Relation[Epoch, Server] = relation("p is established as leader of epoch e")
    started: Relation[Epoch] = relation("epoch e has an initial history")
    initial_history: Relation[Epoch, Txn, Value] = relation("z with value v is in the initial history of e")
    joined: Relation[Server, Epoch] = relation("s acknowledged NEWLEADER e; e became its currentEpoch")
    log: Relation[Server, Epoch, Txn, Value] = relation("as of epoch e, the history of s has z with value v")
    proposed: Relation[Txn, Value] = relation("z was proposed with value v in its epoch")
    committed: Relation[Epoch, Txn, Value] = relation("the leader of e committed z with value v")
    delivered: Relation[Server, Txn, Value] = relation("s delivered z with value v")
    delivered_in: Relation[Server, Epoch, Txn, Value] = relation("s delivered z with value v in epoch e")

    @definition
    def history(self, e: Epoch, z: Txn, v: Value) -> Formula:
        """What the leader of e ever has in its history: the initial history, and its own proposals."""
        return self.initial_history(e, z, v) | ((self.epoch(z) == e) & self.proposed(z, v))

    @axiom
    def epochs_order_zxids(self, y: Txn, z: Txn) -> Formula:
        """A zxid compares by its epoch first."""
        return implies(y <= z, self.epoch(y) <= self.epoch(z))

    @initially
    def everybody_in_epoch_zero(self) -> tuple[Update, ...]:
        """Everybody starts in epoch zero, with an empty history."""
        zero = Epoch.zero()
        return self.started.rewrite(lambda e: e == zero), self.joined.rewrite(lambda s, e: e == zero)

    @action
    def promise(self, s: Server, e: Epoch, p: Server) -> Step:
        """Discovery: s accepts NEWEPOCH e of p and acknowledges it with its history."""
        return when(
            Epoch.zero() < e,
            ~self.left(s, e),
            self.unless(promise_again, forall(Server, lambda c: ~self.promised(s, e, c))),
        ).then(
            self.promised.insert(s, e, p),
            self.left.insert_where(lambda t, f: (t == s) & (f < e)),
        )

    @action
    def establish(self, p: Server, e: Epoch, q: Majority, b: Server, a: Epoch, z: Txn) -> Step:
        """Discovery ends: p takes the history of b, the best of a quorum that promised e to p.

        Best: no member joined an epoch between a and e, where b joined a; and no member has in a
        anything beyond z, the last transaction of b.
        """
        nothing = q.each(lambda s: forall(Txn, lambda y: forall(Value, lambda v: ~self.log(s, a, y, v))))
        return when(
            Epoch.zero() < e,
            a < e,
            ~self.leader(e, p),
            self.unless(lead_without_quorum, q.each(lambda s: self.promised(s, e, p))),
            q.has(b),
            self.joined(b, a),
            self._is_best(e, q, b, a, z),
            exists(Value, lambda v: self.log(b, a, z, v)) | nothing,
        ).then(
            self.leader.insert(e, p),
            self.started.insert(e),
            self.initial_history.insert_where(lambda f, y, v: (f == e) & self.log(b, a, y, v)),
        )

    def _is_best(self, e: Epoch, q: Majority, b: Server, a: Epoch, z: Txn) -> Formula:
        def joins_nothing_later(s: Server) -> Formula:
            return forall(Epoch, lambda f: implies(self.joined(s, f) & (f < e), f <= a))

        def logs_nothing_beyond(s: Server, f: Epoch) -> Formula:
            return forall(Txn, lambda y: forall(Value, lambda v: implies(self.log(s, f, y, v), y <= z)))

        def at_any_time(s: Server) -> Formula:
            return forall(Epoch, lambda f: implies(f < e, logs_nothing_beyond(s, f)))

        if self.deviates(ignore_current_epoch):
            return joins_nothing_later(b) & q.each(at_any_time)
        zxids = self.unless(ignore_zxid, q.each(lambda s: logs_nothing_beyond(s, a)))
        return q.each(joins_nothing_later) & zxids

    @action
    def join(self, s: Server, e: Epoch, p: Server) -> Step:
        """Synchronisation: s accepts NEWLEADER e of p; its history becomes the initial history of e."""
        history = self.log.insert_where(
            lambda t, f, z, v: (t == s) & (f == e) & self.initial_history(e, z, v),
        )
        written = () if self.deviates(epoch_before_history) else (history,)
        return when(
            self.leader(e, p),
            self.unless(join_without_promise, self.promised(s, e, p)),
            ~self.left(s, e),
            ~self.joined(s, e),
        ).then(self.joined.insert(s, e), *written)

    @action
    def join_late(self, s: Server, e: Epoch, p: Server) -> Step:
        """Synchronisation with a leader that is already broadcasting: s takes the leader's present history."""
        return when(
            self.leader(e, p),
            self.promised(s, e, p),
            self.joined(p, e),
            ~self.left(s, e),
            ~self.joined(s, e),
        ).then(
            self.joined.insert(s, e),
            self.log.insert_where(lambda t, f, z, v: (t == s) & (f == e) & self.log(p, e, z, v)),
        )

    @action
    def propose(self, p: Server, z: Txn, v: Value, q: Majority) -> Step:
        """Broadcast: the leader of z's epoch proposes z, above all it proposed, once a quorum has joined."""
        e = self.epoch(z)
        return when(
            self.leader(e, p),
            self.unless(propose_before_sync, q.each(lambda s: self.joined(s, e))),
            forall(
                Txn,
                lambda y: forall(Value, lambda w: implies(self.proposed(y, w) & (self.epoch(y) == e), y < z)),
            ),
        ).then(self.proposed.insert(z, v))

    @action
    def append(self, s: Server, z: Txn, v: Value) -> Step:
        """Broadcast: s logs proposal z, when it has everything before it and is still in the epoch."""
        e = self.epoch(z)

        def has_everything_before() -> Formula:
            return forall(
                Txn,
                lambda y: forall(Value, lambda w: implies(self.history(e, y, w) & (y < z), self.log(s, e, y, w))),
            )

        return when(
            self.joined(s, e),
            self.proposed(z, v),
            self.unless(append_after_leaving, ~self.left(s, e)),
            self.unless(append_with_gap, has_everything_before()),
        ).then(self.log.insert(s, e, z, v))

    @action
    def commit(self, e: Epoch, z: Txn, v: Value, q: Majority) -> Step:
        """Broadcast: a quorum has z in its history of epoch e."""
        return when(
            self.history(e, z, v),
            self.unless(commit_without_quorum, q.each(lambda s: self.log(s, e, z, v))),
        ).then(self.committed.insert(e, z, v))

    @action
    def deliver(self, s: Server, e: Epoch, z: Txn, v: Value) -> Step:
        """s delivers z, committed in e, after everything before it in its history of e."""

        def delivered_everything_before() -> Formula:
            return forall(
                Txn,
                lambda y: forall(Value, lambda w: implies(self.log(s, e, y, w) & (y < z), self.delivered(s, y, w))),
            )

        return when(
            self.committed(e, z, v),
            self.log(s, e, z, v),
            self.unless(deliver_out_of_order, delivered_everything_before()),
        ).then(self.delivered.insert(s, z, v), self.delivered_in.insert(s, e, z, v))

    # What is to be proved.

    @safety
    def one_leader(self, e: Epoch, p: Server, r: Server) -> Formula:
        """An epoch has at most one leader."""
        return implies(self.leader(e, p) & self.leader(e, r), p == r)

    @safety
    def nothing_committed_is_lost(self, e: Epoch, f: Epoch, z: Txn, v: Value) -> Formula:
        """What an epoch committed is in the initial history of every later epoch (leader completeness)."""
        return implies(self.committed(e, z, v) & (e < f) & self.started(f), self.initial_history(f, z, v))

    @safety
    def commits_agree(self, e: Epoch, f: Epoch, z: Txn, v: Value, w: Value) -> Formula:
        """One transaction is never committed with two values."""
        return implies(self.committed(e, z, v) & self.committed(f, z, w), v == w)

    @safety
    def commits_are_prefixes(self, e: Epoch, f: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """Of two commits, the smaller is in the history that the larger was committed in."""
        return implies(self.committed(e, y, v) & self.committed(f, z, w) & (y <= z), self.history(f, y, v))

    @safety
    def total_order(self, s: Server, t: Server, e: Epoch, f: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """Total order and agreement: whoever delivers z has delivered every smaller y that anybody delivered."""
        some = self.delivered_in(s, e, y, v) & self.delivered_in(t, f, z, w) & (y <= z)
        return implies(some, self.delivered(t, y, v))

    @safety
    def integrity(self, s: Server, z: Txn, v: Value) -> Formula:
        """What is delivered was proposed."""
        return implies(self.delivered(s, z, v), self.proposed(z, v))

    @safety
    def primary_integrity(self, f: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """A primary that proposed z has in its initial history every commit of a smaller epoch."""
        earlier = self.epoch(y) < self.epoch(z)
        some = self.proposed(z, v) & self.committed(f, y, w) & earlier
        return implies(some, self.initial_history(self.epoch(z), y, w))

    @safety
    def local_primary_order(self, s: Server, e: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """Whoever delivers z has delivered everything that z's primary proposed before z."""
        before = (self.epoch(y) == self.epoch(z)) & (y < z)
        return implies(self.delivered_in(s, e, z, v) & self.proposed(y, w) & before, self.delivered(s, y, w))

    # What makes it inductive.

    @invariant
    def promises_once(self, s: Server, e: Epoch, p: Server, r: Server) -> Formula:
        """A server promises an epoch to at most one candidate."""
        return implies(self.promised(s, e, p) & self.promised(s, e, r), p == r)

    @invariant
    def promising_leaves(self, s: Server, e: Epoch, f: Epoch, p: Server) -> Formula:
        """Who promised f has left every smaller epoch."""
        return implies(self.promised(s, f, p) & (e < f), self.left(s, e))

    @invariant
    def leader_has_quorum(self, e: Epoch) -> Formula:
        """A quorum promised the epoch to its leader."""

        def promised_by_all(q: Majority) -> Formula:
            return forall(Server, lambda p: implies(self.leader(e, p), q.each(lambda s: self.promised(s, e, p))))

        return exists(Majority, promised_by_all, ("q",))

    @invariant
    def leaders_start(self, e: Epoch, p: Server) -> Formula:
        """An epoch with a leader has started, and is not epoch zero."""
        return implies(self.leader(e, p), self.started(e) & (Epoch.zero() < e))

    @invariant
    def started_by_leader(self, e: Epoch) -> Formula:
        """An epoch that has started has a leader."""
        some = exists(Server, lambda p: self.leader(e, p))
        return implies(self.started(e) & (Epoch.zero() < e), some)

    @invariant
    def start_has_quorum(self, f: Epoch) -> Formula:
        """A quorum has left every epoch below one that has started."""

        def left_by_all(q: Majority) -> Formula:
            return q.each(lambda s: forall(Epoch, lambda e: implies(e < f, self.left(s, e))))

        started = self.started(f) & (Epoch.zero() < f)
        return implies(started, exists(Majority, left_by_all, ("q",)))

    @invariant
    def joins_started(self, s: Server, e: Epoch) -> Formula:
        """Only epochs that have started are joined."""
        return implies(self.joined(s, e), self.started(e))

    @invariant
    def joining_leaves(self, s: Server, e: Epoch, f: Epoch) -> Formula:
        """Who joined f has left every smaller epoch."""
        return implies(self.joined(s, f) & (e < f), self.left(s, e))

    @invariant
    def logs_history(self, s: Server, e: Epoch, z: Txn, v: Value) -> Formula:
        """A server's log of an epoch holds only what is in the epoch's history, and only once it joined."""
        return implies(self.log(s, e, z, v), self.joined(s, e) & self.history(e, z, v))

    @invariant
    def initial_history_is_old(self, e: Epoch, z: Txn, v: Value) -> Formula:
        """An initial history holds proposals of earlier epochs."""
        old = self.started(e) & (self.epoch(z) < e) & self.proposed(z, v)
        return implies(self.initial_history(e, z, v), old)

    @invariant
    def proposals_started(self, z: Txn, v: Value) -> Formula:
        """Only an epoch that has started proposes, and never epoch zero."""
        return implies(self.proposed(z, v), self.started(self.epoch(z)) & (Epoch.zero() < self.epoch(z)))

    @invariant
    def proposals_agree(self, z: Txn, v: Value, w: Value) -> Formula:
        """A transaction is proposed with one value."""
        return implies(self.proposed(z, v) & self.proposed(z, w), v == w)

    @invariant
    def joined_with_history(self, s: Server, e: Epoch, z: Txn, v: Value) -> Formula:
        """Who joined an epoch has its initial history."""
        return implies(self.joined(s, e) & self.initial_history(e, z, v), self.log(s, e, z, v))

    @invariant
    def logs_are_prefixes(self, s: Server, e: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """A log has no gaps."""
        return implies(self.log(s, e, z, v) & (y < z) & self.history(e, y, w), self.log(s, e, y, w))

    @invariant
    def logs_match(self, e: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """Up to any of its transactions, an initial history is the history of that transaction's epoch."""
        same = iff(self.history(e, y, w), self.history(self.epoch(z), y, w))
        return implies(self.initial_history(e, z, v) & (y <= z), same)

    @invariant
    def commits_have_quorum(self, e: Epoch, z: Txn, v: Value) -> Formula:
        """A quorum logged what an epoch committed."""
        logged = exists(Majority, lambda q: q.each(lambda s: self.log(s, e, z, v)))
        return implies(self.committed(e, z, v), logged)

    @invariant
    def no_loss(self, e: Epoch, f: Epoch, z: Txn, v: Value) -> Formula:
        """What a later epoch lacks can no longer be committed: in every quorum, one left without logging it."""
        lost = (e < f) & self.started(f) & self.history(e, z, v) & ~self.initial_history(f, z, v)
        left_without = forall(Majority, lambda q: q.some(lambda s: self.left(s, e) & ~self.log(s, e, z, v)))
        return implies(lost, left_without)

    @invariant
    def deliveries_are_commits(self, s: Server, e: Epoch, z: Txn, v: Value) -> Formula:
        """What is delivered in an epoch was committed in it."""
        return implies(self.delivered_in(s, e, z, v), self.committed(e, z, v) & self.delivered(s, z, v))

    @invariant
    def deliveries_are_prefixes(self, s: Server, e: Epoch, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """Deliveries have no gaps."""
        some = self.delivered_in(s, e, z, v) & self.history(e, y, w) & (y <= z)
        return implies(some, self.delivered(s, y, w))

    @invariant
    def proposals_have_quorum(self, z: Txn, v: Value) -> Formula:
        """A quorum joined the epoch of a proposal."""
        joined = exists(Majority, lambda q: q.each(lambda s: self.joined(s, self.epoch(z))))
        return implies(self.proposed(z, v), joined)

    @invariant
    def no_resurrection(self, e: Epoch, f: Epoch, y: Txn, w: Value) -> Formula:
        """What e dropped and a later epoch has again: in every quorum, one left e without joining it."""
        dropped = ~self.initial_history(e, y, w) & (self.epoch(y) < e)
        left_without = forall(Majority, lambda q: q.some(lambda s: self.left(s, e) & ~self.joined(s, e)))
        return implies((e < f) & self.initial_history(f, y, w) & dropped, left_without)

    # What needs an epoch for a delivery: proved apart, for it would leave the decidable fragment as a hypothesis.

    @lemma()
    def delivered_in_some_epoch(self, s: Server, z: Txn, v: Value) -> Formula:
        """Every delivery happened in some epoch."""
        some = exists(Epoch, lambda e: self.delivered_in(s, e, z, v))
        return implies(self.delivered(s, z, v), some)

    @corollary("delivered_in_some_epoch", "total_order")
    def prefix_order(self, s: Server, t: Server, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """The deliveries of two servers: one is a prefix of the other, in the order of zxids."""
        some = self.delivered(s, y, v) & self.delivered(t, z, w) & (y <= z)
        return implies(some, self.delivered(t, y, v))

    @step_safety()
    def global_order_in_epoch(
        self, after: "Zab", s: Server, e: Epoch, f: Epoch, y: Txn, z: Txn, v: Value, w: Value
    ) -> Formula:
        """Who delivers z for the first time in e, after y in f, delivers in the order of zxids."""
        first = ~self.delivered(s, z, v) & after.delivered(s, z, v) & after.delivered_in(s, e, z, v)
        return implies(first & self.delivered_in(s, f, y, w), y < z)

    @step_safety("delivered_in_some_epoch", "commits_are_prefixes", "deliveries_are_commits", "deliveries_are_prefixes")
    def global_primary_order(self, after: "Zab", s: Server, y: Txn, z: Txn, v: Value, w: Value) -> Formula:
        """Global primary order: what a server delivers for the first time is above all that it has delivered."""
        first = ~self.delivered(s, z, v) & after.delivered(s, z, v)
        return implies(first & self.delivered(s, y, w), y < z)
