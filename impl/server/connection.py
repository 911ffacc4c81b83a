"""One socket: cuts bytes into frames, answers four-letter words, and holds a slow or silent peer within bounds."""

import asyncio
from typing import TYPE_CHECKING, cast

from ..service import words
from ..service.client import Client
from ..wire.frames import FrameBuffer
from ..wire.jute import Malformed
from .clock import now

if TYPE_CHECKING:
    from .server import Server

# A peer that does not read is given this much, then cut off: events for it would pile up without end.
UNSENT_BYTES_MAX = 16 << 20
# Frames that may wait for the disk before more requests are read from their connection.
WAITING_FRAMES_MAX = 20_000


class Connection(asyncio.Protocol):
    """Bytes in go to the service at once; bytes out come from the server once their transactions are durable."""

    transport: asyncio.Transport
    client: Client

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._frames = FrameBuffer(server.service.settings.frame_bytes_max)
        self._head = b""
        self._fresh = True
        self._full = False
        self.since_ms = 0
        self.arrived_ms = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        at = now()
        self.since_ms = at.monotonic_ms
        self.client = self._server.service.connect(peer[0] if peer else "127.0.0.1", at)
        self._server.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.client.closing:
            return
        if self._fresh:
            data = self._head = self._head + data
            if len(data) < 4:
                return
            self._fresh, self._head = False, b""
            if data[:4] in words.WORDS:
                self._answer_word(data[:4].decode())
                return
        at = now()
        self.arrived_ms = at.monotonic_ms
        try:
            self._server.service.receive(self.client, self._frames.feed(data), at)
        except Malformed as error:
            self._server.log.info("connection closed", peer=self.client.address, why=str(error))
            self._server.service.hang_up(self.client)
        self._server.flush()
        if len(self.client.out) > WAITING_FRAMES_MAX:
            self._hold(True)

    def release(self, frames: list[bytes]) -> None:
        """Send frames, whose transactions are on disk by now, and hang up if this was the end."""
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            self._server.log.warning("connection cut", peer=self.client.address, why="it does not read what it is sent")
            self.transport.abort()
            return
        self.client.sent += len(frames)
        self.transport.write(b"".join(frames))
        if self.client.closing:
            self.transport.close()
        elif self._full and not self.transport.get_write_buffer_size():
            self._hold(False)

    def pause_writing(self) -> None:
        """The peer reads more slowly than it asks: it is not listened to until it has caught up."""
        self._hold(True)

    def resume_writing(self) -> None:
        self._hold(False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closed(self)

    def _hold(self, full: bool) -> None:
        if full == self._full or self.transport.is_closing():
            return
        self._full = full
        if full:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _answer_word(self, word: str) -> None:
        self.client.closing = True
        self.transport.write(self._server.answer_word(word, self.client))
        self.transport.close()
