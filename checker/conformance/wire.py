"""A client of the data service without a network between them: what it sends is there at once, what it is sent waits.

Requests go in as the bytes that real clients send, replies and events come out as they would leave. Knows no
specification, and keeps no watches: what a client remembers is its own business.
Source: `ClientCnxn`, `zookeeper.jute`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ...impl.data.acl import OPEN
from ...impl.data.codes import Op
from ...impl.service.client import Now
from ...impl.service.service import Service
from ...impl.wire.frames import XID_EVENT, XID_SET_WATCHES
from ...impl.wire.jute import Reader, Writer
from ...impl.wire.records import Stat, encode_acls

MIDNIGHT = Now(0, 0)  # the service's clock stands still
TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Told:
    """A watch event as it came: its number in `Watcher.Event.EventType`, and the path."""

    type: int
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as it came; `body` is empty where `error` is not 0."""

    xid: int
    zxid: int
    error: int
    body: bytes


class WireClient:
    """A client with a session. It may lose its connection and come back."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._session, self._password = 0, bytes(16)
        self.connect(0)

    def connect(self, last_zxid_seen: int) -> None:
        """A new connection; with the session that there was, if there was one."""
        self._connection = self._service.connect("127.0.0.1", MIDNIGHT)
        out = Writer()
        out.int32(0)
        out.int64(last_zxid_seen)
        out.int32(TIMEOUT_MS)
        out.int64(self._session)
        out.buffer(self._password)
        self._service.receive(self._connection, [out.done()], MIDNIGHT)
        source = Reader(self._connection.out.pop(), 4)
        source.int32()
        source.int32()
        self._session, self._password = source.int64(), source.buffer() or b""

    def lose(self) -> None:
        """The connection is gone, with all that was under way."""
        self._service.disconnect(self._connection)

    @property
    def number(self) -> int:
        """The connection's, by which the service knows who watches."""
        return self._connection.number

    def send(self, xid: int, op: Op, body: bytes) -> None:
        """A request, which is answered at once."""
        head = Writer()
        head.int32(xid)
        head.int32(op)
        self._service.receive(self._connection, [head.done() + body], MIDNIGHT)

    def received(self) -> list[Told | Answer]:
        """What has come since the last look, but for the reply to setWatches, of which no client takes notice."""
        frames, self._connection.out = self._connection.out, []
        found = [_message(Reader(frame, 4)) for frame in frames]
        return [message for message in found if isinstance(message, Told) or message.xid != XID_SET_WATCHES]


def _message(source: Reader) -> Told | Answer:
    xid, zxid, error = source.int32(), source.int64(), source.int32()
    if xid != XID_EVENT:
        return Answer(xid, zxid, error, source.take(source.remaining(), "body"))
    type = source.int32()
    source.int32()
    return Told(type, source.text())


def stat(answer: Answer) -> Stat:
    """The stat that ends the body of a reply."""
    return Stat.decode(Reader(answer.body, len(answer.body) - Stat.LAYOUT.size))


def read(path: str, watch: bool) -> bytes:
    """The record of getData, exists, getChildren2."""
    out = _start(path)
    out.boolean(watch)
    return out.done()


def add_watch(path: str, mode: int) -> bytes:
    """The record of addWatch."""
    out = _start(path)
    out.int32(mode)
    return out.done()


def set_watches(since: int, *lists: Iterable[str]) -> bytes:
    """The record of setWatches2: paths of data, exist, child, persistent and recursive watches."""
    out = Writer()
    out.int64(since)
    for paths in lists:
        out.vector(paths, Writer.string)
    return out.done()


def create(path: str) -> bytes:
    """The record of create2, for a persistent node without data, open to all."""
    out = _start(path)
    out.buffer(b"")
    encode_acls(out, tuple(OPEN))
    out.int32(0)
    return out.done()


def delete(path: str) -> bytes:
    """The record of delete, whatever the version."""
    out = _start(path)
    out.int32(-1)
    return out.done()


def set_data(path: str) -> bytes:
    """The record of setData, without data, whatever the version."""
    out = _start(path)
    out.buffer(b"")
    out.int32(-1)
    return out.done()


def _start(path: str) -> Writer:
    out = Writer()
    out.string(path)
    return out
