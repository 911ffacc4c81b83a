"""The server as a machine without I/O: frames of requests in, frames of replies and transactions for the log out.

The caller tells it of connections, frames and the passing of time, then takes what it finds: for every client in
`dirty` the frames in `out`, and in `journal` the transactions that must be on disk before any of these frames leaves.
On one connection everything is answered in order; a watch event precedes the reply that shows its cause.
Source: `ZooKeeperServer`, `FinalRequestProcessor`, `NIOServerCnxn`, `ContainerManager`.
"""

from collections.abc import Callable, Iterable

from ..data import acl
from ..data.codes import READ, Code, EventType, Op, Refused
from ..data.prepare import Caller, Preparer
from ..data.sessions import PASSWORD_BYTES, Sessions, password, signed64
from ..data.settings import Settings
from ..data.tree import Applied, Change, Tree
from ..data.watches import Event, Watches
from ..wire import requests
from ..wire.frames import REQUEST_HEADER, XID_PING, ConnectRequest, connect_response, event, reply
from ..wire.jute import Malformed, Reader
from ..wire.records import DIGEST_VERSION, Id, Txn, TxnDigest
from ..wire.requests import WRITES, Write
from . import replies
from .client import Client, Now
from .reads import READS, SERVER_READS
from .stats import Stats

REFUSED = bytes(PASSWORD_BYTES)  # the password in a refusal
_EPOCH_END = 0xFFFFFFFF


