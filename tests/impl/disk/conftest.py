"""A disk that forgets: it records every operation, and tells what a crash after any of them may have left.

`disk` gives the words; a `Disk` is a `Directory` in memory.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from quorate.impl.disk import log
from quorate.impl.disk.snapshot import Snapshot, StoredNode
from quorate.impl.wire import records as r

SECTOR = 512


@dataclass
class File:
    """What surely survives a crash, and what was written since: (offset, data)."""

    durable: bytes = b""
    fresh: list[tuple[int, bytes]] = field(default_factory=list)

    def contents(self) -> bytes:
        return written(self.durable, self.fresh)


@dataclass
class Disk:
    """`steps` are the operations so far that change something; `marks` are the caller's own notes between them."""

    files: dict[str, bytes] = field(default_factory=dict)
    steps: list[tuple[object, ...]] = field(default_factory=list)
    fails_at: int | None = None

    def __post_init__(self) -> None:
        self.initial = dict(self.files)
        self.handles: dict[int, str] = {}

    def resumed(self, count: int, files: dict[str, bytes]) -> "Disk":
        """The same disk after the process died behind `count` steps: nothing more has become durable."""
        again = Disk(dict(files), self.steps[:count])
        again.initial = self.initial
        return again

    def mark(self, note: object) -> None:
        self.steps.append(("mark", note))

    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        return self.files[name]

    def create(self, name: str) -> int:
        handle = len(self.steps)
        self._step("create", handle, name)
        self.files[name] = b""
        self.handles[handle] = name
        return handle

    def write(self, handle: int, offset: int, data: bytes) -> None:
        self._step("write", handle, offset, data)
        name = self.handles[handle]
        self.files[name] = written(self.files[name], [(offset, data)])

    def sync(self, handle: int) -> None:
        self._step("sync", handle)

    def close(self, handle: int) -> None:
        del self.handles[handle]

    def cut(self, name: str, size: int) -> None:
        self._step("cut", name, size)
        self.files[name] = self.files[name][:size].ljust(size, b"\0")

    def rename(self, old: str, new: str) -> None:
        self._step("rename", old, new)
        self.files[new] = self.files.pop(old)
        self.handles = {handle: new if name == old else name for handle, name in self.handles.items()}

    def remove(self, name: str) -> None:
        self._step("remove", name)
        del self.files[name]

    def sync_names(self) -> None:
        self._step("sync_names")

    def _step(self, *step: object) -> None:
        if self.fails_at is not None and len(self.steps) >= self.fails_at:
            raise OSError(28, "No space left on device")
        self.steps.append(step)


def written(base: bytes, writes: list[tuple[int, bytes]]) -> bytes:
    for offset, data in writes:
        base = base[:offset].ljust(offset, b"\0") + data + base[offset + len(data) :]
    return base


class Platter:
    """What the steps up to a crash have made of the disk: files by inode, names on disk, names only in memory."""

    def __init__(self, disk: Disk, count: int, torn_at: int | None = None) -> None:
        self.inodes: list[File] = []
        self.named: dict[str, int] = {}
        self.pending: list[tuple[str, str, int]] = []  # (what, name, inode) not yet surely on disk
        self.live: dict[str, int] = {}
        self.handles: dict[int, int] = {}
        for name, data in disk.initial.items():
            self.live[name] = self.named[name] = self._inode(File(data))
        for step in disk.steps[:count]:
            self._do(*step)
        if torn_at is not None:
            _, handle, offset, data = disk.steps[count]
            self.inodes[self.handles[handle]].fresh.append((offset, data[:torn_at]))  # type: ignore[index,arg-type]

    def _inode(self, file: File) -> int:
        self.inodes.append(file)
        return len(self.inodes) - 1

    def _do(self, what: str, *rest: object) -> None:  # type: ignore[misc]
        match what, *rest:
            case "create", int(handle), str(name):
                inode = self._inode(File())
                # Emptying a file that is there keeps its inode on a real disk; both may be seen after a crash.
                self.handles[handle] = self.live[name] = inode
                self.pending.append(("link", name, inode))
            case "write", int(handle), int(offset), bytes(data):
                self.inodes[self.handles[handle]].fresh.append((offset, data))
            case "sync", int(handle):
                self._settle(self.inodes[self.handles[handle]])
            case "cut", str(name), int(size):
                file = self.inodes[self.live[name]]
                self._settle(file)
                file.durable = file.durable[:size].ljust(size, b"\0")
            case "rename", str(old), str(new):
                inode = self.live.pop(old)
                self.live[new] = inode
                self.pending += [("unlink", old, inode), ("link", new, inode)]
            case "remove", str(name):
                self.pending.append(("unlink", name, self.live.pop(name)))
            case ("sync_names",):
                self.named, self.pending = dict(self.live), []

    def _settle(self, file: File) -> None:
        file.durable, file.fresh = file.contents(), []

    def all_kept(self) -> dict[str, bytes]:
        """The process died, the machine did not."""
        return {name: self.inodes[inode].contents() for name, inode in self.live.items()}

    def all_lost(self) -> dict[str, bytes]:
        """The machine died before it wrote anything it need not."""
        return {name: self.inodes[inode].durable for name, inode in self.named.items()}

    def some_kept(self, rng: random.Random) -> dict[str, bytes]:
        """The machine died while it wrote: any sectors of fresh data, any changes of names, in any order."""
        names = dict(self.named)
        for what, name, inode in self.pending:
            if rng.random() < 0.5:
                continue
            if what == "link":
                names[name] = inode
            else:
                names.pop(name, None)
        kept = rng.choice((0.2, 0.5, 0.9))
        return {name: self._sectors(self.inodes[inode], kept, rng) for name, inode in names.items()}

    def _sectors(self, file: File, kept: float, rng: random.Random) -> bytes:
        data = file.durable
        for offset, fresh in file.fresh:
            pieces = list(sectors(offset, fresh))
            data = written(data, [piece for piece in pieces if rng.random() < kept])
        return data


def sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    end = offset + len(data)
    while offset < end:
        stop = min(end, offset - offset % SECTOR + SECTOR)
        yield offset, data[len(data) - (end - offset) : len(data) - (end - stop)]
        offset = stop


@pytest.fixture(scope="session")
def disk() -> SimpleNamespace:
    return SimpleNamespace(Disk=Disk, Platter=Platter, SECTOR=SECTOR)


LIST = (*r.OPEN_ACL, r.ACL(1, r.Id("digest", "a,b}%:\n")), r.ACL(0, r.Id(None, None)))
BODIES: list[tuple[int, r.Body]] = [
    (r.Op.CREATE_SESSION, r.CreateSessionTxn(4000)),
    (r.Op.CREATE, r.CreateTxn("/a", b"data", LIST, True, 1)),
    (r.Op.CREATE2, r.CreateTxn("/b", None, None, False, 2)),
    (r.Op.CREATE_CONTAINER, r.CreateContainerTxn("/c", b"\xff", (), 3)),
    (r.Op.CREATE_TTL, r.CreateTTLTxn("/d", b"", r.OPEN_ACL, 4, 5000)),
    (r.Op.SET_DATA, r.SetDataTxn("/a", b"two\nlines\n", 1)),
    (r.Op.SET_ACL, r.SetACLTxn("/a", LIST, 2)),
    (r.Op.SET_ACL, r.SetACLTxn("/a", None, 3)),
    (r.Op.DELETE, r.DeleteTxn("/a,b")),
    (r.Op.DELETE_CONTAINER, r.DeleteTxn("/c")),
    (r.Op.RECONFIG, r.SetDataTxn("/zookeeper/config", b"server.1=x", -1)),
    (r.Op.MULTI, r.MultiTxn((r.SubTxn(13, r.CheckVersionTxn("/a", 1)), r.SubTxn(2, r.DeleteTxn("/a"))))),
    (r.Op.MULTI, r.MultiTxn((r.SubTxn(-1, r.ErrorTxn(-101)),))),
    (r.Op.ERROR, r.ErrorTxn(-101)),
    (r.Op.CLOSE_SESSION, r.CloseSessionTxn(("/a", "/b"))),
    (r.Op.CLOSE_SESSION, r.CloseSessionTxn(None)),
]


@pytest.fixture(scope="session")
def every_txn() -> bytes:
    """A log with a transaction of every kind."""
    txns = [r.Txn(r.TxnHeader(-5, 7, n, n * 10**10, kind), body, None) for n, (kind, body) in enumerate(BODIES, 1)]
    return log.HEADER + b"".join(log.frame(txn.encode()) for txn in txns)


@pytest.fixture(scope="session")
def odd_snapshot() -> Snapshot:
    """A snapshot with a number of its own in every field."""
    stat = r.StatPersisted(1, 2, 1_700_000_000_000, 0, 5, 6, 7, 0x10, 9)
    paths = ["", "/b", "/a", "/zookeeper", "/b/n0000000010", "/b/n0000000002", "/b/x"]
    paths += [f"/b/{n}é" for n in range(60)]
    nodes = tuple(StoredNode(path, path.encode(), -1, stat) for path in paths)
    return Snapshot(((0x10, 4000), (-1, 30000)), (), nodes)
