"""TCP between members: connections that carry frames, and what they must say first.

A frame is a length and so many bytes. The first one is a greeting: who speaks, for which of the two ports, and a
checksum of the servers in the configuration, so that members of different ensembles, and whatever else finds the port,
are cut off. No frame is longer than its limit, a greeting must come soon, and what does not parse ends the connection.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from struct import Struct
from typing import Protocol, cast

from ..wire.frames import LENGTH, FrameBuffer
from ..wire.jute import Malformed

MAGIC = b"Qrt1"
ELECTION, QUORUM = b"E", b"Q"
GREETING_S_MAX = 5.0
FRAME_BYTES_MAX = 4 << 20  # a transaction is at most a client's frame, and what is known of it
UNSENT_BYTES_MAX = 1 << 30  # to a learner that does not read; silence ends the connection long before

_GREETING = Struct("!4sIcI")


class Owner(Protocol):
    """Who is told what happens on a link."""

    def greeted(self, link: "Link") -> bool:
        """The other side said who it is; False refuses it."""
        ...

    def frame(self, link: "Link", frame: bytes) -> None:
        """A frame came. `Malformed` ends the link."""
        ...

    def lost(self, link: "Link") -> None:
        """The link is gone; not called after `hang_up`."""
        ...


class Link(asyncio.Protocol):
    """One connection. `peer` is the sid of the other side: known when dialled, else from its greeting."""

    def __init__(self, owner: Owner, kind: bytes, fingerprint: int, refused: Callable[[str], None]) -> None:
        self.peer = 0
        self.dialled = False
        self._owner = owner
        self._kind = kind
        self._fingerprint = fingerprint
        self._refused = refused
        self._transport: asyncio.Transport | None = None
        self._frames = FrameBuffer(_GREETING.size)
        self._unsent: list[bytes] = []
        self._over = False
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether frames may still come."""
        return not self._over

    def dial(self, peer: int, sid: int) -> None:
        """This side calls the other: it need not greet back."""
        self.peer, self.dialled = peer, True
        self._frames.limit = FRAME_BYTES_MAX
        self.send(_GREETING.pack(MAGIC, self._fingerprint, self._kind, sid))

    def send(self, *frames: bytes) -> None:
        """In order; what is sent before the connection stands waits for it."""
        for frame in frames:
            self._unsent += (LENGTH.pack(len(frame)), frame)
        if self._transport is not None and not self._over:
            if self._transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
                self._transport.abort()
                return
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()

    def hang_up(self) -> None:
        """Close after what was sent; the owner hears no more of it."""
        self._over = True
        if self._transport is not None:
            self._transport.close()

    def hold(self) -> None:
        """Read no more for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again, first what came already."""
        if self._transport is not None and not self._over:
            self._transport.resume_reading()
            self._take()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._over:
            self._transport.close()
        elif self.dialled:
            self.send()
        else:
            self._deadline = asyncio.get_running_loop().call_later(GREETING_S_MAX, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._frames.feed(data)
        self._take()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if not self._over:
            self._over = True
            self._owner.lost(self)

    def _take(self) -> None:
        try:
            with closing(self._frames.take()) as frames:
                for frame in frames:
                    self._took(frame)
                    if self._over or (self._transport is not None and not self._transport.is_reading()):
                        return
        except Malformed as error:
            self._refused(str(error))
            if self._transport is not None:
                self._transport.abort()

    def _took(self, frame: bytes) -> None:
        if self.peer:
            self._owner.frame(self, frame)
            return
        self.peer = self._greeting(frame)
        self._frames.limit = FRAME_BYTES_MAX
        if self._deadline is not None:
            self._deadline.cancel()
        if not self._owner.greeted(self):
            raise Malformed(f"server {self.peer} has nothing to say on this port")

    def _greeting(self, frame: bytes) -> int:
        if len(frame) != _GREETING.size:
            raise Malformed(f"a greeting of {len(frame)} bytes; it has {_GREETING.size}")
        magic, fingerprint, kind, sid = _GREETING.unpack(frame)
        if magic != MAGIC or kind != self._kind or sid == 0:
            raise Malformed(f"{frame.hex()} is no greeting for this port")
        if fingerprint != self._fingerprint:
            raise Malformed(f"server {sid} has other lines server.N in its configuration; make them equal")
        return int(sid)