class Service:
    """One standalone server. `next_session` is the first session id to give (see `sessions.first_id`)."""

    def __init__(self, tree: Tree, settings: Settings, next_session: int, now: Now) -> None:
        self.settings = settings
        self.tree = tree
        self.watches = Watches()
        self.sessions = Sessions(settings.tick_ms, settings.timeout_ms_min, settings.timeout_ms_max, next_session)
        self.preparer = Preparer(tree, self.sessions, settings)
        self.clients: dict[int, Client] = {}
        self.dirty: dict[Client, None] = {}
        self.journal: list[Txn] = []
        self.stats = Stats()
        self.mode = "standalone"  # or what a member is: leader, follower, observer
        self.server_id = 1
        self.members = ""  # the lines of the configuration that name them
        self.measures: Callable[[], list[tuple[str, int | float]]] = list  # what only some servers measure
        self.directory_sizes: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._connections = 0
        self._containers_checked_ms = now.monotonic_ms
        for session, timeout_ms in tree.timeouts_ms.items():
            self.sessions.track(session, timeout_ms, 0, now.monotonic_ms)

    @property
    def available(self) -> bool:
        """Whether clients are served."""
        return True

    def connect(self, address: str, now: Now) -> Client:
        """A connection was accepted."""
        self._connections += 1
        client = Client(self._connections, address, identities=[Id("ip", address)], connected_ms=now.wall_ms)
        self.clients[client.number] = client
        return client

    def disconnect(self, client: Client) -> None:
        """The connection is gone; its session lives until it expires, its watches do not."""
        client.closing = True
        self.clients.pop(client.number, None)
        self.dirty.pop(client, None)
        self.watches.remove_watcher(client.number)

    def receive(self, client: Client, frames: Iterable[bytes], now: Now) -> None:
        """Frames arrived, in this order. Those after one that ends the connection are not looked at."""
        session = self.sessions.live.get(client.session)
        if session is not None:
            self.sessions.touch(session, now.monotonic_ms)
        self.dirty[client] = None
        for frame in frames:
            if client.closing:
                return
            client.received += 1
            self.stats.received += 1
            if client.session:
                self._request(client, frame, now)
            else:
                self._handshake(client, frame, now)

    def tick(self, now: Now) -> None:
        """Time has passed: sessions expire, empty containers and stale TTL nodes go."""
        for session in self.sessions.expired(now.monotonic_ms):
            self._commit(Caller(session), Op.CLOSE_SESSION, requests.CloseSession(), now)
        if now.monotonic_ms - self._containers_checked_ms >= self.settings.container_check_ms:
            self._containers_checked_ms = now.monotonic_ms
            for path in self.tree.outlived(now.wall_ms):
                self._commit(Caller(0), Op.DELETE_CONTAINER, requests.DeleteContainer(path), now)

    def hang_up(self, client: Client) -> None:
        """Close a connection after what is still to be sent."""
        client.closing = True
        self.dirty[client] = None

    def _request(self, client: Client, frame: bytes, now: Now) -> None:
        if len(frame) < REQUEST_HEADER.size:
            self.hang_up(client)
            return
        xid, op = REQUEST_HEADER.unpack_from(frame)
        read = READS.get(op)
        try:
            if read is not None:
                self.sessions.check(client.session, client.number)
                body = read(self, client, Reader(frame, REQUEST_HEADER.size))
            elif op in WRITES:
                body = self._write(client, xid, op, frame, now)
            else:
                self._other(client, xid, op, frame)
                return
        except Refused as refusal:
            self._refuse(client, xid, refusal.code)
            return
        except Malformed:
            self._refuse(client, xid, Code.MARSHALLING_ERROR)
            return
        client.out.append(reply(XID_PING if op == Op.PING else xid, self.tree.last_zxid, 0, body))
        if op == Op.CLOSE_SESSION:
            self.hang_up(client)

    def _refuse(self, client: Client, xid: int, code: int) -> None:
        if code == Code.SESSION_MOVED:
            # The client is connected elsewhere by now: it must not take this for an answer to its request.
            self.hang_up(client)
            return
        client.out.append(reply(xid, self.tree.last_zxid, code))

    def _write(self, client: Client, xid: int, op: int, frame: bytes, now: Now) -> bytes:
        write: Write | None
        try:
            write = requests.decode_write(op, Reader(frame, REQUEST_HEADER.size))
        except Malformed:
            write = None
        applied = self._commit(Caller(client.session, client.number, client.identities, xid), op, write, now)
        if applied.type == Op.ERROR:
            raise Refused(Code(applied.error))
        return replies.written(op, applied)

    def _commit(self, caller: Caller, op: int, write: Write | None, now: Now) -> Applied:
        """Prepare, journal, apply and tell the watchers: one transaction under the next zxid."""
        zxid = self.tree.last_zxid + 1
        if zxid & _EPOCH_END == _EPOCH_END:
            zxid += 2  # an epoch ends before its counter does; the next one starts at 1
        header, body = self.preparer.prepare(caller, op, write, zxid, now.wall_ms)
        applied = self.tree.apply(header, body)
        self.preparer.settle(zxid)
        digest = None if header.type == Op.ERROR else TxnDigest(DIGEST_VERSION, signed64(self.tree.digest))
        self.journal.append(Txn(header, body, digest))
        self._notify(applied.changes)
        if op == Op.CLOSE_SESSION and applied.error == Code.OK:
            self._end_session(caller)
        return applied

    def _notify(self, changes: Iterable[Change]) -> None:
        """Tell the watchers, but only those that may read what changed (since the fix of CVE-2024-23944)."""
        last: Event | None = None
        frame = b""
        for change in changes:
            for watcher, told in self.watches.fire(change.type, change.path, change.parent):
                guard = change.parent_acl if told.type is EventType.NODE_CHILDREN_CHANGED else change.acl
                if not acl.grants(guard, READ, self.clients[watcher].identities):
                    continue
                if told is not last:
                    last, frame = told, event(told.type, told.path)
                self.send(watcher, frame)

    def send(self, number: int, frame: bytes) -> None:
        """Let a connection have a frame, after all that it was given before."""
        client = self.clients[number]
        client.out.append(frame)
        self.dirty[client] = None

    def _end_session(self, caller: Caller) -> None:
        session = self.sessions.live.get(caller.session)
        self.sessions.forget(caller.session)
        if session is not None and session.owner in self.clients and session.owner != caller.connection:
            self.hang_up(self.clients[session.owner])

    def _handshake(self, client: Client, frame: bytes, now: Now) -> None:
        try:
            request = ConnectRequest.decode(frame)
        except Malformed:
            self.hang_up(client)
            return
        if request.last_zxid_seen > self.tree.last_zxid:
            self.hang_up(client)  # it has seen a future that this server does not know; no answer is better than a lie
            return
        timeout_ms = self.sessions.negotiate(request.timeout_ms)
        if request.session == 0:
            session = self.sessions.create(timeout_ms, client.number, now.monotonic_ms).id
            self._commit(Caller(session, client.number), Op.CREATE_SESSION, requests.CreateSession(timeout_ms), now)
        else:
            session = self._reattach(client, request, timeout_ms, now)
        read_only = None if request.read_only is None else False
        if session == 0:
            client.out.append(connect_response(0, 0, REFUSED, read_only))
            self.hang_up(client)
            return
        client.session, client.timeout_ms = session, timeout_ms
        client.out.append(connect_response(timeout_ms, session, password(session), read_only))

    def _reattach(self, client: Client, request: ConnectRequest, timeout_ms: int, now: Now) -> int:
        """Move a session here; 0 if it is refused. Even then the connection that had it is cut, as in the original."""
        known = self.sessions.live.get(request.session)
        if known is not None and known.owner in self.clients:
            self.hang_up(self.clients[known.owner])
        session = self.sessions.reattach(request.session, request.password, timeout_ms, client.number, now.monotonic_ms)
        return 0 if session is None else session.id

    def _other(self, client: Client, xid: int, op: int, frame: bytes) -> None:
        """What belongs to the connection alone, and what no server knows; these replies carry no zxid."""
        source = Reader(frame, REQUEST_HEADER.size)
        if op in SERVER_READS:
            client.out.append(reply(xid, 0, 0, SERVER_READS[op](source)))
            return
        if op != Op.AUTH:
            client.out.append(reply(xid, -1, Code.UNIMPLEMENTED))
            self.hang_up(client)
            return
        source.int32()
        scheme, credential = source.string(), source.buffer() or b""
        try:
            proven = acl.authenticate(scheme, credential, self.settings.super_digest, client.address)
        except Refused as refusal:
            client.out.append(reply(xid, 0, refusal.code))
            self.hang_up(client)
            return
        client.identities += [identity for identity in proven if identity not in client.identities]
        client.out.append(reply(xid, 0))
