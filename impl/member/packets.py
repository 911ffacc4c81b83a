"""What members say to each other about clients, beside the packets of ZAB; the names are ZooKeeper's where it has them.

They travel on the connection between a learner and its leader, in order with proposals and commits: what the leader
says after a commit is heard after it. Source: `Leader.java`, `LearnerHandler.java`, `Learner.java`.
"""

from dataclasses import dataclass

from ..disk.snapshot import Snapshot
from ..ensemble import messages
from ..wire.records import Id


@dataclass(frozen=True, slots=True)
class Ping:
    """Leader to learner: are you there? Back: yes, and from these sessions I heard: pairs of id and time-out in ms."""

    touched: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """Learner to leader: a client's write. `serial` numbers the learner's requests, `owner` is the connection."""

    serial: int
    session: int
    owner: int
    identities: tuple[Id, ...]
    cxid: int
    op: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Assigned:
    """Leader to learner, before the proposal: this is the zxid of your request."""

    serial: int
    zxid: int


@dataclass(frozen=True, slots=True)
class Revalidate:
    """Learner to leader: a client came with this session, and proved that it is its own. Is it alive?"""

    session: int
    timeout_ms: int
    owner: int


@dataclass(frozen=True, slots=True)
class Revalidated:
    """Leader to learner: the session is alive and now yours, or not."""

    session: int
    owner: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Sync:
    """Learner to leader: how far is it? Back, after the commits of all that was proposed by then: you have it."""

    serial: int


@dataclass(frozen=True, slots=True)
class FullSnapshot:
    """What `messages.Snap` stands for: the tree after transaction `zxid`."""

    zxid: int
    snapshot: Snapshot


ClientPacket = Ping | Request | Assigned | Revalidate | Revalidated | Sync
Packet = messages.Packet | ClientPacket | FullSnapshot
