"""Fast leader election, with which ZooKeeper chooses who leads: Java's FastLeaderElection.lookForLeader.

A server that looks for a leader votes for itself and tells everybody. It takes over every better vote it hears of in
the same round, and tells everybody again. Once a quorum votes as it does it waits a little for a better vote, and
decides. Rounds keep votes of earlier elections apart. A decision is no agreement: see the witness
`decide_differently`. Only a quorum that promises an epoch makes a leader, and that is Zab's part (`zab.py`).

The steps are those of the published model (`FastLeaderElection.tla`) of ZooKeeper's sources, by name. What happens
between elections (epochs, transactions) is there in outline, to give servers different credentials. Types and state
stand in `election_state.py`.
"""

from ..lang import Set, action, boundary, invariant, require, variant, witness
from .election_state import (
    ElectionState,
    Item,
    Notification,
    Role,
    Round,
    Row,
    Server,
    Vote,
    clocks,
    epochs,
    is_quorum,
    no_ballots,
    put,
    queue,
    supporters,
    transactions,
    versions,
)

no_comparison = variant("no-comparison", "A server takes over any vote that it hears of in its round, better or not.")
no_round = variant("no-round", "Notifications carry no round number: a server takes all for votes of its own round.")


class Election(ElectionState):
    """Fast leader election: every server decides whom to follow, and a winner is at least as good as a quorum."""

    # --------------------------------------------------------------------------------------------- the election

    @action
    def zab_timeout(self, i: Server) -> None:
        """i has lost its leader or followers: a new round, and a vote for itself (Java: QuorumPeer.run)."""
        require(self.role[i] is not Role.LOOKING)
        self.role[i] = Role.LOOKING
        self.last_processed[i] = self.last_logged(i)
        self.receive_votes[i] = no_ballots()
        self.out_of_election[i] = no_ballots()
        self.receive_queue[i].clear()
        self.wait_notmsg[i] = False
        self.leading_vote_set[i] = Set()
        self.enter(i, self.logical_clock[i] + 1)
        self.current_vote[i] = self.credential(i)
        self.notify_all(i)

    @action
    def receive_notmsg(self, i: Server, j: Server) -> None:
        """i receives a notification from j; it answers one that has something to learn (Java: WorkerReceiver.run)."""
        require(len(self.election_messages[j][i]) > 0)
        n = self.election_messages[j][i].first
        self.election_messages[j][i].remove_first()
        if self.role[i] is Role.LOOKING:
            self.receive_queue[i] = self.without_timeouts(i)
            self.receive_queue[i].append(n)
            if n.role is Role.LOOKING and n.round < self.logical_clock[i]:
                self.notify(i, j)
        elif n.role is Role.LOOKING:
            self.notify(i, j)

    @action
    def notmsg_timeout(self, i: Server) -> None:
        """i has waited for notifications in vain (Java: recvqueue.poll returns null)."""
        require(self.role[i] is Role.LOOKING and len(self.receive_queue[i]) == 0)
        require(all(len(self.election_messages[j][i]) == 0 for j in Server))
        self.receive_queue[i].append(None)

    @action
    def handle_notmsg(self, i: Server) -> None:
        """i looks at the next notification (Java: the loop of lookForLeader)."""
        require(self.role[i] is Role.LOOKING and not self.wait_notmsg[i])
        require(len(self.receive_queue[i]) > 0)
        item = self.receive_queue[i].first
        self.receive_queue[i].remove_first()
        if item is None:
            self.notify_all(i)
        else:
            n = self.in_own_round(i, item)
            if n.role is not Role.LOOKING:
                self.handle_decided(i, n)
            elif n.round > self.logical_clock[i]:
                self.join_round(i, n)
            elif n.round == self.logical_clock[i]:
                self.compare(i, n)

    def in_own_round(self, i: Server, n: Notification) -> Notification:
        """The notification; without round numbers it counts for the round that i is in."""
        return n.replace(round=self.logical_clock[i]) if no_round else n

    def join_round(self, i: Server, n: Notification) -> None:
        """i hears of a later round: it starts over in it, with the better of that vote and its own."""
        self.enter(i, n.round)
        own = self.credential(i)
        self.current_vote[i] = n.vote if n.vote > own else own
        self.notify_all(i)
        self.receive_votes[i] = put(no_ballots(), n)
        self.wait_if_decided(i)

    def compare(self, i: Server, n: Notification) -> None:
        """i hears of a vote of its round: it takes it over where it is better (Java: totalOrderPredicate)."""
        if n.vote > self.current_vote[i] or (no_comparison and n.vote != self.current_vote[i]):
            self.current_vote[i] = n.vote
            self.notify_all(i)
        self.receive_votes[i] = put(self.receive_votes[i], n)
        self.wait_if_decided(i)

    def wait_if_decided(self, i: Server) -> None:
        """If a quorum votes as i does, i waits for a better vote before it decides (Java: finalizeWait)."""
        backers = supporters(self.receive_votes[i], i, self.current_vote[i], self.logical_clock[i])
        if is_quorum(backers):
            self.wait_notmsg[i] = True

    def handle_decided(self, i: Server, n: Notification) -> None:
        """i hears from a server that has decided, and follows it if a quorum and the leader itself agree."""
        same_round = n.round == self.logical_clock[i]
        votes = put(self.receive_votes[i], n)
        if same_round:
            self.receive_votes[i] = votes
        if same_round and self.confirmed(i, votes, n):
            self.decide(i, n.vote, supporters(votes, n.source, n.vote, n.round))
        else:
            self.out_of_election[i] = put(self.out_of_election[i], n)
            others = self.out_of_election[i]
            if self.confirmed(i, others, n):
                self.logical_clock[i] = n.round
                self.decide(i, n.vote, supporters(others, n.source, n.vote, n.round))
            elif same_round and n.role is Role.LEADING:
                self.decide(i, n.vote, self.leading_vote_set[i])

    def confirmed(self, i: Server, row: Row, n: Notification) -> bool:
        """Whether a quorum votes as n says, and its leader is known to lead (Java: checkLeader)."""
        leader = n.vote.leader
        leads = n.round == self.logical_clock[i] if leader == i else leading(row, leader)
        return leads and is_quorum(supporters(row, n.source, n.vote, n.round))

    @action
    def wait_new_notmsg(self, i: Server) -> None:
        """While i waits, a better vote sends it back to comparing; if none comes it decides (Java: finalizeWait)."""
        require(self.role[i] is Role.LOOKING and self.wait_notmsg[i])
        item = self.next_item(i)
        if item is None:
            backers = supporters(self.receive_votes[i], i, self.current_vote[i], self.logical_clock[i])
            self.decide(i, self.current_vote[i], backers)
        else:
            self.receive_queue[i].remove_first()
            if item.vote > self.current_vote[i]:
                self.wait_notmsg[i] = False
                self.receive_queue[i].append(item)

    def next_item(self, i: Server) -> Item:
        """What is next in the queue of i: a notification, or None for a timeout or nothing."""
        return self.receive_queue[i].first if len(self.receive_queue[i]) > 0 else None

    def decide(self, i: Server, vote: Vote, backers: Set[Server]) -> None:
        """i leaves the election, to lead or to follow."""
        self.current_vote[i] = vote
        if vote.leader == i:
            self.role[i] = Role.LEADING
            self.leading_vote_set[i] = backers
            self.reset_acks(i)
        else:
            self.role[i] = Role.FOLLOWING

    # ------------------------------------------------------------------------------------------- between elections

    @action
    def leader_advance_epoch(self, i: Server) -> None:
        """A leader starts an epoch (Java: Leader.lead, setCurrentEpoch)."""
        require(self.role[i] is Role.LEADING)
        self.current_epoch[i] += 1

    @action
    def follower_update_epoch(self, i: Server, j: Server) -> None:
        """A follower learns the epoch of its leader (Java: Learner.syncWithLeader, setCurrentEpoch)."""
        require(self.follows(i, j) and self.current_epoch[i] < self.current_epoch[j])
        self.current_epoch[i] = self.current_epoch[j]

    @action
    def leader_advance_zxid(self, i: Server) -> None:
        """A leader logs a transaction (Java: Leader.propose, SyncRequestProcessor)."""
        require(self.role[i] is Role.LEADING)
        self.log_next(i)

    @action
    def follower_update_zxid(self, i: Server, j: Server) -> None:
        """A follower logs what its leader has logged (Java: Learner.syncWithLeader, Follower.processPacket)."""
        require(self.follows(i, j) and self.last_processed[i].zxid < self.last_processed[j].zxid)
        self.last_processed[i] = self.last_processed[j]
        self.history[i] = self.history[j]

    def follows(self, i: Server, j: Server) -> bool:
        """Whether i has decided to follow j, and j to lead."""
        return self.role[i] is Role.FOLLOWING and self.role[j] is Role.LEADING and self.current_vote[i].leader == j

    # -------------------------------------------------------------------------------------------------- properties

    @invariant
    def votes_are_credentials(self) -> bool:
        """Every vote, held or under way, is what some server entered that very round with."""
        return (
            all(self.current_vote[i] in self.credentials[self.logical_clock[i]] for i in Server)
            and all(self.fair(n) for i in Server for j in Server for n in self.election_messages[i][j])
            and all(n is None or self.fair(n) for i in Server for n in self.receive_queue[i])
        )

    def fair(self, n: Notification) -> bool:
        """Whether the vote of a notification is a credential of its round."""
        return n.vote in self.credentials[n.round]

    @invariant
    def winner_is_at_least_as_good_as_a_quorum(self) -> bool:
        """A leader entered its round with epoch, zxid and id at least as large as those of a quorum."""
        return all(
            is_quorum(self.not_better(self.current_vote[i], self.logical_clock[i]))
            for i in Server
            if self.role[i] is Role.LEADING
        )

    def not_better(self, vote: Vote, clock: Round) -> Set[Server]:
        """The servers that entered a round with a credential that is not better than a vote."""
        return Set(v.leader for v in self.credentials[clock] if v <= vote)

    @invariant
    def leaders_vote_for_themselves(self) -> bool:
        """Whoever leads votes for itself, and a quorum has voted for it."""
        return all(
            self.current_vote[i].leader == i and is_quorum(self.leading_vote_set[i])
            for i in Server
            if self.role[i] is Role.LEADING
        )

    @witness
    def leader_is_elected(self) -> bool:
        """A leader has a quorum that follows it."""
        return any(
            is_quorum(Set(i for i in Server if i == j or self.follows(i, j)))
            for j in Server
            if self.role[j] is Role.LEADING
        )

    @witness
    def second_election(self) -> bool:
        """A leader is elected in a second round."""
        return any(self.role[i] is Role.LEADING and self.logical_clock[i] >= 1 for i in Server)

    @witness
    def decide_differently(self) -> bool:
        """Two servers have decided for different leaders in the same round."""
        return any(
            self.role[i] is not Role.LOOKING
            and self.role[j] is not Role.LOOKING
            and self.logical_clock[i] == self.logical_clock[j]
            and self.current_vote[i].leader != self.current_vote[j].leader
            for i in Server
            for j in Server
        )

    # ---------------------------------------------------------------------------------------------------- boundary

    @boundary
    def within_constants(self) -> bool:
        """Clocks, epochs, histories, versions and queues stay within the constants."""
        return all(
            self.logical_clock[i] <= clocks
            and self.current_epoch[i] <= epochs
            and len(self.history[i]) <= transactions
            and len(self.receive_queue[i]) <= queue
            and all(self.small(i, j) for j in Server)
            for i in Server
        )

    def small(self, i: Server, j: Server) -> bool:
        """Whether the channel from i to j, and what i keeps of the votes of j, stay within the constants."""
        return (
            len(self.election_messages[i][j]) <= queue
            and self.receive_votes[i][j].version <= versions
            and self.out_of_election[i][j].version <= versions
        )


def leading(row: Row, leader: Server) -> bool:
    """Whether a server has told that it leads."""
    return row[leader].vote is not None and row[leader].role is Role.LEADING
