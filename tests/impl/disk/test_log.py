"""The transaction log as bytes: known frames, padding, and where a damaged log ends or is refused."""

import random
import struct
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quorate.impl.disk import log
from quorate.impl.wire.jute import Malformed
from quorate.impl.wire.records import DeleteTxn, ErrorTxn, Op, Txn, TxnHeader

RNG = random.Random(1)


def payload(zxid: int, size: int) -> bytes:
    """A payload without zero bytes after its header, so that a missing sector shows."""
    return TxnHeader.LAYOUT.pack(1, 2, zxid, 4, Op.DELETE) + bytes(RNG.randrange(1, 256) for _ in range(size))


PAYLOADS = [payload(1, 0), payload(2, 700), payload(3, 10), payload(4, 1500), payload(5, 90)]
FRAMES = [log.frame(each) for each in PAYLOADS]
WHOLE = log.HEADER + b"".join(FRAMES)
PADDED = WHOLE.ljust(8192, b"\0")
STARTS = [len(log.HEADER) + sum(map(len, FRAMES[:n])) for n in range(len(FRAMES))]


def read(data: bytes) -> list[bytes]:
    return [entry.payload for entry in log.entries(data)]


def test_the_frame_is_the_documented_one() -> None:
    assert bytes.fromhex("5a4b4c47 00000002 0000000000000000") == log.HEADER
    framed = log.frame(b"payload")
    assert framed == struct.pack("!qi", zlib.adler32(b"payload"), 7) + b"payload" + b"B"


def test_entries_end_at_padding_and_at_the_end_of_the_file() -> None:
    assert read(WHOLE) == read(PADDED) == PAYLOADS
    assert [entry.offset for entry in log.entries(PADDED)] == STARTS
    assert read(log.HEADER) == read(log.HEADER.ljust(512, b"\0")) == []


@pytest.mark.parametrize("size", range(16))
def test_a_header_that_was_never_completely_written(size: int) -> None:
    assert read(log.HEADER[:size]) == []
    assert read(log.HEADER[:size].ljust(512, b"\0")) == []


def test_a_file_of_something_else_is_refused() -> None:
    for other in (b"ZKSN\0\0\0\2", b"ZKLG\0\0\0\3", b"#!"):
        with pytest.raises(Malformed, match=f"offset 0: {other.hex()}.* is not the header of a transaction log"):
            read(other.ljust(100, b"\1"))


def test_any_prefix_of_a_log_is_a_log() -> None:
    """A crash may keep any prefix: every entry that is whole in it is read, with padding and without."""
    for size in range(len(log.HEADER), len(WHOLE) + 1):
        expected = [
            each for each, start, frame in zip(PAYLOADS, STARTS, FRAMES, strict=True) if start + len(frame) <= size
        ]
        assert read(WHOLE[:size]) == expected
        assert read(WHOLE[:size].ljust(8192, b"\0")) == expected


def test_a_missing_sector_ends_the_log(disk: SimpleNamespace) -> None:
    """Whatever sector of it never reached the disk: the entry that it touches and all after it do not count."""
    for lost in range(disk.SECTOR, len(WHOLE), disk.SECTOR):
        data = PADDED[:lost] + bytes(disk.SECTOR) + PADDED[lost + disk.SECTOR :]
        ends = [start + len(frame) for start, frame in zip(STARTS, FRAMES, strict=True)]
        assert read(data) == [each for each, end in zip(PAYLOADS, ends, strict=True) if end <= lost]


def test_a_changed_bit_is_corruption_not_a_crash() -> None:
    """Every bit of every entry, the last one included: nothing is lost without a word."""
    for place in range(len(log.HEADER), len(WHOLE)):
        for bit in (0, 3, 7):
            data = bytearray(PADDED)
            data[place] ^= 1 << bit
            with pytest.raises(Malformed, match="is damaged, and not by a crash"):
                read(bytes(data))


def test_the_complaint_says_where_and_what_to_do() -> None:
    data = bytearray(PADDED)
    data[STARTS[1] + 20] ^= 1
    with pytest.raises(Malformed) as refused:
        read(bytes(data))
    assert str(refused.value) == (
        f"the entry at offset {STARTS[1]} is damaged, and not by a crash: none of its sectors is missing; "
        f"restore the file from a copy, or cut it at this offset and lose what follows"
    )


def test_intact_bytes_that_are_no_transaction() -> None:
    (entry,) = log.entries(log.HEADER + log.frame(TxnHeader.LAYOUT.pack(1, 2, 3, 4, 99)))
    with pytest.raises(Malformed, match="entry at offset 16: transaction 0x3 has type 99, which no log may contain"):
        entry.txn()


def test_an_entry_gives_its_transaction() -> None:
    txn = Txn(TxnHeader(1, 2, 3, 4, Op.DELETE), DeleteTxn("/a"), None)
    (entry,) = log.entries(log.HEADER + log.frame(txn.encode()))
    assert entry.txn() == txn


@pytest.mark.parametrize(
    ("position", "size", "step", "expected"),
    [
        (16, 16, 262144, 262160),  # a new log; measured on 3.8.0 with preAllocSize=256
        (1000, 262160, 262144, 262160),
        (262160 - 4097, 262160, 262144, 262160),
        (262160 - 4096, 262160, 262144, 524304),
        (300000, 262160, 262144, 524288),  # written beyond the end: to the next multiple
        (16, 16, 0, 16),
        (999, 16, 0, 16),
    ],
)
def test_padding_follows_the_original(position: int, size: int, step: int, expected: int) -> None:
    assert log.padded_size(position, size, step) == expected


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, with_header: bool) -> None:
    try:
        for entry in log.entries(log.HEADER + data if with_header else data):
            entry.txn()
    except Malformed:
        pass


@given(st.lists(st.tuples(st.integers(0, len(PADDED) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_any_damage_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(PADDED)
    for place, value in changes:
        data[place] = value
    try:
        got = read(bytes(data))
    except Malformed:
        return
    assert got == PAYLOADS[: len(got)]


def test_an_error_has_no_digest() -> None:
    txn = Txn(TxnHeader(1, 2, 3, 4, Op.ERROR), ErrorTxn(-101), None)
    assert len(txn.encode()) == 36
