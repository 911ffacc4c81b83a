"""Snapshots as bytes: round trips, broken seals, hostile contents, older and newer trailers."""

import gzip
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quorate.impl.data.tree import Tree
from quorate.impl.disk.image import capture
from quorate.impl.disk.snapshot import Snapshot, StoredNode, ZxidDigest, decode, encode, is_sealed
from quorate.impl.wire.jute import Malformed
from quorate.impl.wire.records import ACL, Id, StatPersisted

STAT = StatPersisted(1, 2, 3, 4, 5, 6, 7, 8, 9)
ROOT = StoredNode("", b"", -1, STAT)
NODES = (ROOT, StoredNode("/a", None, 1, STAT), StoredNode("/a/b", b"data", -1, STAT), StoredNode("/c", b"", 1, STAT))
LISTS = ((1, (ACL(31, Id("digest", "a:b")), ACL(1, Id("world", "anyone")))), (7, ()))
SNAPSHOT = Snapshot(((5, 4000), (-1, 9000)), LISTS, NODES, ZxidDigest(77, 2, -3))


def seal(body: bytes) -> bytes:
    return struct.pack("!qi1s", zlib.adler32(body), 1, b"/")


@pytest.mark.parametrize("digest", [None, ZxidDigest(0, 2, 0), ZxidDigest(77, 2, -(2**63))])
@pytest.mark.parametrize("last_zxid", [None, 78])
def test_every_generation_of_trailers_round_trips(digest: ZxidDigest | None, last_zxid: int | None) -> None:
    snapshot = replace(SNAPSHOT, digest=digest, last_zxid=last_zxid)
    data = encode(snapshot)
    assert decode(data) == snapshot
    assert encode(decode(data)) == data
    assert data[-5:] == bytes.fromhex("000000012f")  # what SnapStream.isValidSnapshot looks for


def test_a_fresh_tree_has_the_digest_that_a_real_server_has() -> None:
    tree = Tree.fresh()
    assert tree.digest == 0x51C6D660
    snapshot = capture(tree)
    assert snapshot.digest == ZxidDigest(0, 2, 0)
    assert [node.path for node in snapshot.nodes] == ["", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"]
    assert snapshot.acls == ((1, (ACL(1, Id("world", "anyone")),)),)


def test_gzip_is_unpacked() -> None:
    packed = gzip.compress(encode(SNAPSHOT))
    assert decode(packed) == SNAPSHOT
    assert is_sealed(packed)
    with pytest.raises(Malformed, match="the gzip stream is damaged"):
        decode(packed[:-9])
    assert not is_sealed(packed[:-9])


def test_a_part_of_a_snapshot_is_none() -> None:
    data = encode(SNAPSHOT)
    without_digest = len(encode(replace(SNAPSHOT, digest=None)))
    for size in range(len(data)):
        # Between its two seals a snapshot is whole: older servers wrote no more than that.
        if size != without_digest:
            with pytest.raises(Malformed):
                decode(data[:size])
            assert not is_sealed(data[:size])


def test_a_changed_bit_breaks_a_seal() -> None:
    data = encode(SNAPSHOT)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 4
        with pytest.raises(Malformed):
            decode(bytes(changed))
        assert not is_sealed(bytes(changed))


def test_the_complaints_say_where_and_what() -> None:
    data = bytearray(encode(SNAPSHOT))
    data[20] ^= 1
    with pytest.raises(Malformed, match="offset 437: the seal does not fit what is before it; the snapshot is damaged"):
        decode(bytes(data))
    with pytest.raises(Malformed, match="offset 0: 5a4b4c4700000002 is not the header of a snapshot"):
        decode(b"ZKLG\0\0\0\2" + bytes(data))


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((), "the snapshot has no root node"),
        ((ROOT, ROOT), "node '' is there twice, or before its parent"),
        ((ROOT, StoredNode("/a/b", None, -1, STAT)), "node '/a/b' is there twice, or before its parent"),
        ((ROOT, StoredNode("a", None, -1, STAT)), "node 'a' is there twice, or before its parent"),
        ((ROOT, StoredNode("/a/", None, -1, STAT)), "node '/a/' is there twice, or before its parent"),
        ((StoredNode("", b"", 3, STAT),), "node '' has access control list 3, which is not there"),
    ],
)
def test_sealed_nonsense_is_refused(nodes: tuple[StoredNode, ...], message: str) -> None:
    with pytest.raises(Malformed, match=message):
        decode(encode(replace(SNAPSHOT, nodes=nodes)))


@pytest.mark.parametrize("lie", [2**31 - 1, -2, -(2**31), 10**6])
def test_a_lie_about_a_count_is_refused(lie: int) -> None:
    header = encode(SNAPSHOT)[:16]
    for body in (header + struct.pack("!i", lie), header + struct.pack("!ii", 0, lie)):
        with pytest.raises(Malformed, match=f"vector of length {lie}"):
            decode(body + seal(body))


def _mangled(data: bytes, place: int, value: int) -> bytes:
    body = data[:-13]
    body = body[: place % len(body)] + bytes([value]) + body[place % len(body) + 1 :]
    return body + seal(body)


@given(st.integers(0, 10**4), st.integers(0, 255))
def test_any_byte_under_an_unbroken_seal_is_read_or_refused(place: int, value: int) -> None:
    try:
        decode(_mangled(encode(replace(SNAPSHOT, digest=None)), place, value))
    except Malformed:
        return


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for data in (body, encode(SNAPSHOT)[:16] + body, encode(SNAPSHOT)[:16] + body + seal(encode(SNAPSHOT)[:16] + body)):
        try:
            decode(data)
        except Malformed:
            continue


int64 = st.integers(-(2**63), 2**63 - 1)
int32 = st.integers(-(2**31), 2**31 - 1)
stats = st.builds(StatPersisted, *[int64] * 4, *[int32] * 3, int64, int64)
names = st.text(alphabet="ab\u00e9\ud7ff", min_size=1, max_size=3)


@st.composite
def snapshots(draw: Callable[..., object]) -> Snapshot:
    nodes: dict[str, StoredNode] = {"": StoredNode("", draw(st.binary(max_size=5)), -1, draw(stats))}  # type: ignore
    for name in draw(st.lists(names, max_size=6)):  # type: ignore[attr-defined]
        path = f"{draw(st.sampled_from(sorted(nodes)))}/{name}"
        nodes.setdefault(path, StoredNode(path, draw(st.none() | st.binary(max_size=9)), 1, draw(stats)))  # type: ignore
    sessions = draw(st.lists(st.tuples(int64, int32), max_size=3).map(tuple))
    digest = draw(st.none() | st.builds(ZxidDigest, int64, int32, int64))
    return Snapshot(sessions, LISTS, tuple(nodes.values()), digest, draw(st.none() | int64))  # type: ignore[arg-type]


@given(snapshots())
def test_every_snapshot_round_trips(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot)) == snapshot
