"""Zab, ZooKeeper's atomic broadcast: the protocol of Junqueira, Reed, Serafini (DSN 2011), sections IV and V.

Phase 0 elects, here by an oracle that may change its mind at any time (`election.py` is what ZooKeeper does instead).
Phase 1, discovery: a leader collects the promises of a quorum, and chooses the most recent history among them.
Phase 2, synchronization: it makes a quorum log this history. Phase 3, broadcast: it proposes transactions, and
commits each that a quorum has logged. A leader that loses its quorum, and a follower that loses its leader, go back
to phase 0.

Every step is one action, named as in the published model (`Zab.tla`) of ZooKeeper's sources: `i` acts, and reads the
first message of the channel from `j`. What the steps write stands in `zab_state.py`, what must always hold in
`zab_properties.py`.
"""

from ..lang import Record, Set, action, expect, require, variant
from .zab_properties import ZabProperties
from .zab_state import (
    Ack,
    AckEpoch,
    AckEpochFrom,
    AckLd,
    AckLdFrom,
    Anomaly,
    Broadcast,
    CEpoch,
    CEpochFrom,
    Commit,
    CommitLd,
    Committed,
    Counter,
    Epoch,
    History,
    Index,
    Message,
    NewEpoch,
    NewLeader,
    Phase,
    Propose,
    Role,
    Server,
    Txn,
    Zxid,
    connected,
    epochs,
    is_quorum,
    last_zxid,
    position,
    restarts,
    timeouts,
    transactions,
    zero,
)

no_quorum_needed = variant(
    "no-quorum-needed",
    "A leader is established as soon as one follower has answered, whether or not that is a quorum.",
)
ignore_zxid = variant(
    "ignore-zxid",
    "A new leader looks at current epochs alone when it chooses a history; where they are equal it keeps its own.",
)
ignore_epoch = variant(
    "ignore-epoch", "A new leader looks at last zxids alone when it chooses a history, not at current epochs."
)
epoch_before_history = variant(
    "epoch-before-history",
    "A follower writes currentEpoch before the history of its new leader, and may crash between the two.",
)
append_with_gap = variant(
    "append-with-gap", "A proposal may get lost on the way, and followers append the next one all the same."
)
commit_without_quorum = variant(
    "commit-without-quorum", "A leader commits a transaction when it proposes it, before anybody has acknowledged it."
)
deliver_out_of_order = variant(
    "deliver-out-of-order",
    "A message may overtake the one before it on the same channel, and followers log proposals as they come.",
)
lead_at_once = variant(
    "lead-at-once", "A leader takes requests as soon as it is established, before a quorum has logged its history."
)
ack_before_log = variant(
    "ack-before-log", "A follower acknowledges proposals before they are on its disk, and loses them in a crash."
)


