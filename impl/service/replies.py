"""The bodies of replies: from nodes and results to bytes. This is the hot path of reads, hence plain struct calls.

Knows neither who asked nor what comes around the body.
Source: `zookeeper.jute`, `MultiResponse`, `FinalRequestProcessor`.
"""

from collections.abc import Iterable, Sequence
from struct import Struct

from ..data.codes import Code, Op
from ..data.node import Node
from ..data.tree import Applied
from ..wire.frames import NULL
from ..wire.jute import Writer, bytes_of
from ..wire.records import ACL, Stat, encode_acls

_INT = Struct("!i")
_PART = Struct("!i?i")
_LAST_PART = _PART.pack(-1, True, -1)


def stat(node: Node) -> bytes:
    """The stat that clients see, as `Node.stat` gives it."""
    children = len(node.children)
    data = node.data
    return Stat.LAYOUT.pack(
        node.czxid,
        node.mzxid,
        node.ctime,
        node.mtime,
        node.version,
        node.cversion * 2 - children,
        node.aversion,
        node.ephemeral_owner if node.ephemeral_owner > 0 or node.is_ephemeral else 0,
        len(data) if data else 0,
        children,
        node.pzxid,
    )


def buffer(data: bytes | None) -> bytes:
    """Length and bytes, or null."""
    return NULL if data is None else _INT.pack(len(data)) + data


def text(value: str) -> bytes:
    """A string."""
    return buffer(bytes_of(value))


def texts(values: Iterable[str]) -> bytes:
    """A vector of strings."""
    encoded = [text(value) for value in values]
    return _INT.pack(len(encoded)) + b"".join(encoded)


def pairs(values: Sequence[tuple[str, str]]) -> bytes:
    """A vector of pairs of strings, as `whoAmI` answers."""
    return _INT.pack(len(values)) + b"".join(text(a) + text(b) for a, b in values)


def integer(value: int) -> bytes:
    """An int32."""
    return _INT.pack(value)


def acls(values: Sequence[ACL]) -> bytes:
    """A vector of ACLs."""
    out = Writer()
    encode_acls(out, tuple(values))
    return out.done()


def written(op: int, applied: Applied) -> bytes:
    """The body that answers a write which succeeded."""
    match op:
        case Op.CREATE:
            return text(applied.path)
        case Op.CREATE2 | Op.CREATE_CONTAINER | Op.CREATE_TTL:
            return text(applied.path) + _seen(applied)
        case Op.SET_DATA | Op.SET_ACL:
            return _seen(applied)
        case Op.MULTI:
            return multi(applied.parts)
        case _:
            return b""


def multi(parts: Sequence[Applied]) -> bytes:
    """The results of all parts of a multi; in a failed one each is an error, 0 for those before the failure."""
    return b"".join(_part(part) for part in parts) + _LAST_PART


def part(op: int, body: bytes) -> bytes:
    """One result within a multi or multiRead."""
    return _PART.pack(op, False, 0) + body


def part_error(code: int) -> bytes:
    """One error within a multi or multiRead; the header repeats the code."""
    return _PART.pack(Op.ERROR, False, code) + _INT.pack(code)


def parts_end() -> bytes:
    """The header that ends a multi or multiRead."""
    return _LAST_PART


def _part(applied: Applied) -> bytes:
    match applied.type:
        case Op.ERROR:
            return part_error(applied.error)
        case Op.CREATE_CONTAINER | Op.CREATE_TTL:
            return part(Op.CREATE2, written(Op.CREATE2, applied))
        case _ if applied.error != Code.OK:
            return part_error(applied.error)
        case type:
            return part(type, written(type, applied))


def _seen(applied: Applied) -> bytes:
    out = Writer()
    if applied.stat is not None:
        applied.stat.encode(out)
    return out.done()
