"""What a data directory may hold: every legal combination is recovered, every illegal one is named."""

import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from quorate.impl.data.sessions import signed64
from quorate.impl.data.tree import Tree
from quorate.impl.disk import log
from quorate.impl.disk.directory import PosixDirectory
from quorate.impl.disk.files import logs, snapshots
from quorate.impl.disk.image import Mismatch, capture, replay
from quorate.impl.disk.opening import open_data
from quorate.impl.disk.recovery import Unrecoverable, mend, recover
from quorate.impl.disk.snapshot import encode
from quorate.impl.disk.storage import Policy, Store
from quorate.impl.wire.records import (
    OPEN_ACL,
    CheckVersionTxn,
    CreateTxn,
    DeleteTxn,
    Op,
    SetDataTxn,
    SubTxn,
    Txn,
    TxnDigest,
    TxnHeader,
)
from quorate.impl.wire.records import MultiTxn as Multi

EPOCH = 1 << 32


class History:
    """A tree and the transactions that made it; `at` holds its snapshot after each."""

    def __init__(self) -> None:
        self.tree = Tree.fresh()
        self.txns: dict[int, Txn] = {}
        self.at = {0: encode(capture(self.tree))}

    def add(self, *zxids: int) -> "History":
        for zxid in zxids:
            body = CreateTxn(f"/n{zxid:x}", b"", OPEN_ACL, False, self.tree.nodes["/"].cversion + 1)
            header = TxnHeader(1, 2, zxid, zxid, Op.CREATE)
            self.tree.apply(header, body)
            self.txns[zxid] = Txn(header, body, TxnDigest(2, signed64(self.tree.digest)))
            self.at[zxid] = encode(capture(self.tree))
        return self

    def log(self, zxids: Iterable[int]) -> bytes:
        return log.HEADER + b"".join(log.frame(self.txns[zxid].encode()) for zxid in zxids)


def files(history: History, *, snaps: Iterable[int], logged: Iterable[Iterable[int]]) -> dict[str, bytes]:
    found = {f"snapshot.{zxid:x}": history.at[zxid] for zxid in snaps}
    return found | {f"log.{next(iter(zxids)):x}": history.log(zxids) for zxids in logged}


def last(disk: Any) -> int:
    found = recover(disk)
    replayed = replay(found)
    assert replayed.mismatches == []
    assert replayed.tree.last_zxid == found.last_zxid
    return found.last_zxid


TEN = History().add(*range(1, 11))


def test_a_new_directory_is_empty(disk: SimpleNamespace) -> None:
    found = recover(disk.Disk())
    assert (found.snapshot, found.txns, found.last_zxid, found.notes) == (None, [], 0, [])
    assert replay(found).tree.digest == Tree.fresh().digest


@pytest.mark.parametrize(
    ("snaps", "logged"),
    [
        ([0], [range(1, 11)]),
        ([0], [range(1, 4), range(4, 11)]),
        ([0, 5], [range(1, 11)]),  # a log that spans a snapshot
        ([0, 5], [range(1, 6), range(6, 11)]),
        ([5], [range(4, 11)]),  # older logs were purged
        ([5], [range(6, 11)]),
        ([10], []),
        ([10], [range(1, 4)]),  # logs that end before the snapshot, with a hole between: it covers all of them
        ([], [range(1, 11)]),  # all history, no snapshot needed
        ([5, 7], [range(1, 4), range(6, 11)]),
    ],
)
def test_legal_combinations(disk: SimpleNamespace, snaps: list[int], logged: list[range]) -> None:
    assert last(disk.Disk(files(TEN, snaps=snaps, logged=logged))) == 10


