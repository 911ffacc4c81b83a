"""What the leader decides for all members: the transaction for a request, and which sessions live.

It begins when a leader's epoch is established, and ends with its role. Knows no node: it is told the next zxid.
Source: `PrepRequestProcessor`, `LeaderZooKeeperServer`, `LeaderSessionTracker`, `ContainerManager`.
"""

from ..data.codes import Op
from ..data.prepare import Caller, Preparer
from ..data.sessions import Sessions
from ..data.settings import Settings
from ..data.tree import Tree
from ..service.client import Now
from ..wire import requests
from ..wire.jute import Malformed, Reader
from ..wire.records import Txn
from ..wire.requests import WRITES, Write
from .packets import Request, Revalidate
from .pending import timeout_of


class Leadership:
    """All sessions get their whole time-out anew: nobody knows when the former leader last heard of them."""

    def __init__(self, tree: Tree, settings: Settings, now: Now) -> None:
        self._tree = tree
        self._settings = settings
        self.sessions = Sessions(settings.tick_ms, settings.timeout_ms_min, settings.timeout_ms_max, 0)
        self._preparer = Preparer(tree, self.sessions, settings)
        self._containers_checked_ms = now.monotonic_ms
        for session, timeout_ms in tree.timeouts_ms.items():
            self.sessions.track(session, timeout_ms, 0, now.monotonic_ms)

    def transaction(self, peer: int, request: Request, zxid: int, now: Now) -> Txn:
        """The transaction for a request of a member's client."""
        write: Write | None
        owner = global_owner(peer, request.owner)
        try:
            if request.op == Op.CREATE_SESSION:
                write = requests.CreateSession(timeout_of(request))
                self.sessions.track(request.session, write.timeout, owner, now.monotonic_ms)
            elif request.op in WRITES:
                write = requests.decode_write(request.op, Reader(request.body))
            else:
                write = None
        except Malformed:
            write = None
        return self._prepared(
            Caller(request.session, owner, request.identities, request.cxid), request.op, write, zxid, now
        )

    def due(self, now: Now) -> list[tuple[int, int, Write]]:
        """What time itself asks for, as session, operation and request: expired sessions end, stale nodes go."""
        found: list[tuple[int, int, Write]] = [
            (session, Op.CLOSE_SESSION, requests.CloseSession()) for session in self.sessions.expired(now.monotonic_ms)
        ]
        if now.monotonic_ms - self._containers_checked_ms >= self._settings.container_check_ms:
            self._containers_checked_ms = now.monotonic_ms
            found += [
                (0, Op.DELETE_CONTAINER, requests.DeleteContainer(path)) for path in self._tree.outlived(now.wall_ms)
            ]
        return found

    def own_transaction(self, session: int, op: int, write: Write, zxid: int, now: Now) -> Txn:
        """The transaction for something that no client asked for."""
        return self._prepared(Caller(session), op, write, zxid, now)

    def applied(self, txn: Txn) -> None:
        """A transaction is in the tree."""
        self._preparer.settle(txn.header.zxid)
        if txn.header.type == Op.CLOSE_SESSION:
            self.sessions.forget(txn.header.session_id)

    def touch(self, session: int, now: Now) -> None:
        """Some member heard of this session."""
        known = self.sessions.live.get(session)
        if known is not None:
            self.sessions.touch(known, now.monotonic_ms)

    def revalidate(self, peer: int, asked: Revalidate, now: Now) -> bool:
        """Whether a session is alive; if so it now belongs to a connection of this member."""
        known = self.sessions.live.get(asked.session)
        if known is None or known.closing:
            return False
        known.owner, known.timeout_ms = global_owner(peer, asked.owner), asked.timeout_ms
        self.sessions.touch(known, now.monotonic_ms)
        return True

    def _prepared(self, caller: Caller, op: int, write: Write | None, zxid: int, now: Now) -> Txn:
        header, body = self._preparer.prepare(caller, op, write, zxid, now.wall_ms)
        return Txn(header, body, None)


def global_owner(peer: int, connection: int) -> int:
    """A connection of a member, as a number that no connection of another member has."""
    return peer << 48 | connection
