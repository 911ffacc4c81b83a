"""Snapshots as bytes: sessions, access control lists, nodes, and the seals that tell a whole snapshot from a part.

    snapshot.<hex zxid>:  "ZKSN" | version 2 | dbid -1 | sessions | ACL lists | nodes | "/" | seal
                          zxid | digest version | digest | seal      (since 3.6, unless digests are off)
                          last zxid | seal                           (since 3.9)
    seal:                 Adler-32 of everything before it as a long | "/"

A snapshot that a real server took is fuzzy: transactions went on meanwhile, and only at the zxid of its digest does the
state become comparable. Knows no files, and of the tree only what lies in these bytes.
Source: FileSnap, SnapStream, DataTree.serialize, ReferenceCountedACLCache.serialize, DataTree.ZxidDigest.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from ..wire.jute import Malformed, Reader, Writer
from ..wire.records import ACLs, StatPersisted, decode_acls, encode_acls

MAGIC = b"ZKSN"
VERSION = 2
OPEN_ACL_ID = -1  # stands for the list that lets anyone do anything; it need not be in the map

_HEADER = Struct("!4siq")
_SESSION = Struct("!qi")
_DIGEST = Struct("!qiq")
_SEAL = Struct("!qi1s")
_END = "/"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class StoredNode:
    """One node; the root's path is empty."""

    path: str
    data: bytes | None
    acl_id: int
    stat: StatPersisted


@dataclass(frozen=True, slots=True)
class ZxidDigest:
    """The digest (signed 64 bits) of the whole tree after transaction `zxid`; zxid 0: unknown."""

    zxid: int
    version: int
    digest: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything in a snapshot file, in the file's order, so that encoding gives the same bytes again.

    `sessions` are pairs of id and timeout in milliseconds, `acls` pairs of the id that nodes refer to and a list.
    """

    sessions: tuple[tuple[int, int], ...]
    acls: tuple[tuple[int, ACLs | None], ...]
    nodes: tuple[StoredNode, ...]
    digest: ZxidDigest | None = None
    last_zxid: int | None = None


def encode(snapshot: Snapshot) -> bytes:
    """The bytes of the file."""
    out = Writer()
    out.raw(_HEADER.pack(MAGIC, VERSION, -1))
    out.vector(snapshot.sessions, lambda writer, session: writer.struct(_SESSION, *session))
    out.vector(snapshot.acls, _encode_acl)
    for node in snapshot.nodes:
        out.string(node.path)
        out.buffer(node.data)
        out.int64(node.acl_id)
        node.stat.encode(out)
    out.string(_END)
    sealed = _sealed(out.done())
    if snapshot.digest is not None:
        digest = snapshot.digest
        sealed = _sealed(sealed + _DIGEST.pack(digest.zxid, digest.version, digest.digest))
    if snapshot.last_zxid is not None:
        sealed = _sealed(sealed + snapshot.last_zxid.to_bytes(8, "big", signed=True))
    return sealed


def decode(data: bytes) -> Snapshot:
    """Raises `Malformed` unless the bytes are one whole snapshot with every seal unbroken; gzip is unpacked first."""
    if data.startswith(_GZIP):
        data = _unpacked(data)
    if data[: _HEADER.size] != _HEADER.pack(MAGIC, VERSION, -1):
        raise Malformed(f"offset 0: {data[:8].hex()} is not the header of a snapshot")
    source = Reader(data, _HEADER.size)
    sessions = source.vector(_decode_session) or ()
    acls = source.vector(_decode_acl) or ()
    nodes = tuple(_decode_nodes(source))
    _check_seal(source, data)
    digest = last_zxid = None
    if source.remaining() >= _DIGEST.size + _SEAL.size:
        digest = ZxidDigest(*source.struct(_DIGEST))
        _check_seal(source, data)
    if source.remaining():
        last_zxid = source.int64()
        _check_seal(source, data)
    source.finish()
    _check_nodes(nodes, {OPEN_ACL_ID} | {acl_id for acl_id, _ in acls})
    return Snapshot(sessions, acls, nodes, digest, last_zxid)


def is_sealed(data: bytes) -> bool:
    """Whether the last seal is unbroken: the snapshot is whole, without looking at what it says."""
    if data.startswith(_GZIP):
        try:
            data = _unpacked(data)
        except Malformed:
            return False
    body = len(data) - _SEAL.size
    return body >= _HEADER.size and data[body:] == _seal(data[:body])


def _sealed(body: bytes) -> bytes:
    return body + _seal(body)


def _seal(body: bytes) -> bytes:
    return _SEAL.pack(zlib.adler32(body), len(_END), _END.encode())


def _check_seal(source: Reader, data: bytes) -> None:
    start = source.offset
    if source.take(_SEAL.size, "seal") != _seal(data[:start]):
        raise Malformed(f"offset {start}: the seal does not fit what is before it; the snapshot is damaged")


def _encode_acl(out: Writer, entry: tuple[int, ACLs | None]) -> None:
    out.int64(entry[0])
    encode_acls(out, entry[1])


def _decode_acl(source: Reader) -> tuple[int, ACLs | None]:
    return source.int64(), decode_acls(source)


def _decode_session(source: Reader) -> tuple[int, int]:
    session, timeout = source.struct(_SESSION)
    return session, timeout


def _decode_nodes(source: Reader) -> Iterator[StoredNode]:
    while (path := source.text()) != _END:
        yield StoredNode(path, source.buffer(), source.int64(), StatPersisted.decode(source))


def _check_nodes(nodes: tuple[StoredNode, ...], acl_ids: set[int]) -> None:
    """Every node once, after its parent, with a known list: what `DataTree.deserialize` relies on.

    A list can be missing from the snapshot of a server that was busy; then an older snapshot and the logs must do.
    """
    seen: set[str] = set()
    for node in nodes:
        parent, slash, name = node.path.rpartition("/")
        if node.path in seen or (parent not in seen if slash and name else node.path):
            raise Malformed(f"node {node.path!r} is there twice, or before its parent")
        if node.acl_id not in acl_ids:
            raise Malformed(f"node {node.path!r} has access control list {node.acl_id}, which is not there")
        seen.add(node.path)
    if "" not in seen:
        raise Malformed("the snapshot has no root node")


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data, wbits=16 + zlib.MAX_WBITS)
    except zlib.error as error:
        raise Malformed(f"the gzip stream is damaged: {error}") from None
