"""What nodes of an ensemble say to each other, what happens to a node, and what a node asks its host to do.

A zxid is a number as in ZooKeeper: the epoch in the upper 32 bits, a counter in the lower. The packets are those of
ZooKeeper's learner protocol (`Leader.java`), named as there. This module knows no state and no rule.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

MAX_COUNTER = 0xFFFFFFFF  # is never proposed: before it, a new epoch is needed


def zxid(epoch: int, counter: int) -> int:
    """The id of a transaction: proposals of one epoch are numbered from 1."""
    return epoch << 32 | counter


def epoch_of(number: int) -> int:
    """The epoch in a zxid."""
    return number >> 32


def counter_of(number: int) -> int:
    """The counter in a zxid; 0 means that the epoch has proposed nothing yet."""
    return number & MAX_COUNTER


Payload = str | bytes


@dataclass(frozen=True, slots=True)
class Txn:
    """A transaction; what the payload means is not known here."""

    zxid: int
    payload: Payload


Log = tuple[Txn, ...]


def last_zxid(log: Log, floor: int = 0) -> int:
    """The zxid of the last transaction; of an empty log, that of the last one before it."""
    return log[-1].zxid if log else floor


def count_upto(log: Log, number: int) -> int:
    """How many transactions of a log are not newer than a zxid."""
    return bisect_right(log, number, key=lambda txn: txn.zxid)


@dataclass(frozen=True, slots=True, order=True)
class Vote:
    """Who should lead, and how new its history is. The larger vote wins (`totalOrderPredicate`)."""

    epoch: int  # the currentEpoch of the one voted for
    zxid: int
    leader: int


State = Literal["LOOKING", "FOLLOWING", "LEADING", "OBSERVING"]


@dataclass(frozen=True, slots=True)
class Notification:
    """What election peers send each other (`FastLeaderElection.Notification`)."""

    state: State
    vote: Vote
    round: int


# The learner protocol, in the order in which a learner meets it.


@dataclass(frozen=True, slots=True)
class FollowerInfo:
    """Follower to leader: the last epoch that I promised to follow."""

    accepted: int


@dataclass(frozen=True, slots=True)
class LeaderInfo:
    """Leader to follower: the epoch that I propose."""

    epoch: int


@dataclass(frozen=True, slots=True)
class AckEpoch:
    """Follower to leader: promised, and this is how new my history is; None: promised before.

    What is older than `floor` the follower has as a snapshot only: it cannot truncate to it.
    """

    current: int | None
    zxid: int
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Diff:
    """Keep all you have; what you lack up to `zxid` follows as proposals with commits."""

    zxid: int


@dataclass(frozen=True, slots=True)
class Trunc:
    """Remove all that is newer than `zxid`; proposals with commits may follow."""

    zxid: int


@dataclass(frozen=True, slots=True)
class Snap:
    """Replace all you have. A snapshot is represented by the transactions that led to it, from `floor` on."""

    history: Log
    floor: int = 0


@dataclass(frozen=True, slots=True)
class NewLeader:
    """The history up to here is that of the new epoch: make it durable, then acknowledge."""

    zxid: int


@dataclass(frozen=True, slots=True)
class UpToDate:
    """The epoch is established; serve clients."""

    zxid: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Log this transaction, and acknowledge it when it is durable."""

    txn: Txn


@dataclass(frozen=True, slots=True)
class Ack:
    """This zxid is durable here; of an epoch's start: the answer to NewLeader."""

    zxid: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A quorum has this transaction: apply it."""

    zxid: int


@dataclass(frozen=True, slots=True)
class Inform:
    """To an observer: this transaction is committed."""

    txn: Txn


Packet = (
    FollowerInfo | LeaderInfo | AckEpoch | Diff | Trunc | Snap | NewLeader | UpToDate | Proposal | Ack | Commit | Inform
)


# What happens to a node.


@dataclass(frozen=True, slots=True)
class Notified:
    """An election peer's notification arrived."""

    peer: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Finalize:
    """200 ms passed since a quorum agreed, and no better vote came."""


@dataclass(frozen=True, slots=True)
class Resend:
    """No notification came for a while, and none has been decided on."""


@dataclass(frozen=True, slots=True)
class Elected:
    """The host names the leader: an oracle where fast leader election is left out, or because all others follow it."""

    leader: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection with this learner or leader is gone."""

    peer: int


@dataclass(frozen=True, slots=True)
class Received:
    """A packet arrived on the connection with this learner or leader."""

    peer: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class Synced:
    """So many transactions of the log are on the disk now."""

    length: int


@dataclass(frozen=True, slots=True)
class TimedOut:
    """initLimit or syncLimit passed without hearing enough from the other side."""


@dataclass(frozen=True, slots=True)
class Request:
    """A client asks for a write."""

    payload: Payload


@dataclass(frozen=True, slots=True)
class Forget:
    """The first transactions of the log, delivered and durable, need not be remembered: a snapshot stands for them."""

    count: int


Event = Notified | Finalize | Resend | Elected | Closed | Received | Synced | TimedOut | Request | Forget


# What a node asks of its host, to be done in this order.


@dataclass(frozen=True, slots=True)
class Notify:
    """Send this to an election peer; it may be lost."""

    peer: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection to the leader; FOLLOWERINFO follows, and is what the leader sees first."""

    peer: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the connection with this learner or leader."""

    peer: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send this on the connection, in order; lost with the connection."""

    peer: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class WriteEpochs:
    """Replace the epoch files, durably, before the next effect."""

    accepted: int
    current: int


@dataclass(frozen=True, slots=True)
class Append:
    """Add to the log; durable only when the host says `Synced`."""

    txn: Txn


@dataclass(frozen=True, slots=True)
class Truncate:
    """Keep so many transactions of the log, durably, before the next effect."""

    length: int


@dataclass(frozen=True, slots=True)
class Install:
    """Replace snapshot and log by this history, durably, before the next effect."""

    history: Log
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Flush:
    """Make the log durable before the next effect; the host does not answer `Synced`."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """A transaction is committed: apply it and answer the client."""

    txn: Txn


Effect = Notify | Connect | Disconnect | Send | WriteEpochs | Append | Truncate | Install | Flush | Deliver
