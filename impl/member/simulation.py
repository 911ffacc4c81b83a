"""Members in one process under a clock that only moves when told: connections are queues, disks are dictionaries.

Every packet goes through its bytes and back. A `World` is an ensemble in which nothing has happened yet; `happen` draws
what happens next. A crash keeps what was written, as the death of a process does.
"""

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..data.sessions import first_id
from ..data.settings import Settings
from ..disk import snapshot
from ..disk.epochs import Epochs, write_epochs
from ..disk.image import capture
from ..disk.opening import OpenedMember, open_member
from ..disk.storage import Store
from ..ensemble.messages import Append, Connect, Disconnect, Flush, FollowerInfo, Notify, WriteEpochs
from ..ensemble.state import Ensemble, Leading
from ..quorum import codec
from ..service.client import Client, Now
from .effects import CutLog, Effect, InstallSnapshot, Tell
from .member import Limits, Member
from .packets import FullSnapshot, Packet

TICK_MS = 500


class MemoryDirectory:
    """A disk that never fails."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.handles: dict[int, bytearray] = {}

    def names(self) -> list[str]:
        """Sorted."""
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        """The whole file."""
        return bytes(self.files[name])

    def create(self, name: str) -> int:
        """Truncates one that is there."""
        handle = len(self.handles)
        self.handles[handle] = self.files[name] = bytearray()
        return handle

    def write(self, handle: int, offset: int, data: bytes) -> None:
        """At any offset."""
        file = self.handles[handle]
        file.extend(bytes(max(0, offset + len(data) - len(file))))
        file[offset : offset + len(data)] = data

    def sync(self, handle: int) -> None:
        """What is written is safe."""

    def close(self, handle: int) -> None:
        """Handles are never used up."""

    def sync_names(self) -> None:
        """Names are safe."""

    def cut(self, name: str, size: int) -> None:
        """To this size."""
        del self.files[name][size:]

    def rename(self, old: str, new: str) -> None:
        """Replaces one that is there."""
        self.files[new] = self.files.pop(old)

    def remove(self, name: str) -> None:
        """It must be there."""
        del self.files[name]


class World:
    """All members, of one `kind`; `cut` holds pairs between which nothing arrives."""

    kind: type[Member] = Member

    def __init__(self, voters: int, observers: int = 0, **settings: Any) -> None:
        count = voters + observers
        own = {name: settings.pop(name) for name in ("retained", "max_counter") if name in settings}
        self.ensemble = replace(Ensemble(count, observers=frozenset(range(voters, count))), **own)
        self.settings = Settings(tick_ms=TICK_MS, **settings)
        self.ms = 1_000_000
        self.disks = [MemoryDirectory() for _ in range(count)]
        self.members: dict[int, Member] = {}
        self.stores: dict[int, Store] = {}
        self.epochs: dict[int, Epochs] = {}
        self.votes: deque[tuple[int, int, bytes]] = deque()
        self.links: dict[tuple[int, int], deque[bytes]] = {}  # from, to
        self.dialled: dict[int, int] = {}  # learner → leader
        self.cut: set[tuple[int, int]] = set()
        self.sent: list[tuple[int, int, str]] = []  # names of packets, for tests to look at
        self.done: Counter[str] = Counter()  # what happened how often: effects by name, starts, crashes, snapshots
        for server in range(count):
            self.start(server)

    def now(self) -> Now:
        """The clock of all members."""
        return Now(self.ms, self.ms)

    def start(self, server: int) -> None:
        """A member starts from its disk."""
        opened = open_member(self.disks[server])
        self.done["started from a snapshot" if opened.tree.last_zxid else "started from nothing"] += 1
        member = self.create(server, opened)
        self.members[server], self.stores[server], self.epochs[server] = member, opened.store, opened.epochs
        member.start(self.now())
        self.turn(server)

    def create(self, server: int, opened: OpenedMember) -> Member:
        """A member on what is on its disk."""
        limits = Limits(TICK_MS, 20 * TICK_MS, 10 * TICK_MS)
        session = first_id(server + 1, self.ms)
        return self.kind(self.ensemble, server, opened, self.settings, limits, session, self.now())

    def crash(self, server: int) -> None:
        """A member ends in the middle of whatever it does."""
        self.done["crashed"] += 1
        del self.members[server]
        for learner, leader in list(self.dialled.items()):
            if server in (learner, leader):
                self.close(learner)

    def close(self, learner: int) -> None:
        """A connection breaks, and both sides notice."""
        leader = self.dialled.pop(learner)
        pairs = ((learner, leader), (leader, learner))
        for pair in pairs:
            self.links.pop(pair, None)  # both, before one of them calls again
        for pair in pairs:
            if pair[0] in self.members:
                self.members[pair[0]].closed(pair[1], self.now())
                self.turn(pair[0])

    def turn(self, server: int) -> None:
        """A member is done with an event: what it wants to be done happens."""
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
        """The member that leads, and serves."""
        return next(s for s, m in self.members.items() if isinstance(m.node.role, Leading) and m.service.serving)

    def follower(self) -> int:
        """A member that follows."""
        return next(s for s, m in self.members.items() if m.node.state == "FOLLOWING")

    def digests(self) -> set[tuple[int, int]]:
        """Last zxid and digest of every tree."""
        return {(m.service.tree.last_zxid, m.service.tree.digest) for m in self.members.values()}

    def feed(self, server: int, client: Client, data: bytes) -> None:
        """Bytes from a client: whole frames."""
        frames, at = [], 0
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            frames.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        self.members[server].service.receive(client, frames, self.now())
        self.turn(server)

    def deliver_one(self) -> bool:
        """The next message arrives; whether there was one."""
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
            packet: Packet = FullSnapshot(int.from_bytes(frame[4:12], "big"), snapshot.decode(frame[12:]))
        else:
            packet = codec.decode(frame)
        self.sent.append((source, target, type(packet).__name__))
        self.members[target].received(source, packet, self.now())
        self.turn(target)

    def _sids(self) -> list[int]:
        return list(range(1, self.ensemble.servers + 1))

    def _do(self, server: int, effect: Effect) -> None:
        member, store = self.members[server], self.stores[server]
        self.done[type(effect).__name__] += 1
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
                assert isinstance(txn.payload, bytes)
                self.append(server, txn.zxid, txn.payload)
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
                self.links.pop((server, peer), None)  # two that have called each other lose both at once
                self.links.pop((peer, server), None)
                if peer in self.members and (server, peer) not in self.cut:
                    self.members[peer].closed(server, self.now())
                    self.turn(peer)

    def _post(self, source: int, target: int, frame: bytes) -> None:
        if (source, target) in self.links:
            self.links[source, target].append(frame)

    def append(self, server: int, zxid: int, payload: bytes) -> None:
        """A transaction is in a member's log, durably."""
        self.stores[server].append_encoded(zxid, payload)
        self.stores[server].commit()

    def save(self, server: int) -> None:
        """The member takes a snapshot."""
        self.done["saved"] += 1
        tree = self.members[server].service.tree
        self.stores[server].save(capture(tree), tree.last_zxid)


