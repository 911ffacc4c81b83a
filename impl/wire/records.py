"""The records that memory, wire and disk share: ACLs, stats, and everything a transaction can say.

Each record knows its fields in the order of `zookeeper.jute` and how to encode and decode itself with `jute`; none
knows a tree, a session or a file. Names are ZooKeeper's, except where jute's own name misleads (the comment says so).
Source: zookeeper.jute, SerializeUtils.deserializeTxn, Util.marshallTxnEntry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from .jute import Malformed, Reader, Writer


class Op(IntEnum):
    """Operation codes that occur as transaction types (ZooDefs.OpCode)."""

    CREATE = 1
    DELETE = 2
    SET_DATA = 5
    SET_ACL = 7
    CHECK = 13
    MULTI = 14
    CREATE2 = 15
    RECONFIG = 16
    CREATE_CONTAINER = 19
    DELETE_CONTAINER = 20
    CREATE_TTL = 21
    ERROR = -1
    CREATE_SESSION = -10
    CLOSE_SESSION = -11


@dataclass(frozen=True, slots=True)
class Id:
    """Who: an authentication scheme and a name within it. Real servers accept null for either."""

    scheme: str | None
    id: str | None

    def encode(self, out: Writer) -> None:
        out.string(self.scheme)
        out.string(self.id)

    @classmethod
    def decode(cls, source: Reader) -> "Id":
        return cls(source.string(), source.string())


@dataclass(frozen=True, slots=True)
class ACL:
    """Permissions (read 1, write 2, create 4, delete 8, admin 16) of one identity."""

    perms: int
    id: Id

    def encode(self, out: Writer) -> None:
        out.int32(self.perms)
        self.id.encode(out)

    @classmethod
    def decode(cls, source: Reader) -> "ACL":
        return cls(source.int32(), Id.decode(source))


ACLs = tuple[ACL, ...]

DIGEST_VERSION = 2  # DigestCalculator.DIGEST_VERSION
TTL_MAX = (1 << 40) - 1  # milliseconds; EphemeralType.TTL.maxValue

OPEN_ACL: ACLs = (ACL(31, Id("world", "anyone")),)  # ZooDefs.Ids.OPEN_ACL_UNSAFE


def encode_acls(out: Writer, acls: ACLs | None) -> None:
    """A vector of ACLs; None is null."""
    out.vector(acls, lambda writer, acl: acl.encode(writer))


def decode_acls(source: Reader) -> ACLs | None:
    """A vector of ACLs; null is None."""
    return source.vector(ACL.decode)


@dataclass(frozen=True, slots=True)
class Stat:
    """What clients see of a node; times in milliseconds since 1970, `cversion` is creates plus deletes of children."""

    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    aversion: int
    ephemeral_owner: int
    data_length: int
    num_children: int
    pzxid: int

    LAYOUT = Struct("!qqqqiiiqiiq")

    def encode(self, out: Writer) -> None:
        out.struct(
            Stat.LAYOUT,
            self.czxid,
            self.mzxid,
            self.ctime,
            self.mtime,
            self.version,
            self.cversion,
            self.aversion,
            self.ephemeral_owner,
            self.data_length,
            self.num_children,
            self.pzxid,
        )

    @classmethod
    def decode(cls, source: Reader) -> "Stat":
        return cls(*source.struct(cls.LAYOUT))


@dataclass(frozen=True, slots=True)
class StatPersisted:
    """What is stored of a node; `cversion` counts creates alone, `ephemeral_owner` also encodes container and TTL."""

    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    aversion: int
    ephemeral_owner: int
    pzxid: int

    LAYOUT = Struct("!qqqqiiiqq")

    def encode(self, out: Writer) -> None:
        out.struct(
            StatPersisted.LAYOUT,
            self.czxid,
            self.mzxid,
            self.ctime,
            self.mtime,
            self.version,
            self.cversion,
            self.aversion,
            self.ephemeral_owner,
            self.pzxid,
        )

    @classmethod
    def decode(cls, source: Reader) -> "StatPersisted":
        return cls(*source.struct(cls.LAYOUT))


@dataclass(frozen=True, slots=True)
class TxnHeader:
    """Who asked for a transaction, its place in the order, the leader's clock (milliseconds since 1970), its type."""

    session_id: int  # jute: clientId
    cxid: int
    zxid: int
    time: int
    type: int

    LAYOUT = Struct("!qiqqi")

    def encode(self, out: Writer) -> None:
        out.struct(TxnHeader.LAYOUT, self.session_id, self.cxid, self.zxid, self.time, self.type)

    @classmethod
    def decode(cls, source: Reader) -> "TxnHeader":
        return cls(*source.struct(cls.LAYOUT))


