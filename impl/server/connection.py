"""One socket: cuts bytes into frames, answers four-letter words, and holds a slow or silent peer within bounds."""

import asyncio
from collections.abc import Generator
from contextlib import closing
from typing import Protocol, cast

from ..service import words
from ..service.client import Client
from ..service.service import Service
from ..wire.frames import FrameBuffer
from ..wire.jute import Malformed
from .clock import now
from .logs import Log

# A peer that does not read is given this much, then cut off: events for it would pile up without end.
UNSENT_BYTES_MAX = 16 << 20
# Requests are answered in slices of about this size, the next one when the last is on its way: a few bytes can ask for
# gigabytes, and one connection shall not keep the others waiting.
SLICE_BYTES, SLICE_FRAMES = 256 << 10, 2000
HELD_MAX = 1000  # of one client's requests that wait for the ensemble; what is beyond waits at the peer


class Host(Protocol):
    """What a connection needs of the server that it belongs to."""

    @property
    def service(self) -> Service: ...

    @property
    def log(self) -> Log: ...

    def opened(self, connection: "Connection") -> None:
        """A connection was accepted."""
        ...

    def closed(self, connection: "Connection") -> None:
        """A connection is gone."""
        ...

    def flush(self) -> None:
        """Let out what waits, now or as soon as it may leave."""
        ...

    def answer_word(self, word: str, client: Client) -> bytes:
        """The answer to a four-letter word."""
        ...


class Connection(asyncio.Protocol):
    """Bytes in go to the service at once; bytes out come from the server once their transactions are durable."""

    transport: asyncio.Transport
    client: Client

    def __init__(self, server: Host) -> None:
        self._server = server
        self._frames = FrameBuffer(server.service.settings.frame_bytes_max)
        self._head = b""
        self._fresh = True
        self._more = self._scheduled = False  # requests are left over from the last slice; the next one is scheduled
        self._blocked = False  # the peer takes its replies more slowly than it asks
        self._listening = True
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
        self._frames.feed(data)
        self._serve()

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
        elif self._more:
            self._go_on()

    def pause_writing(self) -> None:
        self._blocked = True
        self._listen()

    def resume_writing(self) -> None:
        self._blocked = False
        if self._more:
            self._go_on()
        else:
            self._listen()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closed(self)

    def _serve(self) -> None:
        """Answer one slice of what was asked."""
        self._scheduled = False
        if self.client.closing or self.transport.is_closing():
            return
        at = now()
        self.arrived_ms = at.monotonic_ms
        try:
            with closing(self._slice()) as frames:
                self._server.service.receive(self.client, frames, at)
        except Malformed as error:
            self._server.log.info("connection closed", peer=self.client.address, why=str(error))
            self._server.service.hang_up(self.client)
        self._server.flush()
        self._listen()

    def _slice(self) -> Generator[bytes, None, None]:
        self._more = False
        out, size = self.client.out, 0
        with closing(self._frames.take()) as frames:
            for count, frame in enumerate(frames, 1):
                yield frame
                if out:
                    size += len(out[-1])
                if size > SLICE_BYTES or count >= SLICE_FRAMES or len(self.client.held) >= HELD_MAX:
                    self._more = True
                    return

    def _go_on(self) -> None:
        if not self._scheduled and not self._blocked and len(self.client.held) < HELD_MAX:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._serve)

    def _listen(self) -> None:
        """Read on, unless there is enough to do: what is not read waits at the peer."""
        listen = not (self._more or self._blocked)
        if listen == self._listening or self.transport.is_closing():
            return
        self._listening = listen
        if listen:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _answer_word(self, word: str) -> None:
        self.client.closing = True
        self.transport.write(self._server.answer_word(word, self.client))
        self.transport.close()
