"""Open a server's data directory: recover, replay, mend, and go on writing where the last life ended.

    opened = open_data(PosixDirectory(data / "version-2"))
    opened.store.append(txn); opened.store.commit()          # then the reply may leave
    opened.store.save(capture(tree), tree.last_zxid); opened.store.purge(3)   # now and then, with nothing uncommitted

Knows no service. Source: ZKDatabase.loadDataBase, ZooKeeperServer.loadData.
"""

from dataclasses import dataclass

from ..data.tree import Tree
from ..wire.records import Txn
from .directory import Directory
from .epochs import Epochs, read_epochs
from .image import capture, replay, restore
from .recovery import mend, recover
from .storage import Policy, Store


@dataclass(frozen=True, slots=True)
class Opened:
    """The tree as it was after the last transaction on disk, the store that goes on behind it.

    `notes` say in sentences what was passed over, mended, or found to differ from its digest.
    """

    tree: Tree
    store: Store
    notes: tuple[str, ...]


def open_data(directory: Directory, policy: Policy | None = None) -> Opened:
    """Raises `Unrecoverable` when acknowledged transactions are missing, `OSError` when the disk fails.

    A new directory gets a snapshot of the fresh tree first: without one, ZooKeeper refuses logs.
    """
    found = recover(directory)
    replayed = replay(found)
    notes = found.notes + mend(directory, found)
    if replayed.mismatches:
        first = replayed.mismatches[0]
        notes.append(
            f"{len(replayed.mismatches)} of {replayed.compared} digests differ, first after transaction "
            f"0x{first.zxid:x}: {first.on_disk} on disk, {first.of_tree} of the tree; compare with another server"
        )
    store = Store(directory, found.last_zxid, policy)
    if found.snapshot is None:
        store.save(capture(replayed.tree), found.last_zxid)
    return Opened(replayed.tree, store, tuple(notes))


@dataclass(frozen=True, slots=True)
class OpenedMember:
    """What a member of an ensemble has on disk: the tree of its snapshot, and what it logged since.

    Which of those transactions are committed is for the ensemble to say; until then none is applied.
    """

    tree: Tree
    txns: tuple[Txn, ...]
    epochs: Epochs
    store: Store
    notes: tuple[str, ...]


def open_member(directory: Directory, policy: Policy | None = None) -> OpenedMember:
    """As `open_data`, for a member of an ensemble."""
    found = recover(directory)
    epochs = read_epochs(directory, found.last_zxid)
    notes = found.notes + mend(directory, found)
    store = Store(directory, found.last_zxid, policy)
    if found.snapshot is not None:
        tree = restore(found.snapshot, found.snapshot_zxid)
    else:
        tree = Tree.fresh()
        store.save(capture(tree), 0)
    return OpenedMember(tree, tuple(found.txns), epochs, store, tuple(notes))
