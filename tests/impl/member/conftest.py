"""Members in one process under a clock that only moves when told: connections are queues, disks are dictionaries.

Every packet goes through its bytes and back. `ensemble(3)` gives a world in which nothing has happened yet.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from quorate.impl.data.sessions import first_id
from quorate.impl.data.settings import Settings
from quorate.impl.disk import snapshot
from quorate.impl.disk.epochs import Epochs, write_epochs
from quorate.impl.disk.image import capture
from quorate.impl.disk.opening import open_member
from quorate.impl.ensemble.messages import Append, Connect, Disconnect, Flush, FollowerInfo, Notify, WriteEpochs
from quorate.impl.ensemble.state import Ensemble, Leading
from quorate.impl.member.effects import CutLog, InstallSnapshot, Tell
from quorate.impl.member.member import Limits, Member
from quorate.impl.member.packets import FullSnapshot
from quorate.impl.quorum import codec
from quorate.impl.service.client import Now

TICK_MS = 500


class MemoryDirectory:
    """A disk that never fails."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.handles: dict[int, bytearray] = {}

    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        return bytes(self.files[name])

    def create(self, name: str) -> int:
        handle = len(self.handles)
        self.handles[handle] = self.files[name] = bytearray()
        return handle

    def write(self, handle: int, offset: int, data: bytes) -> None:
        file = self.handles[handle]
        file.extend(bytes(max(0, offset + len(data) - len(file))))
        file[offset : offset + len(data)] = data

    def sync(self, handle: int) -> None: ...

    def close(self, handle: int) -> None: ...

    def sync_names(self) -> None: ...

    def cut(self, name: str, size: int) -> None:
        del self.files[name][size:]

    def rename(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)

    def remove(self, name: str) -> None:
        del self.files[name]


