"""One member as a process runs it: sockets, disk and clock around `member`.

Every event is handed to the member, and what it asks for is done before the next one (`_turn`). Replies of committed
writes leave at once: a quorum has them on disk.
"""

import asyncio

from ..disk.epochs import Epochs
from ..disk.image import capture
from ..ensemble.messages import Append, Connect, Disconnect, Flush, Notify, WriteEpochs
from ..ensemble.state import Leading
from ..member.effects import CutLog, Effect, InstallSnapshot, Tell
from ..member.member import Member
from ..member.packets import Packet
from ..server.clock import now
from ..server.connection import Connection
from ..server.logs import Log
from ..server.server import SILENCE_MS_MAX
from ..service import words
from ..service.client import Client
from . import codec
from .configuration import Address, Configuration
from .journal import Journal
from .learners import Learners
from .links import ELECTION, Link
from .mail import Mailbox


class Host:
    """`stopped` is set when the disk failed (`failure` says how), or `stop` is done."""

    def __init__(self, configuration: Configuration, sid: int, member: Member, log: Log) -> None:
        self.member = member
        self.service = member.service
        self.log = log
        self.failure: BaseException | None = None
        self.stopped = asyncio.Event()
        self.journal: Journal
        self._configuration = configuration
        self._sid = sid
        self._sids = list(configuration.servers)
        self._connections: dict[int, Connection] = {}
        self._listeners: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._saved_at = self._swept_ms = self._due_ms = 0
        self._state = ""
        servers, fingerprint = configuration.servers, configuration.fingerprint
        places = {other: (address.host, address.quorum_port) for other, address in servers.items()}
        self._learners = Learners(sid, places, fingerprint, self, self._refused)
        self._mail = {
            other: Mailbox(sid, other, (address.host, address.election_port), fingerprint)
            for other, address in servers.items()
            if other != sid
        }

    async def listen(self, client_host: str, client_port: int) -> int:
        """Open all ports, and begin. Returns the clients' port."""
        loop = asyncio.get_running_loop()
        own: Address = self._configuration.servers[self._sid]
        fingerprint = self._configuration.fingerprint
        here = None if self._configuration.listen_everywhere else own.host
        votes = await loop.create_server(
            lambda: Link(self, ELECTION, fingerprint, self._refused), here, own.election_port
        )
        calls = await loop.create_server(self._learners.accept, here, own.quorum_port)
        clients = await loop.create_server(lambda: Connection(self), client_host, client_port, backlog=1024)
        self._listeners = [votes, calls, clients]
        self.member.start(now())
        self._turn()
        bound: int = clients.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Leave the ensemble, and let go of everything."""
        for listener in self._listeners:
            listener.close()
        if self._timer is not None:
            self._timer.cancel()
        self._learners.close()
        for mailbox in self._mail.values():
            mailbox.close()
        for connection in list(self._connections.values()):
            connection.transport.close()
        if self.failure is None:
            self.journal.close()
        self.stopped.set()

    # What the clients' connections ask of their server.

    def opened(self, connection: Connection) -> None:
        self._connections[connection.client.number] = connection

    def closed(self, connection: Connection) -> None:
        self._connections.pop(connection.client.number, None)
        self.service.disconnect(connection.client)

    def flush(self) -> None:
        self._turn()

    def answer_word(self, word: str, client: Client) -> bytes:
        return words.answer(word, self.service, now(), client)

    # What comes from other members.

    def greeted(self, link: Link) -> bool:
        return link.peer in self._sids and link.peer != self._sid

    def frame(self, link: Link, frame: bytes) -> None:
        """A vote."""
        notification = codec.decode_notification(frame, self._sids)
        self.member.notified(self._sids.index(link.peer), notification, now())
        self._turn()

    def lost(self, link: Link) -> None:
        """A peer that is heard no more in elections is not missed."""

    def packet(self, sid: int, packet: Packet) -> None:
        try:
            self.member.received(self._sids.index(sid), packet, now())
        finally:
            self._turn()

    def gone(self, sid: int) -> None:
        self.member.closed(self._sids.index(sid), now())
        self._turn()

    def leads(self) -> bool | None:
        role = self.member.node.role
        return None if role is None else isinstance(role, Leading)

    def synced(self, zxid: int) -> None:
        """The log is durable up to here."""
        self.member.synced(zxid, now())
        self._turn()

    def failed(self, error: BaseException) -> None:
        """The disk did not do its work: nothing that this member says can be relied on from now on."""
        self.failure = error
        self.log.error("disk failed", why=str(error))
        for connection in list(self._connections.values()):
            connection.transport.abort()
        self._learners.close()
        self.stopped.set()

    def _refused(self, why: str) -> None:
        self.log.warning("connection closed", why=why)

    def _turn(self) -> None:
        """Do what the member asks for, answer clients, and come back when time asks for it."""
        while (effects := self.member.take()) and self.failure is None:
            for effect in effects:
                self._do(effect)
        if self.failure is not None:
            return
        self._follow_state()
        self.journal.go()
        self._release()
        self._save_sometimes()
        self._schedule(self.member.next_wake)

    def _schedule(self, due_ms: int) -> None:
        if self._timer is not None:
            if due_ms == self._due_ms:
                return
            self._timer.cancel()
        self._due_ms = due_ms
        self._timer = asyncio.get_running_loop().call_at(due_ms / 1000, self._wake)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Tell(peer, packet):
                self._learners.tell(self._sids[peer], packet)
            case Append(txn):
                self.journal.append(txn)
            case Notify(peer, notification):
                self._mail[self._sids[peer]].post(codec.encode_notification(notification, self._sids))
            case Connect(peer):
                self._learners.dial(self._sids[peer])
            case Disconnect(peer):
                self._learners.hang_up(self._sids[peer])
            case WriteEpochs(accepted, current):
                self.journal.write_epochs(Epochs(accepted, current))
            case CutLog(zxid):
                self.log.info("log truncated", after=f"0x{zxid:x}")
                self.journal.cut(zxid)
            case InstallSnapshot(zxid, snapshot):
                self.log.info("snapshot from the leader", zxid=f"0x{zxid:x}")
                self.journal.install(zxid, snapshot)
            case Flush():
                self.journal.flush()

    def _follow_state(self) -> None:
        node = self.member.node
        state = f"{node.state} {node.role.phase}" if node.role is not None else node.state
        if state == self._state:
            return
        self._state = state
        leader = self._sids[node.election.vote.leader]
        self.log.info("state", state=state, epoch=node.accepted, leader=leader, zxid=f"0x{node.last:x}")
        if node.role is not None:
            self._learners.welcome_held(follows=not isinstance(node.role, Leading))

    def _release(self) -> None:
        stats, now_ms = self.service.stats, now().monotonic_ms
        dirty = list(self.service.dirty)
        self.service.dirty.clear()
        for client in dirty:
            frames, client.out = client.out, []
            connection = self._connections.get(client.number)
            if connection is not None:
                stats.answered(len(frames), now_ms - connection.arrived_ms)
                connection.release(frames)

    def _save_sometimes(self) -> None:
        if self.member.delivered - self._saved_at < self._configuration.snapshot_every:
            return
        self._saved_at = self.member.delivered
        tree = self.service.tree
        self.journal.save(tree.last_zxid, capture(tree))

    def _wake(self) -> None:
        self._timer = None
        at = now()
        self.member.wake(at)
        if at.monotonic_ms - self._swept_ms > 1000:
            self._swept_ms = at.monotonic_ms
            for connection in list(self._connections.values()):
                silent = at.monotonic_ms - max(connection.since_ms, connection.arrived_ms) > SILENCE_MS_MAX
                if silent and (connection.client.closing or not connection.client.session):
                    connection.transport.abort()
        self._turn()
