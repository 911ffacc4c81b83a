"""Open a server's data directory: recover, replay, mend, and go on writing where the last life ended.

    opened = open_data(PosixDirectory(data / "version-2"))
    opened.store.append(txn); opened.store.commit()          # then the reply may leave
    opened.store.save(capture(tree), tree.last_zxid); opened.store.purge(3)   # now and then, with nothing uncommitted

Knows no service. Source: ZKDatabase.loadDataBase, ZooKeeperServer.loadData.
"""

from dataclasses import dataclass

from ..data.tree import Tree
from .directory import Directory
from .image import capture, replay
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