class Zab(ZabProperties):
    """Zab: servers that crash and lose each other deliver the same transactions in the same order."""

    # ----------------------------------------------------------------------------------------- phase 0: election

    @action
    def update_leader(self, i: Server) -> None:
        """The oracle names i, which starts to lead (Java: QuorumPeer.run, FastLeaderElection.lookForLeader)."""
        require(self.role[i] is Role.LOOKING and self.oracle != i)
        self.oracle = i
        self.become_leader(i)

    @action
    def follow_leader(self, i: Server) -> None:
        """i obeys the oracle (Java: QuorumPeer.run)."""
        require(self.role[i] is Role.LOOKING and self.oracle is not None)
        if self.oracle == i:
            self.become_leader(i)
        else:
            self.become_follower(i)

    # ---------------------------------------------------------------------------------------------------- faults

    @action
    def timeout(self, i: Server, j: Server) -> None:
        """The leader i and its follower j do not hear from each other for too long (Java: LearnerHandler.synced)."""
        require(self.timeouts_used < timeouts)
        require(self.role[i] is Role.LEADING and self.follows(j, i))
        self.timeouts_used += 1
        self.lose(i, j)

    @action
    def restart(self, i: Server) -> None:
        """i crashes and starts with epochs and history, not knowing what is committed (Java: loadDataBase)."""
        require(self.timeouts_used < timeouts and self.restarts_used < restarts)
        self.crash(i)

    def crash(self, i: Server) -> None:
        """What a crash of i does to it and to those connected to it."""
        self.timeouts_used += 1
        self.restarts_used += 1
        self.last_committed[i] = Committed(Index(0), zero())
        if ack_before_log:
            self.history[i] = self.history[i][: len(self.history[i]) - self.unlogged[i]]
            self.unlogged[i] = Index(0)
        leader = self.leader[i]
        if leader is not None and self.role[leader] is Role.LEADING:
            self.lose(leader, i)
        elif self.role[i] is Role.FOLLOWING:
            self.look(i)
            for s in Server:
                self.channel[s][i].clear()
        elif self.role[i] is Role.LEADING:
            self.leader_shutdown(i)

    # ---------------------------------------------------------------------------------------- phase 1: discovery

    @action
    def connect_and_follower_send_cepoch(self, i: Server, j: Server) -> None:
        """j connects to i and tells it the last epoch it has promised (step f.1.1; Java: registerWithLeader)."""
        require(self.role[i] is Role.LEADING and self.oracle == i)
        require(self.role[j] is Role.FOLLOWING and self.leader[j] is None and j not in self.learners[i])
        self.learners[i].add(j)
        self.leader[j] = i
        self.send(j, i, CEpoch(self.accepted_epoch[j]))

    @action
    def leader_process_cepoch(self, i: Server, j: Server) -> None:
        """With CEPOCHs of a quorum i proposes an epoch later than all (step l.1.1; Java: Leader.getEpochToPropose)."""
        require(self.highest_epoch < epochs)
        require(self.role[i] is Role.LEADING and j in self.learners[i])
        cepoch = expect(self.head(i, j), CEpoch)
        self.pop(i, j)
        proposed = self.enough(self.cepoch_senders(i))
        self.cepochs[i][j] = CEpochFrom(True, cepoch.epoch)
        if proposed:
            self.send(i, j, NewEpoch(self.accepted_epoch[i]))
        else:
            self.check(self.phase[i] is Phase.DISCOVERY, Anomaly.STATE)
            if self.enough(self.cepoch_senders(i)):
                self.propose_epoch(i)
        self.highest_epoch = max(self.accepted_epoch[s] for s in Server)

    def propose_epoch(self, i: Server) -> None:
        """i asks the senders of CEPOCHs to promise an epoch that none of them has promised yet."""
        self.accepted_epoch[i] = max(promised(self.cepochs[i][s]) for s in Server) + 1
        group = Set(s for s in Server if connected(self.cepochs[i][s]))
        self.broadcast(i, group, NewEpoch(self.accepted_epoch[i]))

    @action
    def follower_process_newepoch(self, i: Server, j: Server) -> None:
        """i promises not to follow earlier epochs, and sends its state (step f.1.2; Java: registerWithLeader)."""
        require(self.role[i] is Role.FOLLOWING and self.leader[i] == j)
        new_epoch = expect(self.head(i, j), NewEpoch)
        if new_epoch.epoch < self.accepted_epoch[i]:
            self.disconnect(j, i)
        else:
            self.pop(i, j)
            self.check(self.phase[i] is Phase.DISCOVERY, Anomaly.STATE)
            if self.phase[i] is Phase.DISCOVERY:
                self.accepted_epoch[i] = new_epoch.epoch
                self.phase[i] = Phase.SYNCHRONIZATION
                self.send(i, j, AckEpoch(self.current_epoch[i], self.history[i]))

    @action
    def leader_process_ackepoch(self, i: Server, j: Server) -> None:
        """With promises of a quorum i is established (step l.1.2; Java: Leader.waitForEpochAck)."""
        require(self.role[i] is Role.LEADING and j in self.learners[i])
        ack_epoch = expect(self.head(i, j), AckEpoch)
        self.pop(i, j)
        chosen = self.enough(self.ack_epoch_senders(i))
        self.ack_epochs[i][j] = AckEpochFrom(True, ack_epoch.epoch, ack_epoch.history)
        if chosen:
            self.send(i, j, NewLeader(self.accepted_epoch[i], self.history[i]))
            self.note_initial_history(i)
        else:
            self.check(self.phase[i] is Phase.DISCOVERY, Anomaly.STATE)
            if self.enough(self.ack_epoch_senders(i)):
                self.establish(i)

    def establish(self, i: Server) -> None:
        """i starts its epoch from the most recent history of a quorum, which is now acknowledged by i alone."""
        self.current_epoch[i] = self.accepted_epoch[i]
        self.established[self.accepted_epoch[i]].add(i)
        self.history[i] = History(txn.replace(acks={i}) for txn in self.most_recent_history(i))
        self.unlogged[i] = Index(0)
        self.phase[i] = Phase.BROADCAST if lead_at_once else Phase.SYNCHRONIZATION
        group = Set(s for s in Server if connected(self.ack_epochs[i][s]))
        self.broadcast(i, group, NewLeader(self.accepted_epoch[i], self.history[i]))
        self.note_initial_history(i)

    def most_recent_history(self, i: Server) -> History:
        """The history of the latest epoch, and among those the one with the largest last zxid (step l.1.2)."""
        entries = self.ack_epochs[i]
        best = max(self.ack_epoch_senders(i), key=lambda s: (recency(entries[s]), 1 if s == i else 0))
        return logged(entries[best])

    def note_initial_history(self, i: Server) -> None:
        """For the properties: i has broadcast the history that its epoch starts from."""
        for txn in self.history[i]:
            self.broadcasts.add(Broadcast(self.accepted_epoch[i], txn.zxid, txn.value))

    def enough(self, senders: Set[Server]) -> bool:
        """Whether a leader has heard from enough servers to go on."""
        return is_quorum(senders) or (no_quorum_needed and len(senders) > 1)

    # ---------------------------------------------------------------------------------- phase 2: synchronization

    @action
    def follower_process_newleader(self, i: Server, j: Server) -> None:
        """i logs the history of its leader, and acknowledges it (step f.2.1; Java: Learner.syncWithLeader)."""
        require(self.role[i] is Role.FOLLOWING and self.leader[i] == j)
        new_leader = expect(self.head(i, j), NewLeader)
        if self.accepted_epoch[i] != new_leader.epoch:
            self.disconnect(j, i)
        else:
            self.pop(i, j)
            self.check(self.phase[i] is Phase.SYNCHRONIZATION, Anomaly.STATE)
            self.current_epoch[i] = self.accepted_epoch[i]
            self.history[i] = new_leader.history
            self.unlogged[i] = Index(0)
            self.send(i, j, AckLd(last_zxid(new_leader.history)))

    @action
    def crash_before_history_is_logged(self, i: Server, j: Server) -> None:
        """Only with the variant `epoch-before-history`: i crashes half way through follower_process_newleader."""
        require(epoch_before_history and self.timeouts_used < timeouts and self.restarts_used < restarts)
        require(self.role[i] is Role.FOLLOWING and self.leader[i] == j)
        new_leader = expect(self.head(i, j), NewLeader)
        require(self.accepted_epoch[i] == new_leader.epoch)
        self.current_epoch[i] = self.accepted_epoch[i]
        self.crash(i)

    @action
    def leader_process_ackld(self, i: Server, j: Server) -> None:
        """Once a quorum has logged the history, i commits it (step l.2.2; Java: Leader.waitForNewLeaderAck)."""
        require(self.role[i] is Role.LEADING and j in self.learners[i])
        ack = expect(self.head(i, j), AckLd)
        self.pop(i, j)
        committed = self.enough(self.ack_ld_senders(i))
        self.ack_lds[i][j] = AckLdFrom(True)
        self.history[i] = History(
            txn.replace(acks=txn.acks | {j}) if txn.zxid <= ack.zxid else txn for txn in self.history[i]
        )
        if committed:
            self.check(self.phase[i] is Phase.BROADCAST, Anomaly.STATE)
            self.send(i, j, CommitLd(self.last_committed[i].zxid))
        else:
            self.check(self.phase[i] is Phase.SYNCHRONIZATION or lead_at_once, Anomaly.STATE)
            if self.enough(self.ack_ld_senders(i)):
                self.commit_initial_history(i)

    def commit_initial_history(self, i: Server) -> None:
        """i delivers the history that its epoch starts from, and is ready to broadcast."""
        zxid = last_zxid(self.history[i])
        self.last_committed[i] = Committed(Index(len(self.history[i])), zxid)
        self.phase[i] = Phase.BROADCAST
        self.broadcast(i, self.synchronized(i), CommitLd(zxid))

    def synchronized(self, i: Server) -> Set[Server]:
        """Those connected to i whose ACK-LD it has."""
        return Set(s for s in Server if connected(self.ack_lds[i][s]))

    @action
    def follower_process_commitld(self, i: Server, j: Server) -> None:
        """i delivers the history that its leader has started from (step f.2.2; Java: UPTODATE)."""
        require(self.role[i] is Role.FOLLOWING and self.leader[i] == j)
        commit = expect(self.head(i, j), CommitLd)
        self.pop(i, j)
        k = position(self.history[i], commit.zxid)
        self.check(k <= len(self.history[i]), Anomaly.PROPOSAL)
        if k <= len(self.history[i]):
            self.last_committed[i] = Committed(Index(k), commit.zxid)
        self.phase[i] = Phase.BROADCAST

    # ---------------------------------------------------------------------------------------- phase 3: broadcast

    @action
    def leader_process_request(self, i: Server) -> None:
        """A client asks for something: i gives it a zxid and logs it (Java: PrepRequestProcessor)."""
        require(self.longest_history < transactions)
        require(self.broadcasting(i))
        zxid = Zxid(self.current_epoch[i], self.own_transactions(i) + 1)
        self.history[i].append(Txn(zxid, self.requests, Set((i,))))
        self.requests += 1
        self.longest_history = Index(max(len(self.history[s]) for s in Server))

    def own_transactions(self, i: Server) -> Counter:
        """How many transactions of its own epoch the leader i has logged."""
        zxid = last_zxid(self.history[i])
        return zxid.counter if zxid.epoch == self.current_epoch[i] else Counter(0)

    @action
    def leader_broadcast_propose(self, i: Server) -> None:
        """i proposes its next transaction to its followers, in order of zxids (step l.3.1; Java: Leader.propose)."""
        require(self.broadcasting(i))
        require(self.send_counter[i] < self.own_transactions(i))
        self.send_counter[i] += 1
        zxid = Zxid(self.current_epoch[i], self.send_counter[i])
        k = position(self.history[i], zxid)
        txn = self.history[i][k - 1]
        group = Set(s for s in Server if connected(self.ack_epochs[i][s]))
        self.broadcast(i, group, Propose(zxid, txn.value))
        self.broadcasts.add(Broadcast(self.current_epoch[i], zxid, txn.value))
        if commit_without_quorum:
            self.commit(i, k)

    @action
    def follower_process_propose(self, i: Server, j: Server) -> None:
        """i logs the proposal and acknowledges it (phase 3; Java: Follower.processPacket)."""
        require(self.role[i] is Role.FOLLOWING and self.leader[i] == j)
        propose = expect(self.head(i, j), Propose)
        self.pop(i, j)
        if self.takes(i, propose.zxid):
            self.history[i].append(Txn(propose.zxid, propose.value, Set()))
            self.send(i, j, Ack(propose.zxid))
            if ack_before_log:
                self.unlogged[i] += 1
        else:
            k = position(self.history[i], propose.zxid)
            self.check(0 < k <= len(self.history[i]), Anomaly.PROPOSAL)

    def takes(self, i: Server, zxid: Zxid) -> bool:
        """Whether the follower i logs a proposal."""
        last = last_zxid(self.history[i])
        known = position(self.history[i], zxid) <= len(self.history[i])
        return follows_directly(last, zxid) or (append_with_gap and last < zxid) or (deliver_out_of_order and not known)

    @action
    def leader_process_ack(self, i: Server, j: Server) -> None:
        """i counts an acknowledgement, and commits what a quorum has logged (step l.3.2; Java: Leader.processAck)."""
        require(self.role[i] is Role.LEADING and j in self.learners[i])
        ack = expect(self.head(i, j), Ack)
        self.pop(i, j)
        history = self.history[i]
        k = position(history, ack.zxid)
        acked = max((n + 1 for n in range(len(history)) if j in history[n].acks), default=0)
        in_order = 1 <= k <= len(history) and acked in (0, k - 1)
        self.check(in_order, Anomaly.ACK)
        if in_order:
            txn = history[k - 1]
            self.history[i][k - 1] = txn.replace(acks=txn.acks | {j})
            if self.committable(i, k):
                self.check(self.last_committed[i].index + 1 == k, Anomaly.COMMIT)
                self.commit(i, k)

    def committable(self, i: Server, k: int) -> bool:
        """Whether a quorum has logged the k-th transaction, and all before it and none after it are committed."""
        txn = self.history[i][k - 1]
        committed = self.last_committed[i]
        return committed.zxid < txn.zxid and k - 1 <= committed.index and is_quorum(txn.acks)

    def commit(self, i: Server, k: int) -> None:
        """The leader i delivers its k-th transaction and tells its followers to."""
        zxid = self.history[i][k - 1].zxid
        self.last_committed[i] = Committed(Index(k), zxid)
        self.broadcast(i, self.synchronized(i), Commit(zxid))

    @action
    def follower_process_commit(self, i: Server, j: Server) -> None:
        """i delivers its next transaction (phase 3; Java: FollowerZooKeeperServer.commit)."""
        require(self.role[i] is Role.FOLLOWING and self.leader[i] == j)
        commit = expect(self.head(i, j), Commit)
        self.pop(i, j)
        done = self.last_committed[i].index
        if done < len(self.history[i]):
            expected = self.history[i][done].zxid == commit.zxid
            self.check(expected, Anomaly.COMMIT)
            if expected:
                self.last_committed[i] = Committed(done + 1, commit.zxid)

    # ------------------------------------------------------------------------------- what the network may not do

    @action
    def filter_nonexistent_message(self, i: Server, j: Server) -> None:
        """i drops a message that its role does not know (in no phase possible: `no_anomaly` would report it)."""
        message = self.head(i, j)
        require(
            message is not None
            and (
                self.role[i] is Role.LOOKING
                or (self.role[i] is Role.LEADING and (to_follower(message) or j not in self.learners[i]))
                or (self.role[i] is Role.FOLLOWING and (not to_follower(message) or self.leader[i] != j))
            )
        )
        self.pop(i, j)
        self.check(False, Anomaly.MESSAGE)

    @action
    def lose_proposal(self, i: Server, j: Server) -> None:
        """Only with the variant `append-with-gap`: a proposal from j to i is lost on the way."""
        require(append_with_gap)
        expect(self.head(i, j), Propose)
        self.pop(i, j)

    @action
    def overtake(self, i: Server, j: Server) -> None:
        """Only with the variant `deliver-out-of-order`: of what i reads next from j, the second comes first."""
        require(deliver_out_of_order and len(self.channel[j][i]) >= 2)
        first = self.channel[j][i][0]
        self.channel[j][i][0] = self.channel[j][i][1]
        self.channel[j][i][1] = first


