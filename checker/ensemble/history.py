"""What clients of an ensemble saw, held against what it committed: linearizable writes, and the order of each session.

A history is a list of writes and reads of keys, each value written once; what was committed is a list too, in the order
of zxids, as a member's log has it. What must hold is what ZooKeeper promises, no more: a read may be old, but never
older than what its session has seen. Times are any clock that all clients share. Knows no client and no file.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """A transaction that set a key."""

    zxid: int
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Write:
    """`zxid` is what the reply said; None: there was no reply, and nobody knows what became of it."""

    session: int
    start: int
    end: int
    key: str
    value: str
    zxid: int | None


@dataclass(frozen=True, slots=True)
class Read:
    """`synced`: it was preceded by a sync, and `start` is when that was asked for."""

    session: int
    start: int
    end: int
    key: str
    value: str
    synced: bool = False


Operation = Write | Read


def violations(history: Iterable[Operation], committed: Sequence[Commit]) -> list[str]:
    """What does not hold, in sentences; none for a sound history."""
    operations = sorted(history, key=lambda operation: operation.start)
    writes = [operation for operation in operations if isinstance(operation, Write)]
    known = _Committed(committed)
    return [
        *known.problems,
        *_lost(writes, known),
        *_out_of_order(writes),
        *_sessions_that_went_back(operations, known),
        *_syncs_that_were_late(operations, writes, known),
    ]


class _Committed:
    """The committed writes by value, and by key in their order."""

    def __init__(self, committed: Sequence[Commit]) -> None:
        self.problems: list[str] = []
        self.by_value: dict[str, Commit] = {}
        self._zxids: dict[str, list[int]] = {}
        last = 0
        for commit in committed:
            if commit.zxid <= last:
                self.problems.append(f"0x{commit.zxid:x} is committed after 0x{last:x}")
            last = commit.zxid
            if commit.value in self.by_value:
                self.problems.append(
                    f"{commit.value} is committed twice, as 0x{self.by_value[commit.value].zxid:x} and 0x{last:x}"
                )
            self.by_value[commit.value] = commit
            self._zxids.setdefault(commit.key, []).append(commit.zxid)

    def overwritten(self, commit: Commit) -> int | None:
        """The zxid of the next write of the same key."""
        zxids = self._zxids[commit.key]
        at = bisect_right(zxids, commit.zxid)
        return zxids[at] if at < len(zxids) else None


def _lost(writes: list[Write], known: _Committed) -> Iterator[str]:
    """An acknowledged write is committed, under the zxid that was acknowledged."""
    for write in writes:
        found = known.by_value.get(write.value)
        if write.zxid is not None and (found is None or found.zxid != write.zxid):
            there = "not committed" if found is None else f"committed as 0x{found.zxid:x}"
            yield f"{write.value} was acknowledged as 0x{write.zxid:x} and is {there}"


def _out_of_order(writes: list[Write]) -> Iterator[str]:
    """A write that was acknowledged before another one was asked for has the smaller zxid."""
    latest: Write | None = None
    acknowledged = {write.zxid: write for write in writes if write.zxid is not None}
    for zxid, write in sorted(acknowledged.items()):
        if latest is not None and write.end < latest.start:
            yield f"{write.value} ended before {latest.value} began, and has the larger zxid 0x{zxid:x}"
        if latest is None or write.start > latest.start:
            latest = write


def _sessions_that_went_back(operations: list[Operation], known: _Committed) -> Iterator[str]:
    """What a session sees is never older than what it has seen."""
    seen: dict[int, int] = {}
    for operation in operations:
        before = seen.get(operation.session, 0)
        if isinstance(operation, Write):
            if operation.zxid is not None:
                if operation.zxid <= before:
                    yield f"{operation.value} has 0x{operation.zxid:x}, its session had seen 0x{before:x}"
                seen[operation.session] = operation.zxid
            continue
        found = known.by_value.get(operation.value)
        if found is None or found.key != operation.key:
            yield f"{operation.value} was read from {operation.key}, and was never committed there"
            continue
        until = known.overwritten(found)
        if until is not None and until <= before:
            yield (
                f"session 0x{operation.session:x} read {operation.value} from {operation.key}, overwritten by "
                f"0x{until:x}, when it had seen 0x{before:x}"
            )
        seen[operation.session] = max(before, found.zxid)


def _syncs_that_were_late(operations: list[Operation], writes: list[Write], known: _Committed) -> Iterator[str]:
    """A read behind a sync sees every write that was acknowledged before the sync was asked for."""
    acknowledged = sorted((write.end, write.zxid) for write in writes if write.zxid is not None)
    newest, at = 0, 0
    for operation in operations:
        while at < len(acknowledged) and acknowledged[at][0] < operation.start:
            newest, at = max(newest, acknowledged[at][1]), at + 1
        if isinstance(operation, Read) and operation.synced and operation.value in known.by_value:
            until = known.overwritten(known.by_value[operation.value])
            if until is not None and until <= newest:
                yield (
                    f"{operation.value} was read from {operation.key} behind a sync, overwritten by 0x{until:x}, "
                    f"when 0x{newest:x} had been acknowledged"
                )