def test_a_broken_snapshot_is_passed_over(disk: SimpleNamespace) -> None:
    held = files(TEN, snaps=[0, 5, 8], logged=[range(1, 11)])
    held["snapshot.8"] = held["snapshot.8"][:-30]
    held["snapshot.9"] = b""
    held["snapshot.a.snappy"] = b"whatever"
    found = recover(disk.Disk(held))
    assert (found.snapshot_zxid, found.last_zxid) == (5, 10)
    assert [note.split(",")[0] for note in found.notes] == [
        "snapshot.a.snappy: passed over",
        "snapshot.9: passed over",
        "snapshot.8: passed over",
    ]


def test_a_packed_snapshot_counts(disk: SimpleNamespace) -> None:
    held = files(TEN, snaps=[], logged=[range(6, 11)])
    assert last(disk.Disk(held | {"snapshot.5.gz": gzip.compress(TEN.at[5])})) == 10


def test_epochs_follow_each_other(disk: SimpleNamespace) -> None:
    """A leader that fell leaves a tail that nobody committed; the next epoch begins at counter 1."""
    history = History().add(1, 2, EPOCH + 1, EPOCH + 2, 3 * EPOCH + 1)
    held = files(history, snaps=[0], logged=[[1, 2], [EPOCH + 1, EPOCH + 2, 3 * EPOCH + 1]])
    assert last(disk.Disk(held)) == 3 * EPOCH + 1


def test_a_transaction_that_is_logged_twice_counts_once(disk: SimpleNamespace) -> None:
    held = files(TEN, snaps=[0], logged=[range(1, 7), range(5, 11)])
    found = recover(disk.Disk(held))
    assert [txn.header.zxid for txn in found.txns] == list(range(1, 11))


def test_two_histories_are_refused(disk: SimpleNamespace) -> None:
    other = replace(TEN.txns[6], body=DeleteTxn("/n1"), header=replace(TEN.txns[6].header, type=Op.DELETE))
    held = files(TEN, snaps=[0], logged=[range(1, 7), range(5, 11)])
    held["log.5"] = TEN.log([5]) + log.frame(other.encode()) + TEN.log(range(7, 11))[16:]
    with pytest.raises(Unrecoverable, match=r"log\.5: transaction 0x6 at offset \d+ contradicts an earlier one"):
        recover(disk.Disk(held))


@pytest.mark.parametrize(
    ("snaps", "logged", "message"),
    [
        (
            [0],
            [range(1, 4), range(6, 11)],
            "log.6: transaction 0x6 at offset 16 follows 0x3: what lies between is missing; "
            "put back the log that holds it, or a snapshot of 0x5 or later",
        ),
        ([3], [range(6, 11)], "transaction 0x6 at offset 16 follows 0x3"),
        ([], [range(6, 11)], "transaction 0x6 at offset 16 follows 0x0"),
    ],
)
def test_a_hole_is_refused(disk: SimpleNamespace, snaps: list[int], logged: list[range], message: str) -> None:
    with pytest.raises(Unrecoverable) as refused:
        recover(disk.Disk(files(TEN, snaps=snaps, logged=logged)))
    assert message in str(refused.value)


def test_a_later_epoch_without_any_snapshot_is_a_hole(disk: SimpleNamespace) -> None:
    history = History().add(EPOCH + 1)
    with pytest.raises(Unrecoverable, match="transaction 0x100000001 at offset 16 follows 0x0"):
        recover(disk.Disk(files(history, snaps=[], logged=[[EPOCH + 1]])))


def test_a_log_under_a_wrong_name_is_refused(disk: SimpleNamespace) -> None:
    """The next log would get a name that is taken, and overwrite it."""
    held = files(TEN, snaps=[0], logged=[range(1, 11)])
    held["log.b"] = held.pop("log.1")
    with pytest.raises(Unrecoverable, match=r"log\.b: transaction 0x1 at offset 16 is the log's first; rename the log"):
        recover(disk.Disk(held))


def test_no_whole_snapshot_and_no_log(disk: SimpleNamespace) -> None:
    with pytest.raises(Unrecoverable, match=r"no snapshot can be read: snapshot\.5: passed over, .*; put a copy"):
        recover(disk.Disk({"snapshot.5": b"ZKSN"}))