class World:
    """All members; `cut` holds pairs between which nothing arrives."""

    def __init__(self, voters: int, observers: int = 0, **settings: Any) -> None:
        count = voters + observers
        own = {name: settings.pop(name) for name in ("retained", "max_counter") if name in settings}
        self.ensemble = replace(Ensemble(count, observers=frozenset(range(voters, count))), **own)
        self.settings = Settings(tick_ms=TICK_MS, **settings)
        self.ms = 1_000_000
        self.disks = [MemoryDirectory() for _ in range(count)]
        self.members: dict[int, Member] = {}
        self.stores: dict[int, Any] = {}
        self.epochs: dict[int, Epochs] = {}
        self.votes: deque[tuple[int, int, bytes]] = deque()
        self.links: dict[tuple[int, int], deque[bytes]] = {}  # from, to
        self.dialled: dict[int, int] = {}  # learner → leader
        self.cut: set[tuple[int, int]] = set()
        self.sent: list[tuple[int, int, str]] = []  # names of packets, for tests to look at
        for server in range(count):
            self.start(server)

    def now(self) -> Now:
        return Now(self.ms, self.ms)

    def start(self, server: int) -> None:
        opened = open_member(self.disks[server])
        limits = Limits(TICK_MS, 20 * TICK_MS, 10 * TICK_MS)
        session = first_id(server + 1, self.ms)
        member = Member(self.ensemble, server, opened, self.settings, limits, session, self.now())
        self.members[server], self.stores[server], self.epochs[server] = member, opened.store, opened.epochs
        member.start(self.now())
        self.turn(server)

    def crash(self, server: int) -> None:
        del self.members[server]
        for learner, leader in list(self.dialled.items()):
            if server in (learner, leader):
                self.close(learner)

    def close(self, learner: int) -> None:
        """A connection breaks, and both sides notice."""
        leader = self.dialled.pop(learner)
        for pair in ((learner, leader), (leader, learner)):
            self.links.pop(pair, None)
            if pair[0] in self.members:
                self.members[pair[0]].closed(pair[1], self.now())
                self.turn(pair[0])

    def turn(self, server: int) -> None:
        while server in self.members and (effects := self.members[server].take()):
            for effect in effects:
                self._do(server, effect)

    def settle(self) -> None:
        """Deliver everything that is under way."""
        while self.deliver_one():
            pass

    def wait(self, ms: int) -> None:
        """Let time pass, in steps of what the members asked for."""
        end = self.ms + ms
        self.settle()
        while self.ms < end:
            due = min((m.next_wake for m in self.members.values()), default=end)
            self.ms = max(self.ms + 1, min(end, due))
            for server, member in list(self.members.items()):
                if member.next_wake <= self.ms:
                    member.wake(self.now())
                    self.turn(server)
            self.settle()

    def elect(self) -> int:
        """Until somebody leads and all serve; the leader."""
        for _ in range(400):
            self.wait(100)
            if all(member.service.serving for member in self.members.values()):
                return self.leader()
        raise AssertionError(f"no leader: {[m.node.state for m in self.members.values()]}")

    def leader(self) -> int:
        return next(s for s, m in self.members.items() if isinstance(m.node.role, Leading) and m.service.serving)

    def follower(self) -> int:
        return next(s for s, m in self.members.items() if m.node.state == "FOLLOWING")

    def digests(self) -> set[tuple[int, int]]:
        return {(m.service.tree.last_zxid, m.service.tree.digest) for m in self.members.values()}

    def feed(self, server: int, client: Any, data: bytes) -> None:
        """Bytes from a client: whole frames."""
        frames, at = [], 0
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            frames.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        self.members[server].service.receive(client, frames, self.now())
        self.turn(server)

    def deliver_one(self) -> bool:
        if self.votes:
            source, target, frame = self.votes.popleft()
            if target in self.members and (source, target) not in self.cut:
                self.members[target].notified(source, codec.decode_notification(frame, self._sids()), self.now())
                self.turn(target)
            return True
        for (source, target), queue in list(self.links.items()):
            if queue and target in self.members and (source, target) not in self.cut and self._takes(target, queue):
                self._arrive(source, target, queue.popleft())
                return True
        return False

    def _takes(self, target: int, queue: deque[bytes]) -> bool:
        """A call waits until the member that is called leads."""
        first = codec.kind_of(queue[0]) == codec.FOLLOWER_INFO
        return not first or isinstance(self.members[target].node.role, Leading)

    def _arrive(self, source: int, target: int, frame: bytes) -> None:
        if codec.kind_of(frame) == codec.SNAP:
            packet: Any = FullSnapshot(int.from_bytes(frame[4:12], "big"), snapshot.decode(frame[12:]))
        else:
            packet = codec.decode(frame)
        self.sent.append((source, target, type(packet).__name__))
        self.members[target].received(source, packet, self.now())
        self.turn(target)

    def _sids(self) -> list[int]:
        return list(range(1, self.ensemble.servers + 1))

    def _do(self, server: int, effect: Any) -> None:
        member, store = self.members[server], self.stores[server]
        match effect:
            case Notify(peer, notification):
                self.votes.append((server, peer, codec.encode_notification(notification, self._sids())))
            case Connect(peer):
                self.dialled[server] = peer
                self.links[server, peer], self.links[peer, server] = deque(), deque()
            case Disconnect(peer):
                self._hang_up(server, peer)
            case Tell(peer, FullSnapshot(zxid, snap)):
                head = codec.SNAP.to_bytes(4, "big") + zxid.to_bytes(8, "big")
                self._post(server, peer, head + snapshot.encode(snap))
            case Tell(peer, packet):
                refused = isinstance(packet, FollowerInfo) and peer not in self.members
                self._post(server, peer, codec.encode(packet))
                if refused:
                    self.close(server)
            case Append(txn):
                store.append_encoded(txn.zxid, txn.payload)
                store.commit()
                member.synced(txn.zxid, self.now())
            case CutLog(zxid):
                store.truncate(zxid)
            case InstallSnapshot(zxid, snap):
                store.install(snap, zxid)
            case WriteEpochs(accepted, current):
                before, self.epochs[server] = self.epochs[server], Epochs(accepted, current)
                write_epochs(self.disks[server], before, self.epochs[server])
            case Flush():
                store.commit()

    def _hang_up(self, server: int, peer: int) -> None:
        """The other side hears of it, unless nothing gets there."""
        for learner, leader in ((server, peer), (peer, server)):
            if self.dialled.get(learner) == leader:
                del self.dialled[learner]
                self.links.pop((server, peer))
                self.links.pop((peer, server))
                if peer in self.members and (server, peer) not in self.cut:
                    self.members[peer].closed(server, self.now())
                    self.turn(peer)

    def _post(self, source: int, target: int, frame: bytes) -> None:
        if (source, target) in self.links:
            self.links[source, target].append(frame)

    def save(self, server: int) -> None:
        """The member takes a snapshot."""
        tree = self.members[server].service.tree
        self.stores[server].save(capture(tree), tree.last_zxid)


@pytest.fixture
def ensemble() -> Callable[..., World]:
    """Makes worlds."""
    return World


@pytest.fixture
def visit(raw: Any) -> Callable[..., Any]:
    """A client at a member: `visit(world, server)`; what it asks is delivered before it looks for an answer."""

    def connect(world: World, server: int, greet: bool = True, **arguments: Any) -> Any:
        client = world.members[server].service.connect("127.0.0.1", world.now())

        def receive() -> bytes | None:
            world.settle()
            if not client.out:
                assert client.closing, "the server has not answered"
                return None
            return bytes(client.out.pop(0)[4:])

        peer = raw.Peer(lambda data: world.feed(server, client, data), receive)
        peer.client = client
        if greet:
            peer.welcome = peer.hello(**arguments)
        return peer

    return connect
