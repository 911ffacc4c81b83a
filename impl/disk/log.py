"""The transaction log as bytes: framing, checksums, padding, and where a log ends after a crash.

    log.<hex of first zxid>:  "ZKLG" | version 2 | dbid | entry* | zeros
    entry:                    Adler-32 of the payload as a long | length | payload (see `records.Txn`) | "B"

Knows no files and no tree. How a damaged entry is judged rests on how disks lose data: a crash keeps whole sectors from
the disk, and in a file that was padded with zeros they read as zeros. An entry with a missing sector, or one whose end
is missing, was never completely written, hence never acknowledged: the log ends before it. Any other damage is
corruption of something that was once there, and is refused, lest acknowledged writes vanish without a word.
Source: FileTxnLog, FilePadding, Util.readTxnBytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from zlib import adler32

from ..wire.jute import Malformed
from ..wire.records import Txn, TxnHeader

MAGIC = b"ZKLG"
VERSION = 2
SECTOR = 512  # bytes; the smallest unit that a disk writes or loses
PADDING_MARGIN = 4096  # bytes; the file grows when the next write begins closer than this to its end

_HEADER = Struct("!4siq")
_FRAME = Struct("!qi")
_END_OF_ENTRY = b"B"

HEADER_SIZE = _HEADER.size
HEADER = _HEADER.pack(MAGIC, VERSION, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One intact entry: where its frame begins, and the transaction as bytes."""

    offset: int
    payload: bytes

    def txn(self) -> Txn:
        """The transaction; raises `Malformed` when the bytes, though intact, are none."""
        try:
            return Txn.decode(self.payload)
        except Malformed as error:
            raise Malformed(f"entry at offset {self.offset}: {error}") from None

    @property
    def end(self) -> int:
        return self.offset + _FRAME.size + len(self.payload) + len(_END_OF_ENTRY)


def frame(payload: bytes) -> bytes:
    """The bytes of one entry."""
    return _FRAME.pack(adler32(payload), len(payload)) + payload + _END_OF_ENTRY


def check_header(data: bytes) -> bool:
    """Whether the header is there; False: the file was never completely created. `Malformed`: it is no log at all."""
    begun = data[:HEADER_SIZE].rstrip(b"\0")
    is_part = len(data) < HEADER_SIZE or len(begun) < len(HEADER.rstrip(b"\0"))
    if is_part and HEADER.startswith(begun):
        return False
    if data[:8] != HEADER[:8]:
        raise Malformed(f"offset 0: {data[:8].hex()} is not the header of a transaction log, {HEADER[:8].hex()}")
    return True


def entries(data: bytes) -> Iterator[Entry]:
    """All intact entries in order; raises `Malformed` at damage that no crash explains."""
    offset = HEADER_SIZE if check_header(data) else len(data)
    while True:
        entry = _entry_at(data, offset)
        if entry is None:
            return
        yield entry
        offset = entry.end


def end_after(data: bytes, zxid: int) -> int:
    """The offset at which a log ends when all transactions after `zxid` are gone."""
    kept = HEADER_SIZE
    for entry in entries(data):
        if entry.txn().header.zxid > zxid:
            break
        kept = entry.end
    return kept


def padded_size(position: int, size: int, step: int) -> int:
    """The size that a log file of `size` bytes gets before something is written at `position`; `step` 0 never pads.

    Source: FilePadding.calculateFileSizeWithPadding.
    """
    if step <= 0 or position + PADDING_MARGIN < size:
        return size
    if position > size:
        return (position + step) // step * step
    return size + step


def _entry_at(data: bytes, offset: int) -> Entry | None:
    """The entry that begins here, or None where the log ends."""
    entry = _intact_at(data, offset)
    if entry is None and not _ends_by_crash(data, offset):
        raise Malformed(
            f"the entry at offset {offset} is damaged, and not by a crash: none of its sectors is missing; "
            f"restore the file from a copy, or cut it at this offset and lose what follows"
        )
    return entry


def _intact_at(data: bytes, offset: int) -> Entry | None:
    if offset + _FRAME.size > len(data):
        return None
    checksum, length = _FRAME.unpack_from(data, offset)
    start, end = offset + _FRAME.size, offset + _FRAME.size + length
    if length <= 0 or data[end : end + 1] != _END_OF_ENTRY:
        return None
    payload = data[start:end]
    return Entry(offset, payload) if adler32(payload) == checksum else None


def _ends_by_crash(data: bytes, offset: int) -> bool:
    """Whether what lies here, no intact entry, is what a crash leaves: padding, a missing sector, a missing end."""
    written = len(data.rstrip(b"\0"))
    following = _next_intact(data, offset + 1, written)
    stop = written if following is None else following
    sectors = range(offset - offset % SECTOR, stop, SECTOR)
    if any(not data[max(sector, offset) : sector + SECTOR].strip(b"\0") for sector in sectors):
        return True
    return following is None and _lacks_its_end(data, offset, written)


def _next_intact(data: bytes, start: int, stop: int) -> int | None:
    """Where the next intact entry begins. Checksums have 32 bits in a long, so that every entry begins with zeros."""
    while (start := data.find(bytes(4), start, stop)) >= 0:
        entry = _intact_at(data, start)
        if entry is not None and len(entry.payload) >= TxnHeader.LAYOUT.size:
            return start
        start += 1
    return None


def _lacks_its_end(data: bytes, offset: int, written: int) -> bool:
    """Whether the entry's last byte is zero or beyond the file, and not because its length alone is wrong."""
    if offset + _FRAME.size > len(data):
        return True
    checksum, length = _FRAME.unpack_from(data, offset)
    if adler32(data[offset + _FRAME.size : written - 1]) == checksum:
        return False
    return length >= 0 and not data[offset + _FRAME.size + length :][:1].strip(b"\0")
