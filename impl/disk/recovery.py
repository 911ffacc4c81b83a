"""What a data directory holds after anything that may have happened to it: the newest whole snapshot, and all after it.

Reads bytes and judges them; applying them to a tree is `image`'s part. It refuses what it cannot explain: a gap in the
zxids, two different transactions with one zxid, damage that no crash leaves. Then acknowledged writes are missing, and
a server that starts all the same would deny them. Only an unfinished end is mended, before anything new is written.
Source: FileTxnSnapLog.restore, FileSnap.deserialize, FileTxnLog.FileTxnIterator.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..wire.jute import Malformed
from ..wire.records import Txn
from . import log
from .directory import Directory
from .files import UNFINISHED, log_name, logs_needed_after, snapshots
from .snapshot import Snapshot, decode

_COUNTER = 0xFFFFFFFF  # the part of a zxid below its epoch


class Unrecoverable(Exception):
    """The directory is not as a server left it. The message says which file, why, and what to do."""


@dataclass(slots=True)
class Recovered:
    """`txns` are all transactions after the snapshot, in order; `notes` say in sentences what was passed over.

    `ends` tells for every log that was read after how many bytes it ends; 0: it was never begun.
    """

    snapshot: Snapshot | None
    snapshot_zxid: int
    txns: list[Txn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)

    @property
    def last_zxid(self) -> int:
        """The last transaction that the directory holds; 0 in a new one."""
        return self.txns[-1].header.zxid if self.txns else self.snapshot_zxid


def recover(directory: Directory) -> Recovered:
    """Read everything; changes nothing on disk. Raises `Unrecoverable`."""
    found = _newest_whole_snapshot(directory)
    sequence = _Sequence(found)
    for name in logs_needed_after(directory, found.snapshot_zxid):
        data = directory.read(name)
        try:
            entries = list(log.entries(data))
            found.txns += sequence.new_among(name, entries)
            found.ends[name] = _end_of(data, entries)
        except Malformed as error:
            raise Unrecoverable(f"{name}: {error}") from None
    if found.snapshot is None and found.notes and not found.txns:
        raise Unrecoverable(f"no snapshot can be read: {'; '.join(found.notes)}; put a copy of one into its place")
    return found


def mend(directory: Directory, found: Recovered) -> list[str]:
    """Remove what a crash left unfinished, so that ZooKeeper reads the files too; says in sentences what was done.

    Only for the server that owns the directory, after `recover` and before its `Store` writes. What was found becomes
    durable here: from now on clients may see it.
    """
    done = []
    for name in directory.names():
        if name.startswith(UNFINISHED):
            directory.remove(name)
            done.append(f"{name}: removed, it was never finished")
    for name, end in found.ends.items():
        if end == 0:
            directory.remove(name)
            done.append(f"{name}: removed, it was never begun")
        else:
            before = len(directory.read(name))
            directory.cut(name, end)
            if end < before:
                done.append(f"{name}: cut at offset {end}, what follows was never completely written")
    directory.sync_names()
    return done


def _newest_whole_snapshot(directory: Directory) -> Recovered:
    notes = []
    for zxid, name in reversed(snapshots(directory)):
        if name.endswith(".snappy"):
            notes.append(f"{name}: passed over, snappy is not read here; let ZooKeeper write it plain or as gzip")
            continue
        try:
            return Recovered(decode(directory.read(name)), zxid, notes=notes)
        except Malformed as error:
            notes.append(f"{name}: passed over, {error}")
    return Recovered(None, 0, notes=notes)


def _end_of(data: bytes, entries: list[log.Entry]) -> int:
    """Where a log is to be cut: nowhere when only padding follows its last entry."""
    if not log.check_header(data):
        return 0
    end = entries[-1].end if entries else log.HEADER_SIZE
    return end if data[end:].strip(b"\0") else len(data)


class _Sequence:
    """Follows the zxids through the logs: each is its predecessor's successor, or the first of a later epoch."""

    def __init__(self, found: Recovered) -> None:
        self._start = self._last = found.snapshot_zxid
        self._has_snapshot = found.snapshot is not None
        self._seen: dict[int, Txn] = {}

    def new_among(self, name: str, entries: list[log.Entry]) -> Iterator[Txn]:
        """The transactions of the next log that were not there before."""
        for count, entry in enumerate(entries):
            txn = entry.txn()
            zxid = txn.header.zxid
            where = f"{name}: transaction 0x{zxid:x} at offset {entry.offset}"
            if count == 0 and name != log_name(zxid):
                raise Unrecoverable(f"{where} is the log's first; rename the log to {log_name(zxid)}")
            if zxid <= self._start:
                continue
            if zxid <= self._last:
                self._check_repeated(where, txn)
                continue
            self._check_successor(where, zxid)
            self._last = zxid
            self._seen[zxid] = txn
            yield txn

    def _check_repeated(self, where: str, txn: Txn) -> None:
        """A second synchronisation may log a transaction again; it must be the same."""
        if self._seen.get(txn.header.zxid) != txn:
            raise Unrecoverable(f"{where} contradicts an earlier one; find out which log was not this server's")

    def _check_successor(self, where: str, zxid: int) -> None:
        begins_epoch = zxid >> 32 > self._last >> 32 and zxid & _COUNTER == 1
        if zxid == self._last + 1 or (begins_epoch and self._has_snapshot):
            return
        raise Unrecoverable(
            f"{where} follows 0x{self._last:x}: what lies between is missing; "
            f"put back the log that holds it, or a snapshot of 0x{zxid - 1:x} or later"
        )