@dataclass(frozen=True, slots=True)
class TxnDigest:
    """The digest of the whole tree after a transaction, as the signed 64-bit number that is on disk."""

    version: int
    tree_digest: int

    LAYOUT = Struct("!iq")

    def encode(self, out: Writer) -> None:
        out.struct(TxnDigest.LAYOUT, self.version, self.tree_digest)

    @classmethod
    def decode(cls, source: Reader) -> "TxnDigest":
        return cls(*source.struct(cls.LAYOUT))


@dataclass(frozen=True, slots=True)
class CreateTxn:
    """`parent_cversion` is the parent's stored cversion after the create; -1 (before 3.4) means: count up by one."""

    path: str
    data: bytes | None
    acl: ACLs | None
    ephemeral: bool
    parent_cversion: int

    def encode(self, out: Writer) -> None:
        _encode_node(out, self.path, self.data, self.acl)
        out.boolean(self.ephemeral)
        out.int32(self.parent_cversion)

    @classmethod
    def decode(cls, source: Reader) -> "CreateTxn":
        return cls(source.text(), source.buffer(), decode_acls(source), source.boolean(), source.int32())


@dataclass(frozen=True, slots=True)
class CreateContainerTxn:
    path: str
    data: bytes | None
    acl: ACLs | None
    parent_cversion: int

    def encode(self, out: Writer) -> None:
        _encode_node(out, self.path, self.data, self.acl)
        out.int32(self.parent_cversion)

    @classmethod
    def decode(cls, source: Reader) -> "CreateContainerTxn":
        return cls(source.text(), source.buffer(), decode_acls(source), source.int32())


@dataclass(frozen=True, slots=True)
class CreateTTLTxn:
    """`ttl` in milliseconds."""

    path: str
    data: bytes | None
    acl: ACLs | None
    parent_cversion: int
    ttl: int

    def encode(self, out: Writer) -> None:
        _encode_node(out, self.path, self.data, self.acl)
        out.int32(self.parent_cversion)
        out.int64(self.ttl)

    @classmethod
    def decode(cls, source: Reader) -> "CreateTTLTxn":
        txn = cls(source.text(), source.buffer(), decode_acls(source), source.int32(), source.int64())
        if not 0 <= txn.ttl <= TTL_MAX:
            # A real server logs such a creation when the flags lie, and can never start on that log again.
            raise Malformed(f"offset {source.offset - 8}: a time to live of {txn.ttl} ms; it is 0 to {TTL_MAX} ms")
        return txn


@dataclass(frozen=True, slots=True)
class DeleteTxn:
    path: str

    def encode(self, out: Writer) -> None:
        out.string(self.path)

    @classmethod
    def decode(cls, source: Reader) -> "DeleteTxn":
        return cls(source.text())


@dataclass(frozen=True, slots=True)
class SetDataTxn:
    """`version` is the node's new version."""

    path: str
    data: bytes | None
    version: int

    def encode(self, out: Writer) -> None:
        out.string(self.path)
        out.buffer(self.data)
        out.int32(self.version)

    @classmethod
    def decode(cls, source: Reader) -> "SetDataTxn":
        return cls(source.text(), source.buffer(), source.int32())


@dataclass(frozen=True, slots=True)
class SetACLTxn:
    """`version` is the node's new aversion."""

    path: str
    acl: ACLs | None
    version: int

    def encode(self, out: Writer) -> None:
        out.string(self.path)
        encode_acls(out, self.acl)
        out.int32(self.version)

    @classmethod
    def decode(cls, source: Reader) -> "SetACLTxn":
        return cls(source.text(), decode_acls(source), source.int32())


@dataclass(frozen=True, slots=True)
class CheckVersionTxn:
    path: str
    version: int

    def encode(self, out: Writer) -> None:
        out.string(self.path)
        out.int32(self.version)

    @classmethod
    def decode(cls, source: Reader) -> "CheckVersionTxn":
        return cls(source.text(), source.int32())


@dataclass(frozen=True, slots=True)
class CreateSessionTxn:
    """`timeout` in milliseconds, as negotiated."""

    timeout: int

    def encode(self, out: Writer) -> None:
        out.int32(self.timeout)

    @classmethod
    def decode(cls, source: Reader) -> "CreateSessionTxn":
        return cls(source.int32())


@dataclass(frozen=True, slots=True)
class CloseSessionTxn:
    """The ephemeral nodes that go with the session. None: the log does not say (closeSessionTxn.enabled=false)."""

    paths: tuple[str, ...] | None  # jute: paths2Delete

    def encode(self, out: Writer) -> None:
        if self.paths is not None:
            out.vector(self.paths, lambda writer, path: writer.string(path))

    @classmethod
    def decode(cls, source: Reader) -> "CloseSessionTxn":
        return cls(None if _ends_here(source) else source.vector(Reader.text) or ())


