"""A client that speaks raw bytes, written from the facts alone: it shares no code with the server it talks to.

`raw` gives its words; a `Peer` is one connection to the sans-IO service of the fixture `lab`, or to a socket.
"""

import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from quorate.impl.data.settings import Settings
from quorate.impl.data.tree import Tree
from quorate.impl.service.client import Client, Now
from quorate.impl.service.service import Service

STAT_FIELDS = "czxid mzxid ctime mtime version cversion aversion ephemeral_owner data_length num_children pzxid"
Stat = NamedTuple("Stat", [(name, int) for name in STAT_FIELDS.split()])
OPEN = ((31, "world", "anyone"),)


def i32(value: int) -> bytes:
    return struct.pack(">i", value)


def i64(value: int) -> bytes:
    return struct.pack(">q", value)


def buf(value: bytes | None) -> bytes:
    return i32(-1) if value is None else i32(len(value)) + value


def text(value: str | None) -> bytes:
    return buf(None if value is None else value.encode())


def vec(items: list[bytes] | tuple[bytes, ...]) -> bytes:
    return i32(len(items)) + b"".join(items)


def acls(entries: Any) -> bytes:
    return i32(-1) if entries is None else vec([i32(p) + text(s) + text(i) for p, s, i in entries])


def create(path: str | None, data: bytes | None = b"", flags: int = 0, acl: Any = OPEN, op: int = 1) -> Any:
    return op, text(path) + buf(data) + acls(acl) + i32(flags)


def create2(path: str, data: bytes | None = b"", flags: int = 0, acl: Any = OPEN) -> Any:
    return create(path, data, flags, acl, 15)


def container(path: str, flags: int = 4) -> Any:
    return create(path, b"", flags, OPEN, 19)


def ttl(path: str, ms: int, flags: int = 5) -> Any:
    return 21, create(path, b"", flags)[1] + i64(ms)


def delete(path: str, version: int = -1) -> Any:
    return 2, text(path) + i32(version)


def exists(path: str | None, watch: bool = False) -> Any:
    return 3, text(path) + bytes([watch])


def get(path: str | None, watch: bool = False) -> Any:
    return 4, text(path) + bytes([watch])


def set_data(path: str, data: bytes | None, version: int = -1) -> Any:
    return 5, text(path) + buf(data) + i32(version)


def get_acl(path: str) -> Any:
    return 6, text(path)


def set_acl(path: str, acl: Any, version: int = -1) -> Any:
    return 7, text(path) + acls(acl) + i32(version)


def children(path: str, watch: bool = False) -> Any:
    return 8, text(path) + bytes([watch])


def children2(path: str, watch: bool = False) -> Any:
    return 12, text(path) + bytes([watch])


def sync(path: str) -> Any:
    return 9, text(path)


def check(path: str, version: int = -1) -> Any:
    return 13, text(path) + i32(version)


def multi(*parts: Any, op: int = 14) -> Any:
    return op, b"".join(i32(o) + b"\0" + i32(-1) + body for o, body in parts) + i32(-1) + b"\1" + i32(-1)


def multi_read(*parts: Any) -> Any:
    return multi(*parts, op=22)


def auth(scheme: str | None, credential: bytes) -> Any:
    return 100, i32(0) + text(scheme) + buf(credential)


def set_watches(since: int, *lists: list[str]) -> Any:
    return (101 if len(lists) == 3 else 105), i64(since) + b"".join(vec([text(p) for p in paths]) for paths in lists)


def add_watch(path: str, mode: int) -> Any:
    return 106, text(path) + i32(mode)


def check_watches(path: str, kind: int) -> Any:
    return 17, text(path) + i32(kind)


def remove_watches(path: str, kind: int) -> Any:
    return 18, text(path) + i32(kind)


CLOSE: Any = (-11, b"")
PING: Any = (11, b"")
WHO_AM_I: Any = (107, b"")


def connect(
    session: int = 0, password: bytes = bytes(16), timeout: int = 10_000, seen: int = 0, tail: bytes = b"\0"
) -> bytes:
    return i32(0) + i64(seen) + i32(timeout) + i64(session) + buf(password) + tail


