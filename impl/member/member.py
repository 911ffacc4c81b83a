"""A member of an ensemble without sockets, disk and clock: the node of `ensemble`, with the data service on top of it.

    member.received(peer, packet, now)      # and the other events; then
    for effect in member.take(): ...        # what the host must do, in this order, before the next event

A client's write travels to the leader, which makes a transaction of it under the next zxid and says so (`Assigned`)
before it proposes it; when the ensemble has committed it every member applies it, and the one that was asked replies.
Peers are the numbers of the node, from 0. Source: `QuorumPeer`, `Leader`, `Learner`, `LearnerHandler`.
"""

from collections import deque
from dataclasses import dataclass

from ..data.settings import Settings
from ..disk.image import capture, restore
from ..disk.opening import OpenedMember
from ..disk.snapshot import Snapshot
from ..ensemble import election, messages, node
from ..ensemble.leader import next_zxid
from ..ensemble.messages import Closed, Deliver, Disconnect, Event, Received, Send, TimedOut, Txn, count_upto
from ..ensemble.state import Disk, Ensemble, Following, Leading
from ..service.client import Now
from ..wire import records
from .effects import CutLog, Effect, InstallSnapshot, Tell
from .electing import RESEND_MS_MAX, Timing
from .leadership import Leadership
from .packets import Assigned, ClientPacket, FullSnapshot, Packet, Ping, Request, Revalidate, Revalidated, Sync
from .pending import MemberService


@dataclass(frozen=True, slots=True)
class Limits:
    """How long silence may last, in milliseconds: `init` until a learner has the history, `sync` from then on."""

    tick_ms: int
    init_ms: int
    sync_ms: int


DESERTED_MS = 1000  # so long a new leader believes that those who look for one have only not decided yet
_MODES = {"LEADING": "leader", "FOLLOWING": "follower", "OBSERVING": "observer", "LOOKING": "looking"}