@dataclass(frozen=True, slots=True)
class ErrorTxn:
    """A request that failed after its zxid was taken; `err` is the error code."""

    err: int

    def encode(self, out: Writer) -> None:
        out.int32(self.err)

    @classmethod
    def decode(cls, source: Reader) -> "ErrorTxn":
        return cls(source.int32())


@dataclass(frozen=True, slots=True)
class SubTxn:
    """One part of a multi: its type and its own body."""

    type: int
    body: "Body"

    def encode(self, out: Writer) -> None:
        inner = Writer()
        self.body.encode(inner)
        out.int32(self.type)
        out.buffer(inner.done())

    @classmethod
    def decode(cls, source: Reader) -> "SubTxn":
        start = source.offset
        type_ = source.int32()
        if type_ not in _IN_MULTI:
            raise Malformed(f"offset {start}: type {type_} cannot be part of a multi")
        inner = Reader(source.buffer() or b"")
        body = _BODY[type_](inner)
        inner.finish()
        return cls(type_, body)


@dataclass(frozen=True, slots=True)
class MultiTxn:
    """All parts, or, when one failed, an ErrorTxn for every part."""

    txns: tuple[SubTxn, ...]

    def encode(self, out: Writer) -> None:
        out.vector(self.txns, lambda writer, txn: txn.encode(writer))

    @classmethod
    def decode(cls, source: Reader) -> "MultiTxn":
        return cls(source.vector(SubTxn.decode) or ())


Body = (
    CreateTxn
    | CreateContainerTxn
    | CreateTTLTxn
    | DeleteTxn
    | SetDataTxn
    | SetACLTxn
    | CheckVersionTxn
    | CreateSessionTxn
    | CloseSessionTxn
    | ErrorTxn
    | MultiTxn
)


@dataclass(frozen=True, slots=True)
class Txn:
    """One entry of the transaction log: header, body, and the tree's digest after it (absent on errors)."""

    header: TxnHeader
    body: Body
    digest: TxnDigest | None

    def encode(self) -> bytes:
        """The entry's payload, without checksum and frame (Util.marshallTxnEntry)."""
        out = Writer()
        self.header.encode(out)
        self.body.encode(out)
        if self.digest is not None:
            self.digest.encode(out)
        return out.done()

    @classmethod
    def decode(cls, payload: bytes) -> "Txn":
        """Raises `Malformed` unless the payload is exactly one transaction (SerializeUtils.deserializeTxn)."""
        source = Reader(payload)
        header = TxnHeader.decode(source)
        decode_body = _BODY.get(header.type)
        if decode_body is None or header.type == Op.CHECK:
            raise Malformed(f"transaction 0x{header.zxid:x} has type {header.type}, which no log may contain")
        body = decode_body(source)
        digest = TxnDigest.decode(source) if source.remaining() else None
        source.finish()
        return cls(header, body, digest)


def _ends_here(source: Reader) -> bool:
    """Whether nothing but the digest follows. Twelve bytes that begin with 2 cannot be two paths."""
    if source.remaining() != TxnDigest.LAYOUT.size:
        return source.remaining() == 0
    start = source.offset
    digest = TxnDigest.decode(source)
    source.offset = start
    return digest.version == DIGEST_VERSION


def _encode_node(out: Writer, path: str, data: bytes | None, acl: ACLs | None) -> None:
    out.string(path)
    out.buffer(data)
    encode_acls(out, acl)


_BODY: dict[int, Callable[[Reader], Body]] = {
    Op.CREATE: CreateTxn.decode,
    Op.CREATE2: CreateTxn.decode,
    Op.CREATE_CONTAINER: CreateContainerTxn.decode,
    Op.CREATE_TTL: CreateTTLTxn.decode,
    Op.DELETE: DeleteTxn.decode,
    Op.DELETE_CONTAINER: DeleteTxn.decode,
    Op.SET_DATA: SetDataTxn.decode,
    Op.RECONFIG: SetDataTxn.decode,
    Op.SET_ACL: SetACLTxn.decode,
    Op.CHECK: CheckVersionTxn.decode,
    Op.CREATE_SESSION: CreateSessionTxn.decode,
    Op.CLOSE_SESSION: CloseSessionTxn.decode,
    Op.ERROR: ErrorTxn.decode,
    Op.MULTI: MultiTxn.decode,
}
_IN_MULTI = {Op.CREATE, Op.CREATE2, Op.CREATE_CONTAINER, Op.CREATE_TTL} | {Op.DELETE, Op.SET_DATA, Op.CHECK, Op.ERROR}
