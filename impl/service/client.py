"""One connection as the service sees it: who it is, what it may do, and the frames that wait for it."""

from collections import deque
from dataclasses import dataclass, field

from ..wire.records import Id


@dataclass(frozen=True, slots=True)
class Held:
    """A request of a client that is not answered yet: under way (`serial`), answered out of turn, or waiting.

    Serial -1 is a handshake with a session that the leader must confirm.
    """

    serial: int = 0
    frame: bytes = b""
    reply: bytes | None = None
    op: int = 0


@dataclass(slots=True, eq=False)
class Client:
    """`out` collects frames in the order in which they must be sent; `closing` means: send them, then hang up."""

    number: int
    address: str
    session: int = 0
    timeout_ms: int = 0
    identities: list[Id] = field(default_factory=list)
    out: list[bytes] = field(default_factory=list)
    closing: bool = False
    received: int = 0
    sent: int = 0
    last_zxid: int = 0
    connected_ms: int = 0
    read_only: bool | None = None  # as the handshake said it; None: it did not
    held: deque[Held] = field(default_factory=deque)  # a member's requests that wait for the ensemble, in order

    @property
    def connected(self) -> bool:
        """Whether the handshake is done and was not refused."""
        return self.session != 0


@dataclass(frozen=True, slots=True)
class Now:
    """The time of an event: wall time for stats of nodes, monotonic time for sessions; both in milliseconds."""

    wall_ms: int
    monotonic_ms: int