def test_damage_names_the_file(disk: SimpleNamespace) -> None:
    held = files(TEN, snaps=[0], logged=[range(1, 11)])
    held["log.1"] = held["log.1"][:40] + b"?" + held["log.1"][41:]
    with pytest.raises(Unrecoverable, match=r"log\.1: the entry at offset 16 is damaged"):
        recover(disk.Disk(held))


def test_an_accepted_check_makes_the_original_unable_to_start_and_is_named_here(disk: SimpleNamespace) -> None:
    poison = Txn(TxnHeader(1, 2, 11, 4, Op.CHECK), CheckVersionTxn("/", 0), None)
    held = files(TEN, snaps=[10], logged=[]) | {"log.b": log.HEADER + log.frame(poison.encode())}
    with pytest.raises(Unrecoverable, match=r"log\.b: entry at offset 16: transaction 0xb has type 13"):
        recover(disk.Disk(held))


def test_mend_says_what_it_did(disk: SimpleNamespace) -> None:
    held = files(TEN, snaps=[0], logged=[range(1, 11)])
    end = len(held["log.1"])
    held["log.1"] += b"\0\0\0\0torn"
    held["log.b"] = b"ZKLG"
    held["unfinished-snapshot.9"] = b"ZKSN"
    damaged = disk.Disk(held)
    found = recover(damaged)
    assert mend(damaged, found) == [
        "unfinished-snapshot.9: removed, it was never finished",
        f"log.1: cut at offset {end}, what follows was never completely written",
        "log.b: removed, it was never begun",
    ]
    assert mend(damaged, recover(damaged)) == []
    assert last(damaged) == 10


def test_a_fuzzy_snapshot_is_not_compared_before_its_digest() -> None:
    """The snapshot is named 5, but transactions up to 7 were applied while it was taken."""
    held = {"snapshot.5": TEN.at[7], "log.1": TEN.log(range(1, 11))}
    found = recover(_plain(held))
    replayed = replay(found)
    # Compared are the digest of the snapshot itself, at 7, and then those of 8, 9 and 10.
    assert (replayed.applied, replayed.compared, replayed.mismatches) == (5, 4, [])
    assert replayed.tree.digest == TEN.tree.digest


def test_a_mismatch_is_reported_with_both_numbers() -> None:
    wrong = replace(TEN.txns[10], digest=TxnDigest(2, 5))
    held = {"snapshot.5": TEN.at[5], "log.6": TEN.log(range(6, 10)) + log.frame(wrong.encode())}
    replayed = replay(recover(_plain(held)))
    assert replayed.compared == 6
    assert replayed.mismatches == [Mismatch(10, 5, signed64(TEN.tree.digest))]


def _plain(held: dict[str, bytes]) -> Any:
    return SimpleNamespace(names=lambda: sorted(held), read=held.__getitem__)


def test_a_multi_replays() -> None:
    tree = Tree.fresh()
    parts = (SubTxn(1, CreateTxn("/a", b"", OPEN_ACL, False, 1)), SubTxn(5, SetDataTxn("/a", b"x", 1)))
    txn = Txn(TxnHeader(1, 1, 1, 1, Op.MULTI), Multi(parts), None)
    replayed = replay(
        recover(_plain({"snapshot.0": encode(capture(tree)), "log.1": log.HEADER + log.frame(txn.encode())}))
    )
    assert replayed.tree.nodes["/a"].data == b"x"


def test_opening_a_new_directory_leaves_what_the_original_needs(disk: SimpleNamespace) -> None:
    new = disk.Disk()
    opened = open_data(new)
    assert (opened.tree.digest, opened.notes) == (Tree.fresh().digest, ())
    assert new.names() == ["snapshot.0"]


