"""The data service of a member: reads are answered here, what changes something is asked of the leader.

What a client asks is answered in its order: behind a write that is under way everything waits, further writes alone
are sent ahead (`CommitProcessor`). A transaction is applied when the ensemble has committed it; if it was asked for
here, its reply leaves then. Knows no node and no leader: what is to be asked is left in `asked_for`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..data.codes import Code, Op
from ..data.sessions import Sessions, password, signed64
from ..data.settings import Settings
from ..data.tree import Applied, Tree
from ..service import replies
from ..service.client import Client, Held, Now
from ..service.service import REFUSED, Service
from ..wire.frames import REQUEST_HEADER, ConnectRequest, connect_response, reply
from ..wire.jute import Malformed, Reader, Writer
from ..wire.records import Body, Txn, TxnHeader
from ..wire.requests import WRITES
from .packets import Request, Revalidate, Sync


@dataclass(frozen=True, slots=True)
class Asked:
    """What the leader was asked for, and for whom."""

    client: Client
    xid: int
    op: int
    timeout_ms: int = 0  # of a handshake


class MemberService(Service):
    """`serving` is true while the member belongs to an established ensemble; before and after, nobody is served."""

    def __init__(self, tree: Tree, settings: Settings, next_session: int, now: Now) -> None:
        super().__init__(tree, settings, next_session, now)
        self.serving = False
        self.asked_for: list[Request | Revalidate | Sync] = []
        self.touched: dict[int, int] = {}
        self._asked: dict[int, Asked] = {}
        self._assigned: dict[int, int] = {}
        self._serial = 0
        self._now = now

    @property
    def available(self) -> bool:
        return self.serving

    def begin(self, now: Now) -> None:
        """The member serves from now on, on the tree as it is."""
        self.serving = True
        self._track_all(now)

    def end(self) -> None:
        """The member has no leader: whoever is connected must look for another member."""
        self.serving = False
        for client in list(self.clients.values()):
            client.held.clear()
            self.hang_up(client)
        self.asked_for.clear()
        self.touched.clear()
        self._asked.clear()
        self._assigned.clear()

    def replace_tree(self, tree: Tree) -> None:
        """A snapshot from the leader takes the place of everything."""
        self.tree = tree

    def receive(self, client: Client, frames: Iterable[bytes], now: Now) -> None:
        self._now = now
        if not self.serving:
            self.hang_up(client)
            return
        if client.session in self.sessions.live:
            self.touched[client.session] = client.timeout_ms
        super().receive(client, frames, now)

    def assigned(self, serial: int, zxid: int) -> None:
        """The leader says which transaction a request of ours became."""
        self._assigned[zxid] = serial

    def deliver(self, txn: Txn, now: Now) -> Applied:
        """Apply a committed transaction, tell the watchers, and answer whoever asked for it here."""
        self._now = now
        header = txn.header
        applied = self.tree.apply(header, txn.body)
        self._notify(applied.changes)
        self._follow_session(header, txn.body, applied)
        asked = self._asked.pop(self._assigned.get(header.zxid, 0), None)
        serial = self._assigned.pop(header.zxid, 0)
        if asked is not None and asked.client.number in self.clients:
            if asked.op == Op.CREATE_SESSION:
                self._welcome(asked.client, header.session_id, asked.timeout_ms)
            else:
                self._answer(asked, serial, applied)
        return applied

    def synced(self, serial: int) -> None:
        """The leader answers a sync: everything before it is applied."""
        asked = self._asked.pop(serial, None)
        if asked is None or asked.client.number not in self.clients:
            return
        held = next(held for held in asked.client.held if held.serial == serial)
        super()._request(asked.client, held.frame, self._now)
        answered = asked.client.out.pop()
        self._settle(asked.client, serial, answered, asked.op)

    def revalidated(self, session: int, owner: int, valid: bool) -> None:
        """The leader says whether a session that came here is alive."""
        client = self.clients.get(owner)
        if client is None:
            return
        known = self.sessions.live.get(session)
        if not valid or known is None:
            self._turn_away(client)
            return
        timeout_ms = client.timeout_ms
        known.owner, known.timeout_ms = client.number, timeout_ms
        self._welcome(client, session, timeout_ms)

    def take_touched(self) -> tuple[tuple[int, int], ...]:
        """The sessions that were heard of since the last time, with their time-outs."""
        touched, self.touched = tuple(self.touched.items()), {}
        return touched

    def _track_all(self, now: Now) -> None:
        before = self.sessions
        self.sessions = Sessions(before.tick_ms, before.timeout_ms_min, before.timeout_ms_max, before.next_id)
        for session, timeout_ms in self.tree.timeouts_ms.items():
            self.sessions.track(session, timeout_ms, 0, now.monotonic_ms)

    def _request(self, client: Client, frame: bytes, now: Now) -> None:
        if len(frame) < REQUEST_HEADER.size:
            self.hang_up(client)
            return
        xid, op = REQUEST_HEADER.unpack_from(frame)
        if op in WRITES or op == Op.SYNC:
            self._ask(client, xid, op, frame)
        elif client.held and op != Op.AUTH:
            client.held.append(Held(frame=frame))
        else:
            super()._request(client, frame, now)

    def _ask(self, client: Client, xid: int, op: int, frame: bytes) -> None:
        serial = self._next(Asked(client, xid, op))
        if op == Op.SYNC:
            client.held.append(Held(serial, frame))
            self.asked_for.append(Sync(serial))
            return
        client.held.append(Held(serial))
        body = frame[REQUEST_HEADER.size :]
        identities = tuple(client.identities)
        self.asked_for.append(Request(serial, client.session, client.number, identities, xid, op, body))

    def _next(self, asked: Asked) -> int:
        self._serial += 1
        self._asked[self._serial] = asked
        return self._serial

    def _answer(self, asked: Asked, serial: int, applied: Applied) -> None:
        if applied.type == Op.ERROR and applied.error == Code.SESSION_MOVED:
            # The client is connected elsewhere by now: it must not take this for an answer to its request.
            asked.client.held.clear()
            self.hang_up(asked.client)
            return
        error = applied.error if applied.type == Op.ERROR else 0
        body = b"" if error else replies.written(asked.op, applied)
        self._settle(asked.client, serial, reply(asked.xid, self.tree.last_zxid, error, body), asked.op)

    def _settle(self, client: Client, serial: int, answer: bytes, op: int) -> None:
        """A request is answered; whatever is now first in line and can be answered follows."""
        held = client.held
        for index, waiting in enumerate(held):
            if waiting.serial == serial:
                held[index] = replace(waiting, reply=answer, op=op)
                break
        while held and not client.closing:
            first = held[0]
            if first.reply is None and first.serial:
                return
            held.popleft()
            if first.reply is None:
                super()._request(client, first.frame, self._now)
                continue
            client.out.append(first.reply)
            self.dirty[client] = None
            if first.op == Op.CLOSE_SESSION:
                self.hang_up(client)

    def _handshake(self, client: Client, frame: bytes, now: Now) -> None:
        if client.held:
            client.held.append(Held(frame=frame))  # sent before the session was confirmed
            return
        try:
            request = ConnectRequest.decode(frame)
        except Malformed:
            self.hang_up(client)
            return
        if request.last_zxid_seen > self.tree.last_zxid:
            self.hang_up(client)  # it has seen a future that this server does not know; no answer is better than a lie
            return
        client.timeout_ms = self.sessions.negotiate(request.timeout_ms)
        client.read_only = None if request.read_only is None else False
        if request.session == 0:
            self._ask_for_session(client)
            return
        known = self.sessions.live.get(request.session)
        if known is not None and known.owner in self.clients:
            self.hang_up(self.clients[known.owner])
        if request.password != password(request.session):
            self._turn_away(client)
            return
        client.held.append(Held(serial=-1))
        self.asked_for.append(Revalidate(request.session, client.timeout_ms, client.number))

    def _ask_for_session(self, client: Client) -> None:
        session = self.sessions.next_id
        self.sessions.next_id = signed64(session + 1)
        serial = self._next(Asked(client, 0, Op.CREATE_SESSION, client.timeout_ms))
        client.held.append(Held(serial))
        out = Writer()
        out.int32(client.timeout_ms)
        self.asked_for.append(Request(serial, session, client.number, (), 0, Op.CREATE_SESSION, out.done()))

    def _welcome(self, client: Client, session: int, timeout_ms: int) -> None:
        """The session is this client's; what it sent meanwhile is looked at now."""
        client.session = session
        client.out.append(connect_response(timeout_ms, session, password(session), client.read_only))
        self.dirty[client] = None
        _, *early = client.held
        client.held.clear()
        for held in early:
            self._request(client, held.frame, self._now)

    def _turn_away(self, client: Client) -> None:
        client.held.clear()
        client.out.append(connect_response(0, 0, REFUSED, client.read_only))
        self.hang_up(client)

    def _follow_session(self, header: TxnHeader, body: Body, applied: Applied) -> None:
        """Sessions begin and end for every member at once."""
        if not self.serving:
            return
        if header.type == Op.CREATE_SESSION:
            asked = self._asked.get(self._assigned.get(header.zxid, 0))
            owner = asked.client.number if asked is not None else 0
            timeout_ms = self.tree.timeouts_ms[header.session_id]
            self.sessions.track(header.session_id, timeout_ms, owner, self._now.monotonic_ms)
        elif header.type == Op.CLOSE_SESSION and not applied.error:
            session = self.sessions.live.get(header.session_id)
            self.sessions.forget(header.session_id)
            asked = self._asked.get(self._assigned.get(header.zxid, 0))
            if session is not None and session.owner in self.clients and asked is None:
                self.hang_up(self.clients[session.owner])


def timeout_of(request: Request) -> int:
    """The time-out in a request for a session. Raises `Malformed`."""
    source = Reader(request.body)
    timeout_ms = source.int32()
    source.finish()
    return timeout_ms
