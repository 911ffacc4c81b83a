"""A world of the implementation as a specification sees it: typed state, what can happen when, what must hold.

The steps are not taken by this text but by real nodes (`performer.py`). The actions here say when each can happen, and
of what it does only how messages pass, which is what a diagram is drawn from. The properties are those of
`impl/ensemble/properties.py`, written a second time in the language, so that a violation can be explained: tests hold
guards and properties against the implementation in every world of small budgets.
"""

from ....spec.lang import action, boundary, expect, invariant, require, witness
from .state import (
    Commit,
    Count,
    Epoch,
    FollowerInfo,
    Kept,
    LeaderInfo,
    Limited,
    Log,
    Notification,
    Packet,
    Phase,
    Proposal,
    Role,
    Server,
    Txn,
    WorldState,
    Zxid,
    elections,
    rounds,
    servers,
    transactions,
)


def is_of_broadcast(packet: Packet) -> bool:
    """Whether a packet proposes or commits."""
    match packet:
        case Proposal() | Commit():
            return True
        case _:
            return False


class World(WorldState):
    """Real nodes of the reference implementation, their disks, and what is under way between them."""

    # ---------------------------------------------------------------------------------------------- deliveries

    @action
    def leader_receives(self, leader: Server, learner: Server) -> None:
        """The leader reads the next packet of a learner; only who leads answers calls."""
        require(self.role[leader] is not Role.DOWN and len(self.to_leader[learner][leader]) > 0)
        require(leader not in self.blocked[learner])
        first = self.to_leader[learner][leader].first
        require(self.role[leader] is Role.LEADING or not isinstance(first, FollowerInfo))
        self.to_leader[learner][leader].remove_first()
        self.to_learner[leader][learner].append(LeaderInfo(self.accepted_epoch[leader]))

    @action
    def follower_receives(self, learner: Server, leader: Server) -> None:
        """The learner reads the next packet of its leader."""
        require(self.role[learner] is not Role.DOWN and len(self.to_learner[leader][learner]) > 0)
        require(learner not in self.blocked[leader])
        self.to_learner[leader][learner].remove_first()

    @action
    def lose(self, learner: Server, leader: Server) -> None:
        """A proposal gets lost on a connection: with a seeded bug only."""
        require(self.role[learner] is not Role.DOWN and len(self.to_learner[leader][learner]) > 0)
        require(learner not in self.blocked[leader])
        require(isinstance(self.to_learner[leader][learner].first, Proposal))

    @action
    def overtake(self, learner: Server, leader: Server) -> None:
        """A proposal or commit overtakes the one before it: with a seeded bug only."""
        require(self.role[learner] is not Role.DOWN and len(self.to_learner[leader][learner]) > 1)
        require(learner not in self.blocked[leader])
        require(all(is_of_broadcast(packet) for packet in self.to_learner[leader][learner][:2]))

    @action
    def notified(self, server: Server, peer: Server) -> None:
        """A notification of an election peer arrives."""
        require(self.role[server] is not Role.DOWN and len(self.notifications[peer][server]) > 0)
        require(server not in self.blocked[peer])
        self.notifications[peer][server].remove_first()

    # ----------------------------------------------------------------------------------- servers by themselves

    @action
    def fsync(self, server: Server) -> None:
        """The disk is done with the log."""
        require(self.role[server] is not Role.DOWN and self.synced[server] < len(self.log[server]))

    @action
    def elect(self, server: Server) -> None:
        """The oracle names the server, which starts to lead."""
        require(self.role[server] is Role.LOOKING)
        require(self.left[Limited.ELECT] > 0)

    @action
    def follow(self, server: Server) -> None:
        """The server follows the one that the oracle has named."""
        require(self.role[server] is Role.LOOKING)
        leader = expect(self.oracle, Server)
        require(leader != server)
        self.to_leader[server][leader].append(FollowerInfo(self.accepted_epoch[server]))

    @action
    def finalize(self, server: Server) -> None:
        """No better vote came for a while after a quorum agreed: the election is over."""
        require(self.role[server] is Role.LOOKING and self.decided[server])
        self.to_leader[server][self.vote[server].leader].append(FollowerInfo(self.accepted_epoch[server]))

    @action
    def resend(self, server: Server) -> None:
        """Nothing was heard for a while: the server repeats its vote."""
        require(self.role[server] is Role.LOOKING and not self.decided[server])
        require(all(len(self.notifications[server][s]) + len(self.notifications[s][server]) == 0 for s in Server))
        for s in Server:
            said = Notification(Role.LOOKING, self.vote[server], self.round[server])
            self.notifications[server][s].append(said)

    @action
    def request(self, server: Server) -> None:
        """A client asks the leader for a write."""
        require(self.role[server] is Role.LEADING and self.phase[server] is Phase.BROADCAST)
        require(self.left[Limited.REQUEST] > 0)
        for s in Server:
            self.to_learner[server][s].append(Proposal(Txn(Zxid(self.accepted_epoch[server], Count(1)), self.requests)))

    # -------------------------------------------------------------------------------------------------- faults

    @action
    def timeout(self, server: Server) -> None:
        """The server gives up its role for no visible reason."""
        require(self.role[server] is Role.FOLLOWING or self.role[server] is Role.LEADING)
        require(self.left[Limited.TIMEOUT] > 0)

    @action
    def crash(self, server: Server, kept: Kept) -> None:
        """The server dies; of its log so many transactions are left, at least those synced."""
        require(self.role[server] is not Role.DOWN)
        require(self.synced[server] <= kept and kept <= len(self.log[server]))
        require(self.left[Limited.CRASH] > 0)

    @action
    def restart(self, server: Server) -> None:
        """The server starts with what its disk holds."""
        require(self.role[server] is Role.DOWN)

    @action
    def break_connection(self, learner: Server, leader: Server) -> None:
        """A connection is lost with everything in flight."""
        require(leader in self.dialled[learner] or learner in self.answered[leader])
        require(self.left[Limited.BREAK] > 0)

    @action
    def drop(self, sender: Server, receiver: Server) -> None:
        """The next notification between two peers is lost."""
        require(len(self.notifications[sender][receiver]) > 0)
        require(self.left[Limited.DROP] > 0)

    @action
    def duplicate(self, sender: Server, receiver: Server) -> None:
        """The next notification between two peers will come twice."""
        require(len(self.notifications[sender][receiver]) > 0)
        require(self.left[Limited.DUPLICATE] > 0)

    @action
    def block(self, sender: Server, receiver: Server) -> None:
        """Nothing that one server sends to another is delivered any more."""
        require(sender != receiver and receiver not in self.blocked[sender])
        self.blocked[sender].add(receiver)

    @action
    def heal(self, sender: Server, receiver: Server) -> None:
        """What one server sends to another is delivered again."""
        require(receiver in self.blocked[sender])
        self.blocked[sender].discard(receiver)

    # ---------------------------------------------------------------------------------------------- properties

    def known_log(self, s: Server) -> Log:
        """The log as a server knows it."""
        memory = self.memory[s]
        return self.log[s] if memory is None else memory.log

    def known_epoch(self, s: Server) -> Epoch:
        """currentEpoch as a server knows it."""
        memory = self.memory[s]
        return self.current_epoch[s] if memory is None else memory.current

    def holds_all(self, s: Server) -> bool:
        """Whether a crash would leave a server all that was ever delivered."""
        enough = self.synced[s] >= len(self.delivered)
        return enough and self.log[s][: len(self.delivered)] == self.delivered

    def agrees(self, s: Server) -> bool:
        """Whether what a server has delivered is what was delivered first, as far as both go."""
        both = min(self.committed[s], len(self.delivered))
        return self.known_log(s)[:both] == self.delivered[:both]

    def as_on_disk(self, s: Server) -> bool:
        """Whether a server and its disk agree on epochs and log."""
        memory = self.memory[s]
        if memory is None:
            return True
        same = memory.accepted == self.accepted_epoch[s] and memory.current == self.current_epoch[s]
        return same and memory.log == self.log[s]

    def begins_to_lead(self, s: Server) -> bool:
        """Whether a server leads that no quorum has connected to yet."""
        leads = self.leads[s]
        return leads is not None and leads.epoch == 0

    def newest(self) -> Epoch:
        """The newest epoch that was ever established."""
        return max((one.epoch for one in self.established), default=Epoch(0))

    @invariant
    def one_leader(self) -> bool:
        """An epoch is established by one leader at most."""
        return all(a.by == b.by for a in self.established for b in self.established if a.epoch == b.epoch)

    @invariant
    def agreement(self) -> bool:
        """What two servers have delivered is the same, as far as both have come."""
        return all(self.agrees(s) for s in Server if self.role[s] is not Role.DOWN)

    @invariant
    def durability(self) -> bool:
        """A quorum has on disk what was ever delivered."""
        keepers = {s for s in Server if self.holds_all(s)}
        return 2 * len(keepers) > servers

    @invariant
    def completeness(self) -> bool:
        """A leader of an epoch not older than any that was established has everything that was ever delivered."""
        return all(
            self.known_log(s)[: len(self.delivered)] == self.delivered
            for s in Server
            if self.role[s] is Role.LEADING
            and self.phase[s] is Phase.BROADCAST
            and self.known_epoch(s) >= self.newest()
        )

    @invariant
    def epochs(self) -> bool:
        """currentEpoch never passes acceptedEpoch; a server and its disk agree on both."""
        return all(self.current_epoch[s] <= self.accepted_epoch[s] and self.as_on_disk(s) for s in Server)

    @invariant
    def promises(self) -> bool:
        """No server goes back behind an epoch that it has promised."""
        return all(self.accepted_epoch[s] >= self.promised[s] for s in Server)

    @invariant
    def fair_votes(self) -> bool:
        """Whoever looks for a leader has a vote that some server has begun this very round with."""
        return elections > 0 or all(
            any(one.round == self.round[s] and one.vote == self.vote[s] for one in self.begun)
            for s in Server
            if self.role[s] is Role.LOOKING
        )

    @invariant
    def worthy_winner(self) -> bool:
        """Who starts to lead has begun the round with a vote at least as good as those of a quorum."""
        return elections > 0 or all(
            2 * sum(1 for one in self.begun if one.round == self.round[s] and one.vote <= self.vote[s]) > servers
            for s in Server
            if self.begins_to_lead(s)
        )

    @invariant
    def refinement(self) -> bool:
        """Every step is one of the specifications zab and election, or a stutter."""
        return self.refines

    @boundary
    def within_rounds(self) -> bool:
        """No server has begun a later round of fast leader election."""
        return all(self.round[s] <= rounds for s in Server)

    @witness
    def all_delivered(self) -> bool:
        """Everything that clients asked for was delivered."""
        return len(self.delivered) == transactions

    @witness
    def epoch_established(self) -> bool:
        """A leader has begun to take requests."""
        return len(self.established) > 0
