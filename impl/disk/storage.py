"""The store of one server: what is acknowledged is on disk, and every crash leaves a directory that `recover` reads.

The promise: when `commit` returns, everything appended before it survives any crash. The order of operations keeps it:
a new log is named durably before its first transaction counts; a snapshot gets its name only when it is whole and
synced; what is purged is older than a snapshot that is whole. After a failed write nothing is known about the file,
so that the store refuses all further work. Knows bytes and names; the tree is the caller's.
Source: FileTxnLog.append and commit, SyncRequestProcessor, FileTxnSnapLog.save, PurgeTxnLog.
"""

from contextlib import suppress
from dataclasses import dataclass

from ..wire.records import Txn
from . import log
from .directory import Directory
from .files import UNFINISHED, log_name, logs, logs_needed_after, snapshot_name, snapshots
from .snapshot import Snapshot, encode, is_sealed


@dataclass(frozen=True, slots=True)
class Policy:
    """`preallocate`: a log grows in steps of so many bytes, 0 grows it as needed (preAllocSize, there 64 MiB).

    `log_limit`: a log of more bytes than this is the last one to be written to, 0 is no limit (txnLogSizeLimitInKb).
    `sync`: False leaves it to the operating system when data reaches the disk (forceSync=no): a crash of the process
    then still loses nothing, a crash of the machine may lose what was acknowledged.
    """

    preallocate: int = 1 << 20
    log_limit: int = 0
    sync: bool = True


class StoreBroken(Exception):
    """An earlier operation on the disk failed, so that nobody knows what is in the log."""


class Store:
    """Appends to the newest log. Construct it after `recover`, with the last zxid that was found."""

    def __init__(self, directory: Directory, last_zxid: int, policy: Policy | None = None) -> None:
        self.last_zxid = last_zxid
        self._directory = directory
        self._policy = policy or Policy()
        self._handle: int | None = None
        self._position = self._size = 0
        self._pending = bytearray()
        self._pending_first = 0
        self._failure: str | None = None

    def append(self, txn: Txn) -> None:
        """Take a transaction, whose zxid is greater than all before. It is durable after the next `commit` only."""
        self.append_encoded(txn.header.zxid, txn.encode())

    def append_encoded(self, zxid: int, payload: bytes) -> None:
        """As `append`, of a transaction that is encoded already."""
        if zxid <= self.last_zxid:
            raise ValueError(f"transaction 0x{zxid:x} does not follow 0x{self.last_zxid:x}")
        if not self._pending:
            self._pending_first = zxid
        self._pending += log.frame(payload)
        self.last_zxid = zxid

    def commit(self) -> None:
        """Make everything appended durable. Raises `OSError` when the disk fails, then and ever after."""
        if self._failure is not None:
            raise StoreBroken(f"nothing more is stored, because the disk failed: {self._failure}")
        if not self._pending:
            return
        try:
            self._write_pending()
        except OSError as error:
            self._failure = str(error)
            raise

    def roll(self) -> None:
        """End the present log; the next transaction begins a new one."""
        self.commit()
        if self._handle is not None:
            self._directory.close(self._handle)
            self._handle = None

    def save(self, snapshot: Snapshot, zxid: int) -> str:
        """Write a snapshot of the state after transaction `zxid`; the result is its name. A new log begins.

        Raises `OSError` when the disk does not take it; then no snapshot was written, and the log goes on.
        """
        self.roll()
        name = snapshot_name(zxid)
        try:
            self._write_new(UNFINISHED + name, encode(snapshot))
        except OSError:
            with suppress(OSError):
                self._directory.remove(UNFINISHED + name)
            raise
        self._directory.rename(UNFINISHED + name, name)
        self._sync_names()
        return name

    def truncate(self, zxid: int) -> None:
        """Remove all transactions after `zxid`, durably; what a snapshot holds stays.

        The newest go first, each durably: a crash in between leaves a log without its end, and no gap.
        """
        self.roll()
        for first, name in reversed(logs(self._directory)):
            if first <= zxid:
                self._directory.cut(name, log.end_after(self._directory.read(name), zxid))
                break
            self._directory.remove(name)
            self._sync_names()
        self.last_zxid = zxid

    def install(self, snapshot: Snapshot, zxid: int) -> str:
        """Replace everything by a snapshot of the state after `zxid`, which may be older than what is here.

        Newer snapshots go when this one is durable, the oldest first: until then they are what a start would find.
        """
        if self.last_zxid > zxid:
            self.truncate(zxid)
        name = self.save(snapshot, zxid)
        for newer in [name for number, name in snapshots(self._directory) if number > zxid]:
            self._directory.remove(newer)
        self._sync_names()
        self.last_zxid = zxid
        return name

    def purge(self, keep: int) -> list[str]:
        """Remove all but the `keep` newest whole snapshots, and the logs that none of them needs; says what went."""
        if keep < 1:
            raise ValueError(f"cannot keep {keep} snapshots; keep at least 1")
        whole = (zxid for zxid, name in reversed(snapshots(self._directory)) if self._is_whole(name))
        kept = [zxid for zxid, _ in zip(whole, range(keep), strict=False)]
        if not kept:
            return []
        needed = set(logs_needed_after(self._directory, kept[-1]))
        old = [name for zxid, name in logs(self._directory) if name not in needed]
        old += [name for zxid, name in snapshots(self._directory) if zxid < kept[-1]]
        for name in old:
            self._directory.remove(name)
        return old

    def close(self) -> None:
        """Commit and let go of the log file."""
        self.roll()

    def _write_pending(self) -> None:
        if self._handle is not None and 0 < self._policy.log_limit < self._position:
            self._directory.close(self._handle)
            self._handle = None
        created = self._handle is None
        handle = self._begin_log() if self._handle is None else self._handle
        size = log.padded_size(self._position, self._size, self._policy.preallocate)
        if size != self._size:
            self._directory.write(handle, size - 1, b"\0")
        self._directory.write(handle, self._position, bytes(self._pending))
        self._position += len(self._pending)
        self._size = max(size, self._position)
        self._pending = bytearray()
        self._sync(handle)
        if created:
            self._sync_names()

    def _begin_log(self) -> int:
        self._handle = self._directory.create(log_name(self._pending_first))
        self._directory.write(self._handle, 0, log.HEADER)
        self._position = self._size = log.HEADER_SIZE
        return self._handle

    def _write_new(self, name: str, data: bytes) -> None:
        handle = self._directory.create(name)
        try:
            self._directory.write(handle, 0, data)
            self._sync(handle)
        finally:
            self._directory.close(handle)

    def _is_whole(self, name: str) -> bool:
        return is_sealed(self._directory.read(name))

    def _sync(self, handle: int) -> None:
        if self._policy.sync:
            self._directory.sync(handle)

    def _sync_names(self) -> None:
        if self._policy.sync:
            self._directory.sync_names()
