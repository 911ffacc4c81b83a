"""The records inside client requests, as clients write them; decoding only, for a server never sends them.

Knows no frame and no meaning: whether a flag exists or a path is legal is for the service to say. Whatever does not
parse is `jute.Malformed`. A null path is malformed too, for no operation has a meaning for it.
Source: `zookeeper.jute`, `MultiOperationRecord`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .jute import Malformed, Reader
from .records import ACLs, Op, decode_acls

_CONTAINER_FLAG, _TTL_FLAGS = 4, (5, 6)


@dataclass(frozen=True, slots=True)
class Create:
    """Operations 1, 15, 19 and 21; `ttl` in milliseconds, -1 where the operation has none."""

    op: int
    path: str
    data: bytes | None
    acl: ACLs | None
    flags: int
    ttl: int = -1


@dataclass(frozen=True, slots=True)
class Delete:
    path: str
    version: int


@dataclass(frozen=True, slots=True)
class SetData:
    path: str
    data: bytes | None
    version: int


@dataclass(frozen=True, slots=True)
class SetACL:
    path: str
    acl: ACLs | None
    version: int


@dataclass(frozen=True, slots=True)
class Check:
    path: str
    version: int


@dataclass(frozen=True, slots=True)
class Read:
    """getData (4) or getChildren (8) within a multiRead."""

    op: int
    path: str
    watch: bool


Part = Create | Delete | SetData | Check


@dataclass(frozen=True, slots=True)
class Multi:
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Reconfig:
    joining: str | None
    leaving: str | None
    members: str | None
    from_config: int


@dataclass(frozen=True, slots=True)
class CloseSession:
    """End of a session, asked for by the client or by its expiry."""


@dataclass(frozen=True, slots=True)
class CreateSession:
    """Asked for by a handshake; `timeout` in milliseconds, as negotiated."""

    timeout: int


@dataclass(frozen=True, slots=True)
class DeleteContainer:
    """Asked for by the server itself: a container or TTL node has outlived its purpose."""

    path: str


Write = Create | Delete | SetData | SetACL | Check | Multi | Reconfig | CloseSession | CreateSession | DeleteContainer


@dataclass(frozen=True, slots=True)
class SetWatches:
    """Operations 101 and 105: what a client that comes back still wants to hear of."""

    relative_zxid: int
    data: tuple[str, ...]
    exist: tuple[str, ...]
    child: tuple[str, ...]
    persistent: tuple[str, ...] = ()
    recursive: tuple[str, ...] = ()


def decode_write(op: int, source: Reader) -> Write:
    """The record of a request that changes the tree. `op` must be one of `WRITES`."""
    return _WRITES[op](op, source)


def decode_reads(source: Reader) -> tuple[Read, ...]:
    """The parts of a multiRead."""
    reads: list[Read] = []
    while (op := _next_part(source)) is not None:
        if op not in (4, 8):
            raise Malformed(f"offset {source.offset}: operation {op} is not a read that a multiRead may contain")
        reads.append(Read(op, source.text(), source.boolean()))
    return tuple(reads)


def decode_set_watches(source: Reader, extended: bool) -> SetWatches:
    """A setWatches, or with `extended` a setWatches2; null lists count as empty."""
    relative_zxid = source.int64()
    lists = [source.vector(Reader.text) or () for _ in range(5 if extended else 3)]
    return SetWatches(relative_zxid, *lists)


def _create(op: int, source: Reader) -> Create:
    path, data, acl, flags = source.text(), source.buffer(), decode_acls(source), source.int32()
    return Create(op, path, data, acl, flags, source.int64() if op == Op.CREATE_TTL else -1)


def _create_part(op: int, source: Reader) -> Create:
    """Inside a multi the flag says what is created; create2 counts as create."""
    part = _create(op, source)
    if part.flags in _TTL_FLAGS:
        kind = Op.CREATE_TTL
    elif part.flags == _CONTAINER_FLAG:
        kind = Op.CREATE_CONTAINER
    else:
        kind = Op.CREATE
    return Create(kind, part.path, part.data, part.acl, part.flags, part.ttl if kind == Op.CREATE_TTL else -1)


def _delete(_: int, source: Reader) -> Delete:
    return Delete(source.text(), source.int32())


def _set_data(_: int, source: Reader) -> SetData:
    return SetData(source.text(), source.buffer(), source.int32())


def _set_acl(_: int, source: Reader) -> SetACL:
    return SetACL(source.text(), decode_acls(source), source.int32())


def _check(_: int, source: Reader) -> Check:
    return Check(source.text(), source.int32())


def _reconfig(_: int, source: Reader) -> Reconfig:
    return Reconfig(source.string(), source.string(), source.string(), source.int64())


def _close_session(_op: int, _source: Reader) -> CloseSession:
    return CloseSession()


def _multi(_: int, source: Reader) -> Multi:
    parts: list[Part] = []
    while (op := _next_part(source)) is not None:
        decode = _PARTS.get(op)
        if decode is None:
            raise Malformed(f"offset {source.offset}: operation {op} may not be part of a multi")
        parts.append(decode(op, source))
    return Multi(tuple(parts))


def _next_part(source: Reader) -> int | None:
    """The operation of the next part, or nothing at the closing header."""
    op, done, _ = source.int32(), source.boolean(), source.int32()
    return None if done else op


_PARTS: dict[int, Callable[[int, Reader], Part]] = {
    Op.CREATE: _create_part,
    Op.CREATE2: _create_part,
    Op.CREATE_CONTAINER: _create_part,
    Op.CREATE_TTL: _create_part,
    Op.DELETE: _delete,
    Op.SET_DATA: _set_data,
    Op.CHECK: _check,
}
_WRITES: dict[int, Callable[[int, Reader], Write]] = {
    Op.CREATE: _create,
    Op.CREATE2: _create,
    Op.CREATE_CONTAINER: _create,
    Op.CREATE_TTL: _create,
    Op.DELETE: _delete,
    Op.SET_DATA: _set_data,
    Op.SET_ACL: _set_acl,
    Op.CHECK: _check,
    Op.MULTI: _multi,
    Op.RECONFIG: _reconfig,
    Op.CLOSE_SESSION: _close_session,
}
WRITES = frozenset(_WRITES)