class Cursor:
    """Reads a reply's body from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> Any:
        values = struct.unpack_from(">" + layout, self.data, self.at)
        self.at += struct.calcsize(">" + layout)
        return values if len(values) > 1 else values[0]

    def buf(self) -> bytes | None:
        size = self.take("i")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self) -> str | None:
        raw = self.buf()
        return None if raw is None else raw.decode()

    def stat(self) -> Stat:
        return Stat(*self.take("qqqqiiiqiiq"))

    def texts(self) -> list[str | None]:
        return [self.text() for _ in range(self.take("i"))]

    def acls(self) -> list[Any]:
        return [(self.take("i"), self.text(), self.text()) for _ in range(self.take("i"))]

    def pairs(self) -> list[Any]:
        return [(self.text(), self.text()) for _ in range(self.take("i"))]

    def parts(self) -> list[Any]:
        """The results of a multi, each (type, value) with the error code as the value of a failure."""
        found: list[Any] = []
        while True:
            kind, done, err = self.take("i?i")
            if done:
                assert (kind, err) == (-1, -1)
                return found
            found.append((kind, self._part(kind, err)))

    def _part(self, kind: int, err: int) -> Any:
        match kind:
            case 1:
                return self.text()
            case 15:
                return self.text(), self.stat()
            case 5:
                return self.stat()
            case 4:
                return self.buf(), self.stat()
            case 8:
                return self.texts()
            case -1:
                assert self.take("i") == err
                return err
            case 2 | 13:
                return None
        raise AssertionError(f"a part of type {kind}")


@dataclass
class Reply:
    xid: int
    zxid: int
    err: int
    body: Cursor

    @property
    def path(self) -> str | None:
        return self.body.text()

    @property
    def stat(self) -> Stat:
        return self.body.stat()


class Welcome(NamedTuple):
    timeout: int
    session: int
    password: bytes
    read_only: bool | None
    size: int


def welcome(frame: bytes) -> Welcome:
    body = Cursor(frame)
    version, timeout, session = body.take("iiq")
    password = body.buf()
    assert version == 0 and password is not None
    return Welcome(timeout, session, password, body.take("?") if body.at < len(frame) else None, len(frame))


@dataclass
class Peer:
    """One connection. `exchange` sends bytes and returns the frames that came; `log` holds all replies and events."""

    send: Callable[[bytes], None]
    receive: Callable[[], bytes | None]
    log: list[Any] = field(default_factory=list)
    xid: int = 0

    def hello(self, **arguments: Any) -> Welcome | None:
        """Shake hands; None if the server hung up without a word."""
        payload = connect(**arguments)
        self.send(i32(len(payload)) + payload)
        frame = self.receive()
        return None if frame is None else welcome(frame)

    def post(self, request: Any, xid: int | None = None) -> None:
        """Send a request and do not wait."""
        op, body = request
        if xid is None:
            self.xid += 1
            xid = self.xid
        self.send(i32(8 + len(body)) + i32(xid) + i32(op) + body)

    def next(self) -> Any:
        """The next reply, or an event as ("event", type, path), or None at the end."""
        frame = self.receive()
        if frame is None:
            return None
        body = Cursor(frame)
        xid, zxid, err = body.take("iqi")
        if xid == -1:
            kind, state = body.take("ii")
            assert (zxid, err, state) == (-1, 0, 3)
            self.log.append(("event", kind, body.text()))
        else:
            self.log.append(Reply(xid, zxid, err, body))
        return self.log[-1]

    def ask(self, request: Any, xid: int | None = None) -> Reply:
        """Send a request and wait for its reply; events that come before it stay in the log."""
        self.post(request, xid)
        while True:
            answer = self.next()
            assert answer is not None, "the server hung up"
            if isinstance(answer, Reply):
                return answer

    def err(self, request: Any) -> int:
        return self.ask(request).err

    def events(self) -> list[Any]:
        """All events so far as (type, path); forgets them."""
        found = [entry[1:] for entry in self.log if isinstance(entry, tuple)]
        self.log.clear()
        return found


class Lab:
    """A sans-IO service under a clock that only moves when told."""

    def __init__(self, **settings: Any) -> None:
        self.wall, self.monotonic = 1_000_000, 50_000
        self.service = Service(Tree.fresh(), Settings(**settings), 1 << 56, self.now())
        self.journal: list[Any] = []

    def now(self) -> Now:
        return Now(self.wall, self.monotonic)

    def wait(self, ms: int) -> None:
        """Let time pass, tick by tick."""
        tick = self.service.settings.tick_ms
        while ms > 0:
            step = min(tick, ms)
            self.wall, self.monotonic, ms = self.wall + step, self.monotonic + step, ms - step
            self.service.tick(self.now())

    def peer(self, address: str = "127.0.0.1", greet: bool = True, **arguments: Any) -> Any:
        """A connected client with an open session; `peer.client` is the server's side of it."""
        client = self.service.connect(address, self.now())
        peer = Peer(lambda data: self.feed(client, data), lambda: self.fetch(client))
        peer.client = client  # type: ignore[attr-defined]
        if greet:
            peer.welcome = peer.hello(**arguments)  # type: ignore[attr-defined]
        return peer

    def feed(self, client: Client, data: bytes) -> None:
        frames, at = [], 0
        while at < len(data):
            (size,) = struct.unpack_from(">i", data, at)
            frames.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        self.service.receive(client, frames, self.now())
        self.journal += self.service.journal
        self.service.journal.clear()

    def fetch(self, client: Client) -> bytes | None:
        if not client.out:
            assert client.closing, "the server has not answered"
            return None
        frame = client.out.pop(0)
        assert struct.unpack_from(">i", frame)[0] == len(frame) - 4
        return frame[4:]


def socket_peer(host: str, port: int, timeout_s: float = 20.0) -> Any:
    """A connection to a real socket."""
    link = socket.create_connection((host, port), timeout_s)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = link.makefile("rb")

    def receive() -> bytes | None:
        head = stream.read(4)
        if len(head) < 4:
            return None
        return stream.read(struct.unpack(">i", head)[0])

    peer = Peer(link.sendall, receive)
    peer.link, peer.stream = link, stream  # type: ignore[attr-defined]
    return peer


@pytest.fixture
def raw() -> Any:
    """The words of the raw client."""
    return SimpleNamespace(**{name: value for name, value in globals().items() if not name.startswith("_")})


@pytest.fixture
def lab() -> Iterator[Any]:
    """A laboratory with a standalone service."""
    yield Lab()
