"""What a node knows, what its disk holds, and what they share: immutable values, compared by value.

`Node` is what a crash destroys; `Disk` is what it leaves. This module knows no rule of the protocol.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from .messages import (
    MAX_COUNTER,
    Append,
    Effect,
    Flush,
    Install,
    Log,
    Notification,
    State,
    Truncate,
    Vote,
    WriteEpochs,
    last_zxid,
)

# Deviations that a checker must find. Only tests can switch them on: no command offers them.
BUGS = {
    "ack-before-sync": "a follower acknowledges a proposal before it is durable",
    "epoch-before-history": "a follower answers NEWLEADER before the history is durable",
    "commit-alone": "the leader commits once its own log is durable",
    "keep-acks": "acknowledgements of a learner still count after it was told to truncate",
    "no-truncation": "the leader sends DIFF where TRUNC is needed",
    "any-leader": "the leader does not look whether a follower's history is newer than its own",
    "old-epoch": "a follower accepts an epoch older than the one it promised to follow",
    "promise-twice": "a server keeps its promise in memory only, and loses it with its role",
    "half-quorums": "half of the servers count as a quorum",
    "no-quorum-needed": "a leader is established as soon as one follower has answered",
    "ignore-zxid": "where epochs are equal, the newer history is not looked for",
    "ignore-epoch": "only last zxids say which history is newer, not the epochs",
    "append-with-gap": "a proposal may get lost on the way, and the next one is appended all the same",
    "deliver-out-of-order": "a proposal or commit may overtake the one before it",
    "no-comparison": "a server takes over any vote of its round, better or not",
    "no-round": "a server takes all notifications for those of its own round",
}


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What all members of an ensemble agree on."""

    servers: int  # observers included
    retained: int = 500  # committed transactions that the leader can send one by one
    max_counter: int = MAX_COUNTER - 1  # proposals of one epoch
    oracle: bool = False  # the leader is named from outside; no notification is sent
    bugs: frozenset[str] = frozenset()
    observers: frozenset[int] = frozenset()  # have no vote, and learn what is committed

    def is_quorum(self, members: frozenset[int]) -> bool:
        """A majority of those that vote."""
        voting, voters = len(members - self.observers), self.servers - len(self.observers)
        return 2 * voting > voters or (2 * voting == voters and "half-quorums" in self.bugs)

    def others(self, server: int) -> tuple[int, ...]:
        """Every server but this one, in order."""
        return tuple(s for s in range(self.servers) if s != server)


@dataclass(frozen=True, slots=True)
class Disk:
    """The durable part of a server: acceptedEpoch, currentEpoch, snapshot and log, and how much of the log is safe."""

    accepted: int = 0
    current: int = 0
    log: Log = ()
    synced: int = 0  # of the log; the rest is lost, wholly or from some transaction on, in a crash

    def written(self, effect: Effect) -> "Disk":
        """The disk after an effect; most effects do not touch it."""
        match effect:
            case WriteEpochs(accepted, current):
                return replace(self, accepted=accepted, current=current)
            case Append(txn):
                return replace(self, log=(*self.log, txn))
            case Truncate(length):
                return replace(self, log=self.log[:length], synced=min(self.synced, length))
            case Install(history):
                return replace(self, log=history, synced=len(history))
            case Flush():
                return self.flushed()
            case _:
                return self

    def flushed(self) -> "Disk":
        """The disk after fsync of the log."""
        return replace(self, synced=len(self.log))

    def crashed(self, kept: int) -> "Disk":
        """The disk after a crash that left the first `kept` transactions, at least those synced."""
        assert self.synced <= kept <= len(self.log)
        return replace(self, log=self.log[:kept], synced=kept)


_NOBODY = Vote(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Election:
    """Fast leader election (`FastLeaderElection.lookForLeader`)."""

    round: int = 0
    vote: Vote = _NOBODY
    received: tuple[Vote | None, ...] = ()  # of this round, by server
    outside: tuple[Notification | None, ...] = ()  # of servers that follow or lead
    decided: bool = False  # a quorum agrees; a better vote can still come before Finalize


Phase = Literal["DISCOVERY", "SYNCHRONIZATION", "BROADCAST"]


@dataclass(frozen=True, slots=True)
class Following:
    """A follower's part of ZAB (`Learner.java`)."""

    leader: int
    phase: Phase = "DISCOVERY"
    limit: int = 0  # synchronising: the last zxid known to be committed
    new_leader: int | None = None  # NEWLEADER came, and is acknowledged when the log is durable
    joined: bool = False  # NEWLEADER is acknowledged


@dataclass(frozen=True, slots=True)
class Leading:
    """A leader's part of ZAB (`Leader.java`). Sets of servers keep those that have left, unless said otherwise."""

    epoch: int = 0  # proposed; 0 as long as no quorum has connected
    start: int = 0  # length of the history that the epoch starts from
    phase: Phase = "DISCOVERY"
    promised: tuple[int | None, ...] = ()  # acceptedEpoch by server, from FOLLOWERINFO
    connected: frozenset[int] = frozenset()  # now
    electing: frozenset[int] = frozenset()  # promised the proposed epoch, with no newer history
    waiting: frozenset[tuple[int, int, int]] = frozenset()  # learner, its last zxid and floor: to be synchronised
    forwarding: frozenset[int] = frozenset()  # now: learners that get proposals
    ready: frozenset[int] = frozenset()  # acknowledged NEWLEADER
    acks: tuple[frozenset[int], ...] = ()  # of every transaction behind the committed ones


Role = Following | Leading | None


_NEVER = Election()


@dataclass(frozen=True, slots=True)
class Node:
    """A running server."""

    ensemble: Ensemble = field(compare=False, repr=False)
    id: int = 0
    accepted: int = 0
    current: int = 0
    log: Log = ()  # what follows `floor`; all lengths count from there
    synced: int = 0  # transactions known to be durable
    committed: int = 0  # transactions delivered since the start
    election: Election = _NEVER
    role: Role = None
    floor: int = 0  # the last zxid that only a snapshot holds

    @property
    def observes(self) -> bool:
        """Whether this server has no vote."""
        return self.id in self.ensemble.observers

    @property
    def state(self) -> State:
        """The role by its name in ZooKeeper."""
        match self.role:
            case None:
                return "LOOKING"
            case Following():
                return "OBSERVING" if self.observes else "FOLLOWING"
            case Leading():
                return "LEADING"
            case _:
                assert_never(self.role)

    @property
    def last(self) -> int:
        """The last logged zxid."""
        return last_zxid(self.log, self.floor)

    def has(self, bug: str) -> bool:
        """Whether a seeded bug is switched on."""
        return bug in self.ensemble.bugs


Step = tuple[Node, tuple[Effect, ...]]
