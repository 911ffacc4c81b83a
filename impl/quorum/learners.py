"""The quorum port: learners that call this member, and the leader that it calls.

A call that comes before this member leads is held until it does: the caller has finished its election a little sooner.
Snapshots travel in parts. Knows packets, not what they mean.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from ..disk import snapshot
from ..member.packets import FullSnapshot, Packet
from ..wire.jute import Malformed, Reader, Writer
from . import codec
from .links import QUORUM, Link

PART_BYTES = 1 << 20
SNAPSHOT_BYTES_MAX = 8 << 30
CONNECT_S_MAX = 5.0


class Receiver(Protocol):
    """Who is told what comes from learners and the leader; peers are sids."""

    def packet(self, sid: int, packet: Packet) -> None: ...

    def gone(self, sid: int) -> None: ...

    def leads(self) -> bool | None:
        """Whether this member takes calls; None: that is not decided yet."""
        ...


class Learners:
    """All connections of the quorum port, at most one with each peer in each direction."""

    def __init__(
        self,
        sid: int,
        places: dict[int, tuple[str, int]],
        fingerprint: int,
        receiver: Receiver,
        refused: Callable[[str], None],
    ) -> None:
        self._sid, self._places, self._fingerprint = sid, places, fingerprint
        self._receiver = receiver
        self._refused = refused
        self._called: dict[int, Link] = {}  # learners that this leader hears
        self._held: dict[int, Link] = {}  # they called, but nobody leads here yet
        self._leader: Link | None = None
        self._parts: tuple[int, int, bytearray] | None = None  # zxid, size, and what came of the leader's snapshot
        self._dials: set[asyncio.Task[None]] = set()

    def accept(self) -> Link:
        """Someone calls."""
        return Link(self, QUORUM, self._fingerprint, self._refused)

    def dial(self, sid: int) -> None:
        """Call the leader."""
        if self._leader is not None:
            self._leader.hang_up()
        self._parts = None
        link = self._leader = self.accept()
        link.dial(sid, self._sid)
        task = asyncio.get_running_loop().create_task(self._connect(link, sid))
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)

    def tell(self, sid: int, packet: Packet) -> None:
        """Send to a learner, else to the leader that was called, else to nobody."""
        link = self._called.get(sid) or self._leader
        if link is None or link.peer != sid:
            return
        if isinstance(packet, FullSnapshot):
            link.send(*_in_parts(packet))
        else:
            link.send(codec.encode(packet))

    def hang_up(self, sid: int) -> None:
        """End the connection with a learner or the leader."""
        link = self._called.pop(sid, None)
        if link is not None:
            link.hang_up()
        if self._leader is not None and self._leader.peer == sid:
            self._leader.hang_up()
            self._leader = None

    def close(self) -> None:
        """End everything."""
        for link in (*self._called.values(), *self._held.values(), *([self._leader] if self._leader else [])):
            link.hang_up()
        for task in self._dials:
            task.cancel()

    def welcome_held(self, follows: bool) -> None:
        """The member has a role now: who called too early is heard, or sent away if another leads."""
        held, self._held = self._held, {}
        for sid, link in held.items():
            if follows:
                link.hang_up()
            else:
                self._called[sid] = link
                link.go_on()

    def greeted(self, link: Link) -> bool:
        sid = link.peer
        if sid not in self._places or sid == self._sid:
            return False
        for links in (self._called, self._held):
            before = links.pop(sid, None)
            if before is not None:
                before.hang_up()
                if links is self._called:
                    self._receiver.gone(sid)
        match self._receiver.leads():
            case True:
                self._called[sid] = link
            case False:
                link.hang_up()
            case None:
                self._held[sid] = link
                link.hold()
        return True

    def frame(self, link: Link, frame: bytes) -> None:
        if link is self._leader:
            packet = self._from_leader(frame)
            if packet is None:
                return
        elif self._called.get(link.peer) is link:
            packet = codec.decode(frame)
        else:
            return
        self._receiver.packet(link.peer, packet)

    def lost(self, link: Link) -> None:
        if link is self._leader:
            self._leader = None
            self._receiver.gone(link.peer)
        elif self._called.get(link.peer) is link:
            del self._called[link.peer]
            self._receiver.gone(link.peer)
        elif self._held.get(link.peer) is link:
            del self._held[link.peer]

    async def _connect(self, link: Link, sid: int) -> None:
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await asyncio.get_running_loop().create_connection(lambda: link, *self._places[sid])
        except OSError:
            if link.open:
                self.lost(link)

    def _from_leader(self, frame: bytes) -> Packet | None:
        """The packet, if this frame completes one."""
        match codec.kind_of(frame):
            case codec.SNAP:
                source = Reader(frame, 4)
                zxid, size = source.int64(), source.int64()
                if zxid < 0 or not 0 < size <= SNAPSHOT_BYTES_MAX:
                    raise Malformed(f"a snapshot of {size} bytes; at most {SNAPSHOT_BYTES_MAX}")
                self._parts = zxid, size, bytearray()
                return None
            case codec.SNAP_PART if self._parts is not None:
                zxid, size, data = self._parts
                data += memoryview(frame)[4:]
                if len(data) < size:
                    return None
                self._parts = None
                if len(data) > size:
                    raise Malformed(f"a snapshot of {size} bytes came with {len(data)}")
                return FullSnapshot(zxid, snapshot.decode(bytes(data)))
            case _:
                return codec.decode(frame)


def _in_parts(packet: FullSnapshot) -> Iterator[bytes]:
    """The head with zxid and size, then the bytes as they would be in a file."""
    data = snapshot.encode(packet.snapshot)
    head = Writer()
    head.int32(codec.SNAP)
    head.int64(packet.zxid)
    head.int64(len(data))
    yield head.done()
    mark = codec.SNAP_PART.to_bytes(4, "big")
    for start in range(0, len(data), PART_BYTES):
        yield mark + data[start : start + PART_BYTES]
