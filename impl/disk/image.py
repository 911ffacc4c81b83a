"""From the tree to a snapshot and back, and the replay of a log with every digest compared.

The digest in a transaction is that of the whole tree after it, so that one equal number vouches for every field of
every node. Knows no files. Source: FileTxnSnapLog.fastForwardFromEdits, DataTree.compareDigest, deserializeZxidDigest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..data.acl import OPEN
from ..data.node import Node
from ..data.paths import QUOTA, ROOT
from ..data.sessions import signed64
from ..data.tree import Tree
from ..wire.records import DIGEST_VERSION, ACLs, Txn
from .recovery import Recovered
from .snapshot import OPEN_ACL_ID, Snapshot, StoredNode, ZxidDigest


@dataclass(frozen=True, slots=True)
class Mismatch:
    """After transaction `zxid` the tree's digest is not the one on disk (both signed 64 bits)."""

    zxid: int
    on_disk: int
    of_tree: int


@dataclass(slots=True)
class Replayed:
    """The tree, how many transactions came after the snapshot, and how many digests on disk were compared with it."""

    tree: Tree
    applied: int = 0
    compared: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)


def capture(tree: Tree) -> Snapshot:
    """The snapshot of a tree between two transactions: not fuzzy, so that its digest holds for its own zxid."""
    ids: dict[ACLs, int] = {OPEN: OPEN_ACL_ID}
    nodes = []
    for path, node in tree.walk():
        acl_id = ids.setdefault(tuple(node.acl), len(ids))
        nodes.append(StoredNode("" if path == ROOT else path, node.data, acl_id, node.stored_stat()))
    lists = tuple((acl_id, acls) for acls, acl_id in ids.items() if acl_id != OPEN_ACL_ID)
    digest = signed64(tree.digest) if tree.last_zxid else 0
    return Snapshot(
        tuple(sorted(tree.timeouts_ms.items())), lists, tuple(nodes), ZxidDigest(tree.last_zxid, DIGEST_VERSION, digest)
    )


def restore(snapshot: Snapshot, zxid: int) -> Tree:
    """The tree of a snapshot, which is known to hold everything up to `zxid`."""
    tree = Tree()
    lists: dict[int, ACLs] = {acl_id: acls or () for acl_id, acls in snapshot.acls} | {OPEN_ACL_ID: OPEN}
    for node in snapshot.nodes:
        tree.insert(node.path or ROOT, Node.stored(node.data, lists[node.acl_id], node.stat))
    tree.timeouts_ms.update(snapshot.sessions)
    if QUOTA in tree.nodes:
        tree.recount_quotas()
    tree.last_zxid = zxid
    return tree


def replay(found: Recovered) -> Replayed:
    """The tree as it was after the last transaction of a recovered directory."""
    if found.snapshot is None:
        return replay_onto(Tree.fresh(), found.txns)
    tree = restore(found.snapshot, found.snapshot_zxid)
    return replay_onto(tree, found.txns, found.snapshot.digest)


def replay_onto(tree: Tree, txns: Iterable[Txn], comparable_at: ZxidDigest | None = None) -> Replayed:
    """Apply transactions and compare. While the tree is behind a snapshot's digest, it is fuzzy and not compared."""
    done = Replayed(tree)
    if comparable_at is None or comparable_at.zxid < max(tree.last_zxid, 1):
        awaited = None  # a snapshot of an idle server, or of a leader that had just begun its epoch
    else:
        awaited = _settled(done, comparable_at)
    for txn in txns:
        tree.apply(txn.header, txn.body)
        done.applied += 1
        if awaited is not None:
            awaited = _settled(done, awaited)
            continue
        if txn.digest is not None and txn.digest.version == DIGEST_VERSION:
            _compare(done, txn.digest.tree_digest)
    return done


def _settled(done: Replayed, awaited: ZxidDigest) -> ZxidDigest | None:
    """What is still awaited: nothing more once the tree has reached the zxid of the snapshot's digest."""
    if done.tree.last_zxid < awaited.zxid:
        return awaited
    if done.tree.last_zxid == awaited.zxid and awaited.version == DIGEST_VERSION:
        _compare(done, awaited.digest)
    return None


def _compare(done: Replayed, on_disk: int) -> None:
    done.compared += 1
    of_tree = signed64(done.tree.digest)
    if of_tree != on_disk:
        done.mismatches.append(Mismatch(done.tree.last_zxid, on_disk, of_tree))