class Member:
    """`server` is the node's number; `service` is where clients are connected."""

    def __init__(
        self,
        ensemble: Ensemble,
        server: int,
        opened: OpenedMember,
        settings: Settings,
        limits: Limits,
        session: int,
        now: Now,
    ) -> None:
        self.service = MemberService(opened.tree, settings, session, now)
        self.service.measures = self._measures
        self.leadership: Leadership | None = None
        self.delivered = 0  # transactions since the start
        self._limits = limits
        self._now = now
        self._out: list[Effect] = []
        self._incoming: FullSnapshot | None = None
        self._proposed: dict[int, records.Txn] = {}
        self._syncs: deque[tuple[int, int, int]] = deque()  # zxid to wait for, peer, serial
        self._heard: dict[int, int] = {}
        self._looking: dict[int, int] = {}  # when this peer last said that it looks for a leader
        self._entered_ms = now.monotonic_ms
        self._pinged_ms = now.monotonic_ms
        self._timing = Timing(now.monotonic_ms)
        log = tuple(Txn(txn.header.zxid, txn.encode()) for txn in opened.txns)
        self.node = node.begin(ensemble, server, Disk(*opened.epochs, log, len(log)), opened.tree.last_zxid)
        self._settings = settings

    def start(self, now: Now) -> None:
        """Look for a leader. The first event."""
        self._now = now
        self.node, effects = election.look(self.node)
        self._carry_out(effects)

    def take(self) -> list[Effect]:
        """What is to be done since the last time."""
        self._ask_leader()
        out, self._out = self._out, []
        return out

    def notified(self, peer: int, notification: messages.Notification, now: Now) -> None:
        """An election peer's notification arrived."""
        self._now = now
        self._timing.heard(peer, notification, now.monotonic_ms)
        if notification.state == "LOOKING":
            self._looking[peer] = now.monotonic_ms
        self._step(messages.Notified(peer, notification))

    def received(self, peer: int, packet: Packet, now: Now) -> None:
        """A packet arrived on the present connection with a learner or the leader."""
        self._now = now
        self._heard[peer] = now.monotonic_ms
        match packet:
            case Ping() | Request() | Assigned() | Revalidate() | Revalidated() | Sync():
                self._about_clients(peer, packet)
            case FullSnapshot():
                self._incoming = packet
                self._step(Received(peer, messages.Snap((), packet.zxid)))
            case _:
                self._step(Received(peer, packet))

    def closed(self, peer: int, now: Now) -> None:
        """The connection with a learner or the leader is gone."""
        self._now = now
        self._step(Closed(peer))

    def synced(self, zxid: int, now: Now) -> None:
        """The log is durable up to this transaction; not to be told after an effect that cut or replaced it."""
        self._now = now
        length = count_upto(self.node.log, zxid)
        if length > self.node.synced:
            self._step(messages.Synced(length))

    def wake(self, now: Now) -> None:
        """Time has passed, at least until `next_wake`."""
        self._now = now
        match self.node.role:
            case None:
                for event in self._timing.due(self.node, now.monotonic_ms):
                    self._step(event)
            case Following(leader):
                limit = self._limits.sync_ms if self.service.serving else self._limits.init_ms
                since = self._heard.get(leader, 0) if self.service.serving else self._entered_ms
                if now.monotonic_ms - since > limit:
                    self._step(TimedOut())
            case Leading() as role:
                self._lead(role)

    def deliver(self, txn: Txn) -> None:
        """Apply a transaction that the node says is committed; nobody else has this to say."""
        decoded = self._proposed.pop(txn.zxid, None)
        if decoded is None:
            assert isinstance(txn.payload, bytes)
            decoded = records.Txn.decode(txn.payload)
        self.service.deliver(decoded, self._now)
        self.delivered += 1
        if self.leadership is not None:
            self.leadership.applied(decoded)
        while self._syncs and self._syncs[0][0] <= txn.zxid:
            _, peer, serial = self._syncs.popleft()
            self._tell(peer, Sync(serial))

    @property
    def next_wake(self) -> int:
        """When to call `wake`, in monotonic milliseconds."""
        if self.node.role is None:
            return self._timing.next_due
        return self._now.monotonic_ms // self._half_tick * self._half_tick + self._half_tick

    @property
    def _half_tick(self) -> int:
        return max(1, self._limits.tick_ms // 2)

    def _lead(self, role: Leading) -> None:
        now_ms = self._now.monotonic_ms
        if self.leadership is None:
            if now_ms - self._entered_ms > self._limits.init_ms or self._is_deserted(role):
                self._step(TimedOut())
            return
        for peer in sorted(role.connected):
            limit = self._limits.sync_ms if peer in role.ready else self._limits.init_ms
            if now_ms - self._heard.get(peer, self._entered_ms) > limit:
                self._out.append(Disconnect(peer))
                self._step(Closed(peer))
        if self.leadership is not None and now_ms - self._pinged_ms >= self._half_tick:
            self._pinged_ms = now_ms
            self._out += [Tell(peer, Ping()) for peer in sorted(role.forwarding)]
            for session, _ in self.service.take_touched():
                self.leadership.touch(session, self._now)
        self._let_time_act()

    def _is_deserted(self, role: Leading) -> bool:
        """Whether those who should follow this new leader look for one themselves, so that no quorum can come.

        They voted for it and died, for example. ZooKeeper's leader waits for initLimit all the same, and whoever has
        called it waits with it.
        """
        now_ms, ensemble = self._now.monotonic_ms, self.node.ensemble
        if now_ms - self._entered_ms < DESERTED_MS:
            return False
        lost = {peer for peer, at in self._looking.items() if now_ms - at <= RESEND_MS_MAX} - role.connected
        return not ensemble.is_quorum(frozenset(range(ensemble.servers)) - lost)

    def _let_time_act(self) -> None:
        """Sessions expire, empty containers and stale TTL nodes go."""
        if self.leadership is None:
            return
        for session, op, write in self.leadership.due(self._now):
            role = self.node.role
            if not isinstance(role, Leading) or self.leadership is None:
                return
            zxid = next_zxid(self.node, role)
            self._propose(self.leadership.own_transaction(session, op, write, zxid, self._now))

    def _about_clients(self, peer: int, packet: ClientPacket) -> None:
        if isinstance(self.node.role, Leading):
            self._for_learner(peer, packet)
        elif isinstance(self.node.role, Following) and peer == self.node.role.leader:
            self._from_leader(peer, packet)

    def _for_learner(self, peer: int, packet: ClientPacket) -> None:
        """A learner asks something of this leader; `peer` is the leader itself for its own clients."""
        role, leadership = self.node.role, self.leadership
        if leadership is None or not isinstance(role, Leading):
            return
        match packet:
            case Ping(touched):
                for session, _ in touched:
                    leadership.touch(session, self._now)
            case Request():
                zxid = next_zxid(self.node, role)
                txn = leadership.transaction(peer, packet, zxid, self._now)
                self._tell(peer, Assigned(packet.serial, zxid))
                self._propose(txn)
            case Revalidate(session, _, owner):
                valid = leadership.revalidate(peer, packet, self._now)
                self._tell(peer, Revalidated(session, owner, valid))
            case Sync(serial):
                if role.acks:
                    self._syncs.append((self.node.last, peer, serial))
                else:
                    self._tell(peer, Sync(serial))
            case Assigned() | Revalidated():
                pass

    def _from_leader(self, peer: int, packet: ClientPacket) -> None:
        match packet:
            case Ping():
                self._tell(peer, Ping(self.service.take_touched()))
            case Assigned(serial, zxid):
                self.service.assigned(serial, zxid)
            case Revalidated(session, owner, valid):
                self.service.revalidated(session, owner, valid)
            case Sync(serial):
                self.service.synced(serial)
            case Request() | Revalidate():
                pass

    def _tell(self, peer: int, packet: ClientPacket) -> None:
        if peer == self.node.id:
            self._from_leader(peer, packet)
        else:
            self._out.append(Tell(peer, packet))

    def _propose(self, txn: records.Txn) -> None:
        self._proposed[txn.header.zxid] = txn
        self._step(messages.Request(txn.encode()))

    def _ask_leader(self) -> None:
        """What clients of this member want of the leader goes there, or is dealt with here."""
        while self.service.asked_for:
            asked, self.service.asked_for = self.service.asked_for, []
            for packet in asked:
                match self.node.role:
                    case Following(leader):
                        self._out.append(Tell(leader, packet))
                    case Leading():
                        self._for_learner(self.node.id, packet)
                    case None:
                        return

    def _step(self, event: Event) -> None:
        before = self.node
        self.node, effects = node.step(before, event)
        self._carry_out(effects)
        if type(before.role) is not type(self.node.role):
            self._entered_ms = self._now.monotonic_ms
            self._heard.clear()
        self._follow_role()
        self._timing.follow(self.node, self._now.monotonic_ms)
        self._compact()

    def _carry_out(self, effects: tuple[messages.Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Deliver(txn):
                    self.deliver(txn)
                case Send(peer, messages.Snap(history)):
                    self._out.append(Tell(peer, self._snapshot_after(history)))
                case Send(peer, packet):
                    self._out.append(Tell(peer, packet))
                case messages.Truncate(length):
                    log = self.node.log
                    self._out.append(CutLog(log[length - 1].zxid if length else self.node.floor))
                case messages.Install(_, floor):
                    self._install(floor)
                case _:
                    self._out.append(effect)

    def _snapshot_after(self, history: messages.Log) -> FullSnapshot:
        """The tree after these transactions, some of which may not be applied here yet."""
        tree = self.service.tree
        missing = [txn for txn in history if txn.zxid > tree.last_zxid]
        if missing:
            tree = restore(capture(tree), tree.last_zxid)
            for txn in missing:
                assert isinstance(txn.payload, bytes)
                decoded = records.Txn.decode(txn.payload)
                tree.apply(decoded.header, decoded.body)
        return FullSnapshot(tree.last_zxid, capture(tree))

    def _install(self, zxid: int) -> None:
        assert self._incoming is not None and self._incoming.zxid == zxid
        snapshot: Snapshot = self._incoming.snapshot
        self._incoming = None
        self.service.replace_tree(restore(snapshot, zxid))
        self._out.append(InstallSnapshot(zxid, snapshot))

    def _follow_role(self) -> None:
        role = self.node.role
        serves = role is not None and role.phase == "BROADCAST"
        if serves and not self.service.serving:
            self.service.begin(self._now)
            self.service.mode = _MODES[self.node.state]
            if isinstance(role, Leading):
                self.leadership = Leadership(self.service.tree, self._settings, self._now)
        elif self.service.serving and not serves:
            self.service.end()
            self.leadership = None
            self._syncs.clear()
            self._proposed.clear()

    def _measures(self) -> list[tuple[str, int | float]]:
        """What a leader tells of its learners, under ZooKeeper's names."""
        ensemble, role = self.node.ensemble, self.node.role
        voters = ensemble.servers - len(ensemble.observers)
        if not isinstance(role, Leading):
            return [("quorum_size", voters)]
        synced = role.ready & role.forwarding
        return [
            ("quorum_size", voters),
            ("learners", len(role.connected)),
            ("synced_followers", len(synced - ensemble.observers)),
            ("synced_observers", len(synced & ensemble.observers)),
            ("pending_syncs", len(self._syncs)),
        ]

    def _compact(self) -> None:
        """Keep in memory what a learner may lack, no more: the rest is in the tree and on the disk."""
        retained = self.node.ensemble.retained
        spare = min(self.node.committed, self.node.synced) - retained
        if spare >= retained:
            self.node, _ = node.step(self.node, messages.Forget(spare))