def happen(world: World, rng: random.Random, ask: Callable[[], None]) -> None:
    """One thing happens: clients ask for something, messages arrive, time passes, or a fault."""
    point = rng.random()
    if point < 0.25:
        ask()
    elif point < 0.70:
        _deliver(world, rng)
    elif point < 0.90:
        _pass_time(world, rng.randrange(20, 400))
    elif point < 0.94 and len(world.members) > world.ensemble.servers - 2:
        world.crash(rng.choice(sorted(world.members)))
    elif point < 0.97:
        down = sorted(set(range(world.ensemble.servers)) - set(world.members))
        if down:
            world.start(rng.choice(down))
    elif point < 0.985 and world.dialled:
        world.close(rng.choice(sorted(world.dialled)))
    elif point < 0.995 and world.members:
        world.save(rng.choice(sorted(world.members)))


def _deliver(world: World, rng: random.Random) -> None:
    """Some messages arrive, from connections in any order."""
    for _ in range(rng.randrange(30)):
        order = list(world.links.items())
        rng.shuffle(order)
        world.links = dict(order)
        if not world.deliver_one():
            return


def _pass_time(world: World, ms: int) -> None:
    world.ms += ms
    for server, member in list(world.members.items()):
        if member.next_wake <= world.ms:
            member.wake(world.now())
            world.turn(server)


def recover(world: World) -> None:
    """Everybody who is down comes back, a leader is elected, and everything under way arrives."""
    for server in sorted(set(range(world.ensemble.servers)) - set(world.members)):
        world.start(server)
    world.elect()
    world.settle()