def test_opening_tells_of_digests_that_differ(disk: SimpleNamespace) -> None:
    wrong = replace(TEN.txns[10], digest=TxnDigest(2, 5))
    held = {"snapshot.5": TEN.at[5], "log.6": TEN.log(range(6, 10)) + log.frame(wrong.encode())}
    assert open_data(disk.Disk(held)).notes == (
        f"1 of 6 digests differ, first after transaction 0xa: 5 on disk, {signed64(TEN.tree.digest)} of the tree; "
        f"compare with another server",
    )


class TestStore:
    """The store on a real directory."""

    def test_logs_roll_at_snapshots_and_at_the_limit(self, tmp_path: Path) -> None:
        directory = PosixDirectory(tmp_path / "version-2")
        store = Store(directory, 0, Policy(preallocate=0, log_limit=150))
        for zxid in range(1, 11):
            store.append(TEN.txns[zxid])
            store.commit()
            if zxid == 5:
                store.save(capture(replay(recover(directory)).tree), 5)
        store.close()
        assert [name for _, name in logs(directory)] == ["log.1", "log.3", "log.5", "log.6", "log.8", "log.a"]
        assert [name for _, name in snapshots(directory)] == ["snapshot.5"]
        assert last(directory) == 10

    def test_a_log_is_preallocated_as_the_original_does(self, tmp_path: Path) -> None:
        directory = PosixDirectory(tmp_path)
        store = Store(directory, 0, Policy(preallocate=262144))
        store.append(TEN.txns[1])
        store.append(TEN.txns[2])
        store.close()
        assert directory.read("log.1") == TEN.log([1, 2]).ljust(262160, b"\0")

    def test_what_was_not_committed_is_not_there(self, tmp_path: Path) -> None:
        store = Store(PosixDirectory(tmp_path), 0)
        store.append(TEN.txns[1])
        assert PosixDirectory(tmp_path).names() == []

    def test_zxids_must_rise(self, tmp_path: Path) -> None:
        store = Store(PosixDirectory(tmp_path), 7)
        with pytest.raises(ValueError, match="transaction 0x7 does not follow 0x7"):
            store.append(TEN.txns[7])

    @pytest.mark.parametrize("keep", [1, 2, 3])
    def test_every_snapshot_that_a_purge_keeps_can_be_recovered_from(self, disk: SimpleNamespace, keep: int) -> None:
        held = files(TEN, snaps=[0, 2, 5, 8], logged=[range(1, 4), range(4, 7), range(7, 11)])
        purged = disk.Disk(held | {"snapshot.9": b"broken", "myid": b"1"})
        gone = Store(purged, 10).purge(keep)
        whole = [zxid for zxid, name in snapshots(purged) if zxid != 9]
        assert whole == [0, 2, 5, 8][-keep:]
        assert (
            gone
            == {
                1: ["log.1", "log.4", "snapshot.0", "snapshot.2", "snapshot.5"],
                2: ["log.1", "snapshot.0", "snapshot.2"],
                3: ["snapshot.0"],
            }[keep]
        )
        for zxid in whole:
            one = {name: data for name, data in purged.files.items() if not name.startswith("snapshot.")}
            assert last(disk.Disk(one | {f"snapshot.{zxid:x}": TEN.at[zxid]})) == 10

    def test_purging_everything_is_refused(self, disk: SimpleNamespace) -> None:
        with pytest.raises(ValueError, match="cannot keep 0 snapshots; keep at least 1"):
            Store(disk.Disk(), 0).purge(0)
        assert Store(disk.Disk({"snapshot.0": b"broken"}), 0).purge(1) == []

    def test_a_full_disk_leaves_no_half_snapshot(self, disk: SimpleNamespace) -> None:
        full = disk.Disk(fails_at=1)
        store = Store(full, 10, Policy(preallocate=0))
        with pytest.raises(OSError, match="No space left"):
            store.save(capture(TEN.tree), 10)
        full.fails_at = None
        store.append(History().add(*range(1, 12)).txns[11])
        store.close()
        assert [name for name in full.names() if name.startswith("snapshot")] == []
