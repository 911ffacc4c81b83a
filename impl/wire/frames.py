"""The frames of the client protocol: lengths, headers, the handshake, replies, watch events.

Knows neither sockets nor what an operation means. A frame is an int32 length and that many bytes. The first four bytes
of a fresh connection may spell a word instead.
Source: `NIOServerCnxn`, `ConnectRequest`, `ReplyHeader`, `WatcherEvent`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from struct import Struct

from .jute import Malformed, Reader, bytes_of

XID_EVENT, XID_PING, XID_AUTH, XID_SET_WATCHES = -1, -2, -4, -8
ZXID_EVENT = -1
CONNECTED = 3  # the state field of every watch event
NULL = b"\xff\xff\xff\xff"

REQUEST_HEADER = Struct("!ii")
LENGTH = Struct("!i")
_REPLY = Struct("!iiqi")
_CONNECT_RESPONSE = Struct("!iiiqi")
_EVENT = Struct("!iiqiiii")


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """A handshake. Very old clients do not know `read_only` (None); they must not be sent it either."""

    last_zxid_seen: int
    timeout_ms: int
    session: int
    password: bytes
    read_only: bool | None

    @classmethod
    def decode(cls, payload: bytes) -> "ConnectRequest":
        """The protocol version is there and means nothing. Raises `Malformed`."""
        source = Reader(payload)
        source.int32()
        last_zxid_seen, timeout_ms, session = source.int64(), source.int32(), source.int64()
        password = source.buffer() or b""
        return cls(last_zxid_seen, timeout_ms, session, password, source.boolean() if source.remaining() else None)


def connect_response(timeout_ms: int, session: int, password: bytes, read_only: bool | None) -> bytes:
    """The answer to a handshake, framed. A refusal has time-out 0, session 0 and a password of zeros."""
    tail = b"" if read_only is None else bytes([read_only])
    length = _CONNECT_RESPONSE.size - 4 + len(password) + len(tail)
    return _CONNECT_RESPONSE.pack(length, 0, timeout_ms, session, len(password)) + password + tail


def reply(xid: int, zxid: int, error: int = 0, body: bytes = b"") -> bytes:
    """A framed reply. An error has no body; only a failed multi keeps one, and its header says no error."""
    return _REPLY.pack(16 + len(body), xid, zxid, error) + body


def event(type: int, path: str) -> bytes:
    """A framed watch event."""
    text = bytes_of(path)
    return _EVENT.pack(28 + len(text), XID_EVENT, ZXID_EVENT, 0, type, CONNECTED, len(text)) + text


class FrameBuffer:
    """Cuts a stream of bytes into frames. Holds what was fed and not yet taken, and at most one incomplete frame.

    `limit` is the largest length accepted; a negative or larger one is `Malformed`, and the connection is to be closed.
    """

    __slots__ = ("_buffer", "limit")

    def __init__(self, limit: int) -> None:
        self._buffer = b""
        self.limit = limit

    def feed(self, data: bytes) -> None:
        """More bytes came."""
        self._buffer = self._buffer + data if self._buffer else data

    def take(self) -> Generator[bytes, None, None]:
        """The payloads of the frames that are complete by now. Stop early and `close` it: the rest comes next time."""
        buffer, start = self._buffer, 0
        size = len(buffer)
        try:
            while size - start >= 4:
                (length,) = LENGTH.unpack_from(buffer, start)
                if not 0 <= length <= self.limit:
                    raise Malformed(f"frame of length {length}; a frame has 0 to {self.limit} bytes")
                end = start + 4 + length
                if end > size:
                    return
                start, begin = end, start + 4
                yield buffer[begin:end]
        finally:
            self._buffer = buffer[start:]
