"""A ZooKeeper server as it is built: Zab's steps taken apart where threads, queues, files and crashes come between.

Election and discovery; crashes; the end of a role; and the SyncRequestProcessor, which writes the log. How a leader
brings a follower up to date stands in `leader.py`, what the follower does with it in `learner.py`; disk, memory and
stopping in `server_state.py`; what must hold in `server_properties.py`; what releases did otherwise in `switches.py`.

An action is one step unless its split is on. There are nine: ELECT (votes, then the epoch), JOIN (the promise, then the
connection), LH (LearnerHandler: a snapshot's header, then the dump), SYNC (a header, then its packets), NL
(NEWLEADER), UP (UPTODATE), SY (append, then fsync), CP (the CommitProcessor applies), STOP (shutdown).
"""

from ...lang import Set, action, idle, require, runs_on, step
from .learner import LearnerSteps
from .server_state import Ack, Epoch, Index, Role, Server, Thread, is_quorum, last
from .switches import (
    crashes,
    drain_after_fast_forward,
    epochs,
    io_errors,
    read_only_recorded,
    servers,
    snapshot_survives,
    snapshot_when_elected,
)
from .table import HISTORY

__all__ = ["HISTORY", "ServerSpec"]


class ServerSpec(LearnerSteps):
    """A ZooKeeper ensemble as it is built: threads, queues, files and crashes between Zab's steps."""

    # ------------------------------------------------------------------------------------------------------- roles

    @action
    @runs_on(Thread.QP)
    def elect(self, i: Server, group: Set[Server]) -> None:
        """A bare quorum elects its best vote, and agrees on an epoch (FastLeaderElection, Leader.waitForEpochAck)."""
        require(i in group and is_quorum(group) and 2 * (len(group) - 1) <= servers)
        require(all(self.role[s] is Role.LOOKING and idle(s, Thread.QP) and not self.better(s, i) for s in group))
        require(all(self.accepted_epoch[s] < epochs for s in group))
        for s in group:
            self.role[s] = Role.LEADING if s == i else Role.FOLLOWING
            self.leader[s] = None if s == i else i
        self.load_data(i)
        step("ELECT.epoch")
        if all(self.leader[s] == i and idle(s, Thread.QP) for s in group if s != i):
            self.begin_epoch(i, group)
        else:
            self.look(i)

    def load_data(self, i: Server) -> None:
        """The memory of a new leader goes to disk, where its log may have been behind (ZooKeeperServer.loadData)."""
        if snapshot_when_elected and last(self.memory[i]) > last(self.log[i]):
            self.save(i)
        if snapshot_when_elected and snapshot_survives:
            self.snapshot[i] = self.memory[i]

    def begin_epoch(self, i: Server, group: Set[Server]) -> None:
        """The leader proposes an epoch that none of a quorum has promised yet (Leader.getEpochToPropose)."""
        promised = max(self.accepted_epoch[s] for s in group)
        for s in group:
            self.accepted_epoch[s] = Epoch(promised + 1)
            if s != i:
                self.learners[i].add(s)
        self.current_epoch[i] = Epoch(promised + 1)
        self.acked[i] = Set((i,))

    def better(self, s: Server, i: Server) -> bool:
        """Whether one vote is better than another (FastLeaderElection.totalOrderPredicate; equal votes: either)."""
        if self.current_epoch[s] != self.current_epoch[i]:
            return self.current_epoch[s] > self.current_epoch[i]
        return self.processed(s) > self.processed(i)

    @action
    @runs_on(Thread.QP)
    def join(self, j: Server, i: Server) -> None:
        """Another server finds a leader, and promises its epoch (Learner.registerWithLeader)."""
        require(self.role[j] is Role.LOOKING and self.can_be_joined(i))
        require(self.accepted_epoch[j] <= self.current_epoch[i])
        self.accepted_epoch[j] = self.current_epoch[i]
        step("JOIN.connect")
        if self.can_be_joined(i) and self.accepted_epoch[j] == self.current_epoch[i]:
            self.role[j] = Role.FOLLOWING
            self.leader[j] = i
            self.learners[i].add(j)

    def can_be_joined(self, i: Server) -> bool:
        """Whether i leads, and is not in the middle of beginning, of stopping, or of a dump."""
        return self.role[i] is Role.LEADING and idle(i, Thread.QP) and idle(i, Thread.LH)

    @action
    @runs_on(Thread.QP)
    def shutdown(self, s: Server) -> None:
        """A server stops what it ran (Follower.shutdown, Leader.shutdown, LearnerZooKeeperServer.shutdown)."""
        require(self.must_stop(s))
        initializing = self.role[s] is Role.FOLLOWING and not self.serving[s]
        self.close(s)
        if drain_after_fast_forward:
            self.recover_memory(s)
            step("STOP.drain")
            self.stop_sync_thread(s, initializing)
        else:
            self.stop_sync_thread(s, initializing)
            step("STOP.forward")
            self.recover_memory(s)
        step("STOP.look")
        self.look(s)

    def must_stop(self, s: Server) -> bool:
        """Whether a follower has lost its leader, a leader its quorum, or either its log."""
        if self.role[s] is Role.LEADING:
            return self.failed[s] or not is_quorum(self.learners[s] | {s})
        return self.role[s] is Role.FOLLOWING and (self.failed[s] or not self.linked(s))

    # ------------------------------------------------------------------------------------------------------ faults

    @action
    def crash(self, s: Server) -> None:
        """The power fails, and comes back."""
        require(self.crashes_used < crashes)
        self.crashes_used += 1
        self.crash_and_restart(s)

    @action
    def disconnect(self, i: Server, j: Server) -> None:
        """A leader and a follower lose each other."""
        require(self.role[i] is Role.LEADING and j in self.learners[i])
        self.lose(i, j)

    @action
    def serve_read_only(self, s: Server) -> None:
        """A server without a leader lets clients read, and records their sessions (ReadOnlyZooKeeperServer)."""
        require(read_only_recorded)
        require(self.role[s] is Role.LOOKING and not self.recorded[s])
        self.recorded[s] = True

    # --------------------------------------------------------------------------------------- SyncRequestProcessor

    @action
    @runs_on(Thread.SY)
    def sync(self, s: Server) -> None:
        """Append, fsync, ACK (SyncRequestProcessor.run, SendAckRequestProcessor, AckRequestProcessor)."""
        require(len(self.queue[s]) > 0 and not self.failed[s])
        zxid = self.queue[s].first
        self.queue[s].remove_first()
        self.log[s].append(zxid)
        step("SY.flush")
        self.durable[s] = Index(len(self.log[s]))
        leader = self.leader[s]
        if self.role[s] is Role.LEADING:
            self.count_ack(s, s, zxid)
        elif leader is not None:
            self.send(s, leader, Ack(zxid))

    @action
    @runs_on(Thread.SY)
    def write_fails(self, s: Server) -> None:
        """The log cannot be written: the thread ends, and the server will stop (SyncRequestProcessor.run)."""
        require(len(self.queue[s]) > 0 and not self.failed[s] and self.failures < io_errors)
        self.failures += 1
        self.failed[s] = True

    @action
    def sync_leaked(self, s: Server) -> None:
        """A SyncRequestProcessor that has outlived its role goes on writing; nobody hears its ACKs."""
        require(len(self.leaked[s]) > 0 and idle(s, Thread.SY))
        self.log[s].append(self.leaked[s].first)
        self.leaked[s].remove_first()
        self.durable[s] = Index(len(self.log[s]))
