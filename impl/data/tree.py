"""The tree of znodes: what a transaction does to it, and nothing of who asked for it or whether it was allowed.

`Tree.apply` is the one way in which a tree changes, for live requests and for replay of a log alike. It is idempotent
where a fuzzy snapshot needs it: creating what exists only lets the parent catch up, deleting what is gone does nothing.
The digest of the whole tree is kept up to date with every change. Source: `DataTree`, `DataNode`, `DigestCalculator`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..wire import records
from ..wire.records import ACL, Body, Stat, TxnHeader
from . import quota
from .acl import OPEN, READ_ONLY
from .codes import Code, EventType, Op
from .node import CONTAINER_OWNER, TTL_OWNER, Node, digest_of
from .paths import CONFIG, QUOTA, ROOT, ZOOKEEPER, split

_MASK64 = (1 << 64) - 1


class Change(NamedTuple):
    """One change of one node, for the watches, with the lists that say who may hear of it, as they were then."""

    type: EventType
    path: str
    acl: Sequence[ACL]
    parent: str = ""
    parent_acl: Sequence[ACL] = ()


@dataclass(slots=True)
class Applied:
    """What a transaction did: an error code, or the path and the stat that the reply shows."""

    type: int
    error: int = 0
    path: str = ""
    stat: Stat | None = None
    parts: list["Applied"] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class Tree:
    """All nodes by path, the indexes over them, the open sessions of the log, and the last zxid applied."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.ephemerals: dict[int, dict[str, None]] = {}
        self.containers: dict[str, None] = {}
        self.ttls: dict[str, None] = {}
        self.governed: dict[str, None] = {}
        self.timeouts_ms: dict[int, int] = {}
        self.last_zxid = 0
        self.digest = 0

    @classmethod
    def fresh(cls) -> "Tree":
        """The tree of a new server: four nodes with zero stats."""
        tree = cls()
        for path in (ROOT, ZOOKEEPER, QUOTA, CONFIG):
            tree.insert(path, Node(b"", OPEN))
        tree.nodes[CONFIG].acl, tree.nodes[CONFIG].aversion = READ_ONLY, -1
        return tree

    def get(self, path: str) -> Node | None:
        """The node of a path; the empty path is the root."""
        return self.nodes.get(path or ROOT)

    def insert(self, path: str, node: Node) -> None:
        """Put a node below its parent, which must be there and keeps its stat: for loading a snapshot."""
        if path != ROOT:
            parent, name = split(path)
            self.nodes[parent].children[name] = None
        self.nodes[path] = node
        self._index(path, node)
        self._rehash(path, node)

    def recount_quotas(self) -> None:
        """After the last `insert` of a snapshot: every limits node governs again, and the counts start afresh."""
        for path in [path for path, _ in self.walk(QUOTA) if path.endswith("/" + quota.LIMITS)]:
            governed = path[len(QUOTA) : -len(quota.LIMITS) - 1]
            self.governed[governed] = None
            self._recount(governed)

    def walk(self, path: str = ROOT) -> Iterator[tuple[str, Node]]:
        """A node and all below it, parents first."""
        pending = [path]
        while pending:
            path = pending.pop()
            node = self.nodes[path]
            yield path, node
            prefix = "" if path == ROOT else path
            pending += [f"{prefix}/{name}" for name in reversed(node.children)]

    def outlived(self, wall_ms: int) -> list[str]:
        """Containers that have had children and have none now; childless TTL nodes not written to for too long."""
        nodes = self.nodes
        empty = [path for path in self.containers if nodes[path].cversion > 0 and not nodes[path].children]
        stale = [path for path in self.ttls if not nodes[path].children]
        return empty + [path for path in stale if wall_ms - nodes[path].mtime > (nodes[path].ttl_ms or 0)]

    def apply(self, header: TxnHeader, body: Body) -> Applied:
        """Do what a committed transaction says. Errors of the transaction itself are results, never exceptions."""
        done = Applied(header.type)
        self._apply(header, body, done)
        if header.zxid > self.last_zxid:
            self.last_zxid = header.zxid
        return done

    def _apply(self, header: TxnHeader, body: Body, done: Applied) -> None:
        match body:
            case records.CreateTxn():
                self._create(header, body, header.session_id if body.ephemeral else 0, done)
            case records.CreateContainerTxn():
                self._create(header, body, CONTAINER_OWNER, done)
            case records.CreateTTLTxn():
                self._create(header, body, TTL_OWNER + body.ttl, done)
            case records.DeleteTxn():
                self._delete(body.path, header.zxid, done)
            case records.SetDataTxn():
                self._set_data(header, body, done)
            case records.SetACLTxn():
                self._set_acl(body, done)
            case records.CheckVersionTxn():
                done.path = body.path
            case records.ErrorTxn():
                done.error = body.err
            case records.CreateSessionTxn():
                self.timeouts_ms[header.session_id] = body.timeout
            case records.CloseSessionTxn():
                self._close_session(header, body.paths or (), done)
            case records.MultiTxn():
                self._multi(header, body, done)

    def _create(
        self,
        header: TxnHeader,
        body: records.CreateTxn | records.CreateContainerTxn | records.CreateTTLTxn,
        owner: int,
        done: Applied,
    ) -> None:
        path = done.path = body.path
        parent_path, name = split(path)
        parent = self.nodes.get(parent_path)
        if parent is None:
            done.error = Code.NO_NODE
            return
        cversion = parent.cversion + 1 if body.parent_cversion == -1 else body.parent_cversion
        if cversion > parent.cversion:
            # The last sequential name wraps the counter to a negative number: the parent then stays as it is.
            parent.cversion, parent.pzxid = cversion, header.zxid
            self._rehash(parent_path, parent)
        if name in parent.children:
            done.error = Code.NODE_EXISTS
            return
        parent.children[name] = None
        node = self.nodes[path] = Node(body.data, body.acl or (), header.zxid, header.time, owner)
        self._index(path, node)
        self._rehash(path, node)
        if parent_path.startswith(QUOTA):
            self._govern(parent_path, name)
        self._count(path, 1, len(body.data or b""))
        done.stat = node.stat()
        done.changes.append(Change(EventType.NODE_CREATED, path, node.acl, parent_path, parent.acl))

    def _delete(self, path: str, zxid: int, done: Applied) -> None:
        done.path = path
        parent_path, name = split(path)
        parent = self.nodes.get(parent_path)
        if parent is None:
            done.error = Code.NO_NODE
            return
        parent.children.pop(name, None)
        if zxid > parent.pzxid:
            parent.pzxid = zxid
            self._rehash(parent_path, parent)
        node = self.nodes.pop(path, None)
        if node is None:
            done.error = Code.NO_NODE
            return
        self.digest = (self.digest - node.digest) & _MASK64
        self._unindex(path, node)
        if name == quota.LIMITS and parent_path.startswith(ZOOKEEPER):
            self.governed.pop(parent_path[len(QUOTA) :], None)
        self._count(path, -1, -len(node.data or b""))
        done.changes.append(Change(EventType.NODE_DELETED, path, node.acl, parent_path, parent.acl))

    def _set_data(self, header: TxnHeader, body: records.SetDataTxn, done: Applied) -> None:
        node = self._existing(body.path, done)
        if node is None:
            return
        growth = len(body.data or b"") - len(node.data or b"")
        node.data, node.version = body.data, body.version
        node.mtime, node.mzxid = header.time, header.zxid
        self._rehash(body.path, node)
        self._count(body.path, 0, growth)
        done.stat = node.stat()
        done.changes.append(Change(EventType.NODE_DATA_CHANGED, body.path, node.acl))

    def _set_acl(self, body: records.SetACLTxn, done: Applied) -> None:
        node = self._existing(body.path, done)
        if node is None:
            return
        node.acl, node.aversion = body.acl or (), body.version
        self._rehash(body.path, node)
        done.stat = node.stat()

    def _existing(self, path: str, done: Applied) -> Node | None:
        done.path = path
        node = self.get(path)
        if node is None:
            done.error = Code.NO_NODE
        return node

    def _close_session(self, header: TxnHeader, paths: Sequence[str], done: Applied) -> None:
        """Delete the listed nodes, then whatever else the session owns: a replayed create may have brought it back."""
        self.timeouts_ms.pop(header.session_id, None)
        for path in dict.fromkeys((*paths, *self.ephemerals.get(header.session_id, {}))):
            part = Applied(Op.DELETE)
            self._delete(path, header.zxid, part)
            done.changes += part.changes

    def _multi(self, header: TxnHeader, body: records.MultiTxn, done: Applied) -> None:
        """All or nothing: in a failed one the parts before the failure report 0, those after it an inconsistency."""
        failed = any(part.type == Op.ERROR for part in body.txns)
        after = False
        for part in body.txns:
            result = Applied(Op.ERROR if failed else part.type)
            if isinstance(part.body, records.ErrorTxn):
                result.error, after = part.body.err, True
            elif failed:
                result.error = Code.RUNTIME_INCONSISTENCY if after else Code.OK
            else:
                self._apply(header, part.body, result)
            done.parts.append(result)
            done.changes += result.changes
            done.error = done.error or result.error

    def _govern(self, parent: str, name: str) -> None:
        """A quota was set: its limits make a subtree governed, its stats node starts with the present counts."""
        governed = parent[len(QUOTA) :]
        if name == quota.LIMITS:
            self.governed[governed] = None
        elif name == quota.STATS:
            self._recount(governed)

    def _recount(self, governed: str) -> None:
        stats = self.nodes.get(quota.stats_path(governed))
        if stats is None:
            return
        below = list(self.walk(governed or ROOT)) if (governed or ROOT) in self.nodes else []
        stats.data = quota.Track(len(below), sum(len(node.data or b"") for _, node in below)).text()

    def _count(self, path: str, count: int, size: int) -> None:
        """Let the counts of the governing quota follow a change; its node changes silently."""
        governed = quota.governed_by(self.governed, path)
        stats = self.nodes.get(quota.stats_path(governed)) if governed else None
        if stats is not None:
            stats.data = quota.Track.parse(stats.data).plus(count, size).text()

    def _index(self, path: str, node: Node) -> None:
        owner = node.ephemeral_owner
        if owner == 0:
            return
        if owner == CONTAINER_OWNER:
            self.containers[path] = None
        elif node.ttl_ms is not None:
            self.ttls[path] = None
        else:
            self.ephemerals.setdefault(owner, {})[path] = None

    def _unindex(self, path: str, node: Node) -> None:
        owner = node.ephemeral_owner
        if owner == 0:
            return
        self.containers.pop(path, None)
        self.ttls.pop(path, None)
        owned = self.ephemerals.get(owner, {})
        owned.pop(path, None)
        if not owned:
            self.ephemerals.pop(owner, None)

    def _rehash(self, path: str, node: Node) -> None:
        """Let the digest of the tree follow a change of a node."""
        new = digest_of(path, node)
        self.digest = (self.digest - node.digest + new) & _MASK64
        node.digest = new
