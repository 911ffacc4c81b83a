"""What only a member of an ensemble does to its disk: it cuts its log, takes over a snapshot, writes its epochs.

Crashes at every operation: the disk then holds the state before or after, or one that the cut was on its way to.
"""

import itertools
import random
from types import SimpleNamespace
from typing import Any

import pytest
from quorate.impl.data.tree import Tree
from quorate.impl.disk.epochs import Epochs, read_epochs, write_epochs
from quorate.impl.disk.image import capture
from quorate.impl.disk.opening import open_member
from quorate.impl.disk.recovery import Unrecoverable
from quorate.impl.disk.storage import Policy, Store
from quorate.impl.wire.records import OPEN_ACL, CreateTxn, Txn, TxnHeader

POLICY = Policy(preallocate=8192)


def txn(zxid: int) -> Txn:
    """One history for every run."""
    data = bytes(random.Random(zxid).choice((0, 80, 1500)))
    return Txn(TxnHeader(7, zxid, zxid, 1000 + zxid, 1), CreateTxn(f"/n{zxid}", data, OPEN_ACL, False, zxid), None)


def tree_at(zxid: int) -> Tree:
    tree = Tree.fresh()
    for number in range(1, zxid + 1):
        tree.apply(txn(number).header, txn(number).body)
    return tree


def work(disk: Any, rng: random.Random, operations: int) -> None:
    """Marks say which last zxids a crash may leave from here on."""
    store = open_member(disk, POLICY).store
    disk.mark((0, 0))
    for _ in range(operations):
        last = store.last_zxid
        match rng.choice(("append", "append", "snapshot", "cut", "install")):
            case "append":
                more = rng.randrange(1, 6)
                disk.mark((last, last + more))
                for zxid in range(last + 1, last + more + 1):
                    store.append(txn(zxid))
                store.commit()
            case "snapshot":
                store.save(capture(tree_at(last)), last)
                store.purge(2)
            case "cut":
                zxid = rng.randrange(max(0, last - 8), last + 1)
                if any(zxid < kept for kept in snapshots(disk)):
                    continue
                disk.mark((zxid, last))
                store.truncate(zxid)
            case "install":
                zxid = rng.randrange(max(1, last - 6), last + 8)
                disk.mark((min(zxid, last), max(zxid, last)))
                store.install(capture(tree_at(zxid)), zxid)
        disk.mark((store.last_zxid, store.last_zxid))


def snapshots(disk: Any) -> list[int]:
    return [int(name.rpartition(".")[2], 16) for name in disk.names() if name.startswith("snapshot.")]


def check(disk: Any, low: int, high: int) -> None:
    opened = open_member(disk, POLICY)
    assert low <= opened.store.last_zxid <= high
    for found in opened.txns:
        opened.tree.apply(found.header, found.body)
    assert opened.tree.digest == tree_at(opened.store.last_zxid).digest
    store: Store = opened.store
    store.append(txn(store.last_zxid + 1))
    store.close()
    assert open_member(disk, POLICY).store.last_zxid == store.last_zxid


@pytest.mark.parametrize("seed", range(6))
def test_a_crash_at_every_operation_of_a_member(disk: SimpleNamespace, seed: int) -> None:
    rng = random.Random(seed)
    whole = disk.Disk()
    work(whole, rng, operations=14)
    marks = [(count, step[1]) for count, step in enumerate(whole.steps) if step[0] == "mark"]
    first = marks[0][0]
    for count in range(first + 1, len(whole.steps) + 1):
        low, high = next(mark for at, mark in reversed(marks) if at < count)
        platter = disk.Platter(whole, count)
        states = [platter.all_kept(), platter.all_lost()] + [platter.some_kept(rng) for _ in range(3)]
        for files in states:
            check(disk.Disk(files), low, high)


def test_epochs_at_every_crash(disk: SimpleNamespace) -> None:
    whole = disk.Disk()
    history = [Epochs(0, 0), Epochs(1, 0), Epochs(1, 1), Epochs(4, 1), Epochs(4, 4), Epochs(5, 5)]
    at = {}
    for before, after in itertools.pairwise(history):
        at[len(whole.steps)] = before, after
        write_epochs(whole, before, after)
    assert read_epochs(whole, 0) == Epochs(5, 5)
    rng = random.Random(1)
    for count in range(len(whole.steps) + 1):
        before, after = at[max(start for start in at if start <= count)]
        platter = disk.Platter(whole, count)
        for files in [platter.all_kept(), platter.all_lost()] + [platter.some_kept(rng) for _ in range(5)]:
            found = read_epochs(disk.Disk(files), 0)
            assert before.accepted <= found.accepted <= after.accepted
            assert before.current <= found.current <= min(after.current, found.accepted)


def test_epochs_of_a_folder_that_has_none(disk: SimpleNamespace) -> None:
    assert read_epochs(disk.Disk(), 7 << 32 | 3) == Epochs(7, 7)
    assert read_epochs(disk.Disk({"currentEpoch": b"9"}), 7 << 32 | 3) == Epochs(9, 9)


@pytest.mark.parametrize("text", [b"", b"-1", b"x", b"99999999999", b"\xff"])
def test_what_is_no_epoch(disk: SimpleNamespace, text: bytes) -> None:
    with pytest.raises(Unrecoverable, match="acceptedEpoch"):
        read_epochs(disk.Disk({"acceptedEpoch": text}), 0)


def test_an_order_that_no_server_writes(disk: SimpleNamespace) -> None:
    with pytest.raises(Unrecoverable, match="currentEpoch 3 is greater than acceptedEpoch 2"):
        read_epochs(disk.Disk({"acceptedEpoch": b"2", "currentEpoch": b"3"}), 0)