class Recency(Record, order=True):
    """How recent a history is: the epoch in which its holder last followed, then the last zxid."""

    epoch: Epoch
    zxid: Zxid


def recency(entry: AckEpochFrom | None) -> Recency:
    """How recent the history of an ACK-E is; what the variants ignore counts as nothing."""
    if entry is None:
        return Recency(Epoch(0), zero())
    epoch = Epoch(0) if ignore_epoch else entry.epoch
    return Recency(epoch, zero() if ignore_zxid else last_zxid(entry.history))


def logged(entry: AckEpochFrom | None) -> History:
    """The history of an ACK-E."""
    return entry.history if entry is not None else History()


def promised(entry: CEpochFrom | None) -> Epoch:
    """The epoch of a CEPOCH."""
    return entry.epoch if entry is not None else Epoch(0)


def follows_directly(last: Zxid, zxid: Zxid) -> bool:
    """Whether a zxid is the next one in an epoch, or the first of a later epoch."""
    if zxid.counter == 1:
        return last.epoch < zxid.epoch
    return last.epoch == zxid.epoch and last.counter + 1 == zxid.counter


def to_follower(message: Message) -> bool:
    """Whether leaders send such messages to followers, and not the other way round."""
    match message:
        case CEpoch() | AckEpoch() | AckLd() | Ack():
            return False
        case _:
            return True
