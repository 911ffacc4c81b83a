"""What a member asks of its host, to be done in this order; the rest is as in `ensemble.messages`."""

from dataclasses import dataclass

from ..disk.snapshot import Snapshot
from ..ensemble.messages import Append, Connect, Disconnect, Flush, Notify, WriteEpochs
from .packets import Packet


@dataclass(frozen=True, slots=True)
class Tell:
    """Send this to a learner or the leader, in order; lost with the connection."""

    peer: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class CutLog:
    """Remove every transaction after `zxid` from the log, durably, before the next effect."""

    zxid: int


@dataclass(frozen=True, slots=True)
class InstallSnapshot:
    """Replace snapshots and log by this snapshot of the state after `zxid`, durably, before the next effect."""

    zxid: int
    snapshot: Snapshot


Effect = Notify | Connect | Disconnect | Tell | WriteEpochs | Append | CutLog | InstallSnapshot | Flush
