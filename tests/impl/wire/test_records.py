"""The shared records: known bytes, round trips of everything, and a fuzzer on the decoder."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from quorate.impl.wire import records as r
from quorate.impl.wire.jute import Malformed, Reader, Writer

int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)
texts = st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)
datas = st.none() | st.binary(max_size=20)
acls = st.none() | st.lists(st.builds(r.ACL, int32, st.builds(r.Id, st.none() | texts, texts)), max_size=3).map(tuple)

BODIES: dict[int, st.SearchStrategy[r.Body]] = {
    r.Op.CREATE: st.builds(r.CreateTxn, texts, datas, acls, st.booleans(), int32),
    r.Op.CREATE2: st.builds(r.CreateTxn, texts, datas, acls, st.booleans(), int32),
    r.Op.CREATE_CONTAINER: st.builds(r.CreateContainerTxn, texts, datas, acls, int32),
    r.Op.CREATE_TTL: st.builds(r.CreateTTLTxn, texts, datas, acls, int32, st.integers(0, r.TTL_MAX)),
    r.Op.DELETE: st.builds(r.DeleteTxn, texts),
    r.Op.DELETE_CONTAINER: st.builds(r.DeleteTxn, texts),
    r.Op.SET_DATA: st.builds(r.SetDataTxn, texts, datas, int32),
    r.Op.RECONFIG: st.builds(r.SetDataTxn, texts, datas, int32),
    r.Op.SET_ACL: st.builds(r.SetACLTxn, texts, acls, int32),
    r.Op.CREATE_SESSION: st.builds(r.CreateSessionTxn, int32),
    r.Op.CLOSE_SESSION: st.builds(r.CloseSessionTxn, st.none() | st.lists(texts, max_size=3).map(tuple)),
    r.Op.ERROR: st.builds(r.ErrorTxn, int32),
}
IN_MULTI = (1, 15, 19, 21, 2, 5, -1)
subs = st.sampled_from(IN_MULTI).flatmap(lambda kind: st.builds(r.SubTxn, st.just(kind), BODIES[kind])) | st.builds(
    r.SubTxn, st.just(13), st.builds(r.CheckVersionTxn, texts, int32)
)
BODIES[r.Op.MULTI] = st.builds(r.MultiTxn, st.lists(subs, max_size=4).map(tuple))


def headers(kind: int) -> st.SearchStrategy[r.TxnHeader]:
    return st.builds(r.TxnHeader, int64, int32, int64, int64, st.just(kind))


digests = st.none() | st.builds(r.TxnDigest, st.just(r.DIGEST_VERSION), int64)
txns = st.sampled_from(sorted(BODIES)).flatmap(lambda kind: st.builds(r.Txn, headers(int(kind)), BODIES[kind], digests))


@given(txns)
def test_every_transaction_round_trips(txn: r.Txn) -> None:
    payload = txn.encode()
    assert r.Txn.decode(payload) == txn
    assert r.Txn.decode(payload).encode() == payload


@given(st.builds(r.Stat, *[int64] * 4, *[int32] * 3, int64, int32, int32, int64))
def test_stats_round_trip(stat: r.Stat) -> None:
    out = Writer()
    stat.encode(out)
    assert len(out.done()) == 68
    assert r.Stat.decode(Reader(out.done())) == stat


def test_a_create_byte_by_byte() -> None:
    """Session 0x1000ba1e9f50000 creates /a with data b"x", laid out by hand from zookeeper.jute."""
    payload = bytes.fromhex(
        "01000ba1e9f50000 00000001 0000000000000002 0000019aa3f2c5e1 00000001"
        "00000002 2f61 00000001 78 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00 00000001"
        "00000002 00000000c3d1a5f0"
    )
    txn = r.Txn.decode(payload)
    assert txn.header == r.TxnHeader(0x1000BA1E9F50000, 1, 2, 0x19AA3F2C5E1, r.Op.CREATE)
    assert txn.body == r.CreateTxn("/a", b"x", r.OPEN_ACL, ephemeral=False, parent_cversion=1)
    assert txn.digest == r.TxnDigest(2, 0xC3D1A5F0)
    assert txn.encode() == payload


@pytest.mark.parametrize("paths", [None, (), ("/a",), ("/abc",), ("/abcd", "/b")])
@pytest.mark.parametrize("digest", [None, r.TxnDigest(2, 5)])
def test_a_close_with_and_without_paths_and_digest(paths: tuple[str, ...] | None, digest: r.TxnDigest | None) -> None:
    txn = r.Txn(r.TxnHeader(1, 2, 3, 4, r.Op.CLOSE_SESSION), r.CloseSessionTxn(paths), digest)
    assert r.Txn.decode(txn.encode()) == txn


@pytest.mark.parametrize("ttl", [-1, 1 << 40, -(2**63)])
def test_a_time_to_live_that_kills_a_real_server_is_refused(ttl: int) -> None:
    txn = r.Txn(r.TxnHeader(1, 2, 3, 4, r.Op.CREATE_TTL), r.CreateTTLTxn("/a", b"", r.OPEN_ACL, 1, ttl), None)
    with pytest.raises(Malformed, match=f"a time to live of {ttl} ms; it is 0 to 1099511627775 ms"):
        r.Txn.decode(txn.encode())


def test_what_no_log_may_contain_is_refused() -> None:
    header = r.TxnHeader(1, 2, 0x30, 4, r.Op.CHECK)
    with pytest.raises(Malformed, match="transaction 0x30 has type 13, which no log may contain"):
        r.Txn.decode(r.Txn(header, r.CheckVersionTxn("/", 0), None).encode())
    nested = r.MultiTxn((r.SubTxn(r.Op.MULTI, r.MultiTxn(())),))
    with pytest.raises(Malformed, match="type 14 cannot be part of a multi"):
        r.Txn.decode(r.Txn(r.TxnHeader(1, 2, 3, 4, r.Op.MULTI), nested, None).encode())


@given(st.sampled_from(sorted(BODIES)), st.binary(max_size=60))
@example(14, struct.pack("!i", 2**31 - 1))
def test_random_bodies_are_read_or_refused(kind: int, body: bytes) -> None:
    payload = r.TxnHeader.LAYOUT.pack(1, 2, 3, 4, kind) + body
    try:
        txn = r.Txn.decode(payload)
    except Malformed:
        return
    assert txn.header.type == kind


@given(txns, st.data())
def test_one_changed_byte_is_read_or_refused(txn: r.Txn, data: st.DataObject) -> None:
    payload = bytearray(txn.encode())
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    try:
        r.Txn.decode(bytes(payload))
    except Malformed:
        return
