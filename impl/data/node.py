"""One znode: its stored fields, what clients see of them, and its part in the digest of the tree.

Source: `DataNode`, `EphemeralType`, `DigestCalculator`.
"""

import struct
from collections.abc import Sequence
from zlib import crc32

from ..wire.records import ACL, Stat, StatPersisted
from .paths import ROOT

CONTAINER_OWNER = -(1 << 63)
TTL_OWNER = -(1 << 56)
TTL_MS_MAX = (1 << 40) - 1

_DIGEST_FIELDS = struct.Struct(">qqqqqiiiq")


class Node:
    """A znode with its stored fields; `children` holds names, in the order of their creation."""

    __slots__ = (
        "acl",
        "aversion",
        "children",
        "ctime",
        "cversion",
        "czxid",
        "data",
        "digest",
        "ephemeral_owner",
        "mtime",
        "mzxid",
        "pzxid",
        "version",
    )

    def __init__(self, data: bytes | None, acl: Sequence[ACL], zxid: int = 0, time: int = 0, owner: int = 0) -> None:
        self.data = data
        self.acl = acl
        self.czxid = self.mzxid = self.pzxid = zxid
        self.ctime = self.mtime = time
        self.version = self.cversion = self.aversion = 0
        self.ephemeral_owner = owner
        self.children: dict[str, None] = {}
        self.digest = 0

    @property
    def is_ephemeral(self) -> bool:
        """Whether a session owns the node; the owners of containers and TTL nodes are encodings, not sessions."""
        return self.ephemeral_owner != 0 and self.ephemeral_owner != CONTAINER_OWNER and self.ttl_ms is None

    @property
    def ttl_ms(self) -> int | None:
        """Time to live of a TTL node, else nothing."""
        owner = self.ephemeral_owner
        return owner - TTL_OWNER if TTL_OWNER <= owner < 0 else None

    def stat(self) -> Stat:
        """What clients see: their cversion counts creations and deletions, the stored one creations only."""
        children = len(self.children)
        return Stat(
            self.czxid,
            self.mzxid,
            self.ctime,
            self.mtime,
            self.version,
            self.cversion * 2 - children,
            self.aversion,
            self.ephemeral_owner if self.is_ephemeral else 0,
            len(self.data) if self.data else 0,
            children,
            self.pzxid,
        )

    def stored_stat(self) -> StatPersisted:
        """What a snapshot keeps."""
        return StatPersisted(
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
    def stored(cls, data: bytes | None, acl: Sequence[ACL], stat: StatPersisted) -> "Node":
        """A node as a snapshot kept it."""
        node = cls(data, acl, stat.czxid, stat.ctime, stat.ephemeral_owner)
        node.mzxid, node.mtime, node.pzxid = stat.mzxid, stat.mtime, stat.pzxid
        node.version, node.cversion, node.aversion = stat.version, stat.cversion, stat.aversion
        return node


def digest_of(path: str, node: Node) -> int:
    """The node's summand: CRC-32 of path, data and stat. The root counts as the empty path, /zookeeper/* not at all."""
    if path.startswith("/zookeeper/"):
        return 0
    text = b"" if path == ROOT else path.encode()
    fields = _DIGEST_FIELDS.pack(
        node.czxid,
        node.mzxid,
        node.pzxid,
        node.ctime,
        node.mtime,
        node.version,
        node.cversion,
        node.aversion,
        node.ephemeral_owner,
    )
    return crc32(text + node.data + fields if node.data else text + fields)
