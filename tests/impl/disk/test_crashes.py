"""Crashes at every byte and operation: what was acknowledged is there, nothing else was invented, work goes on."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from quorate.impl.data.sessions import signed64
from quorate.impl.data.tree import Tree
from quorate.impl.disk import log
from quorate.impl.disk.files import logs
from quorate.impl.disk.image import capture, replay
from quorate.impl.disk.opening import open_data
from quorate.impl.disk.recovery import mend, recover
from quorate.impl.disk.storage import Policy, Store, StoreBroken
from quorate.impl.wire.records import OPEN_ACL, CreateTxn, SetDataTxn, Txn, TxnDigest, TxnHeader

POLICY = Policy(preallocate=8192)


class Author:
    """Writes one history, the same for every run: transaction N is a function of N alone."""

    def __init__(self) -> None:
        self.tree = Tree.fresh()
        self.txns: dict[int, Txn] = {}

    def txn(self, zxid: int) -> Txn:
        while zxid not in self.txns:
            self._write(len(self.txns) + 1)
        return self.txns[zxid]

    def tree_at(self, zxid: int) -> Tree:
        tree = Tree.fresh()
        for number in range(1, zxid + 1):
            tree.apply(self.txn(number).header, self.txn(number).body)
        return tree

    def _write(self, zxid: int) -> None:
        rng = random.Random(zxid)
        data = bytes(rng.randrange(1, 256) for _ in range(rng.choice((0, 5, 80, 900, 1500))))
        body: Any = CreateTxn(f"/n{zxid}", data, OPEN_ACL, False, self.tree.nodes["/"].cversion + 1)
        kind = 1
        if zxid % 3 == 0:
            kind, body = 5, SetDataTxn("/n1", data, self.tree.nodes["/n1"].version + 1)
        header = TxnHeader(7, zxid, zxid, 1000 + zxid, kind)
        self.tree.apply(header, body)
        self.txns[zxid] = Txn(header, body, TxnDigest(2, signed64(self.tree.digest)))


AUTHOR = Author()


def work(disk: Any, rng: random.Random, until: int) -> None:
    """What a server does from its start on: recover, mend, append, commit, acknowledge, take snapshots, purge."""
    opened = open_data(disk, POLICY)
    store = opened.store
    disk.mark(opened.tree.last_zxid)
    assert opened.tree.digest == AUTHOR.tree_at(store.last_zxid).digest
    while store.last_zxid < until:
        for _ in range(rng.randrange(1, 5)):
            store.append(AUTHOR.txn(store.last_zxid + 1))
        store.commit()
        disk.mark(store.last_zxid)
        if rng.random() < 0.3:
            store.save(capture(AUTHOR.tree_at(store.last_zxid)), store.last_zxid)
            store.purge(rng.choice((1, 2)))
    store.close()


def acknowledged(disk: Any, count: int) -> int:
    return max((step[1] for step in disk.steps[:count] if step[0] == "mark"), default=0)


def check(disk: Any, acked: int) -> None:
    """A directory after a crash: nothing acknowledged is missing, the state is a true one, and the store goes on."""
    found = recover(disk)
    assert found.last_zxid >= acked
    replayed = replay(found)
    assert replayed.mismatches == []
    assert replayed.tree.digest == AUTHOR.tree_at(found.last_zxid).digest
    mend(disk, found)
    for _, name in logs(disk):
        data = disk.read(name)
        end = max((entry.end for entry in log.entries(data)), default=log.HEADER_SIZE)
        assert not data[end:].strip(b"\0"), f"{name}: a real server would refuse what follows offset {end}"
    store = Store(disk, found.last_zxid, POLICY)
    store.append(AUTHOR.txn(found.last_zxid + 1))
    store.close()
    assert recover(disk).last_zxid == found.last_zxid + 1


def test_a_crash_at_every_operation(disk: SimpleNamespace) -> None:
    rng = random.Random(1)
    whole = disk.Disk()
    work(whole, rng, until=30)
    assert acknowledged(whole, len(whole.steps)) >= 30
    assert any(step[0] == "remove" for step in whole.steps)
    for count in range(len(whole.steps) + 1):
        platter = disk.Platter(whole, count)
        acked = acknowledged(whole, count)
        states = [platter.all_kept(), platter.all_lost()] + [platter.some_kept(rng) for _ in range(6)]
        for files in states:
            check(disk.Disk(files), acked)


def test_what_recovery_found_is_durable(disk: SimpleNamespace) -> None:
    """The process dies, a second one recovers what the first had not yet made durable, then the machine dies."""
    rng = random.Random(4)
    whole = disk.Disk()
    work(whole, rng, until=30)
    for count in range(len(whole.steps) + 1):
        life = whole.resumed(count, disk.Platter(whole, count).all_kept())
        found = recover(life)
        mend(life, found)
        check(disk.Disk(disk.Platter(life, len(life.steps)).all_lost()), found.last_zxid)


def test_a_crash_at_every_byte(disk: SimpleNamespace) -> None:
    rng = random.Random(2)
    whole = disk.Disk()
    work(whole, rng, until=6)
    bytes_torn = 0
    for count, step in enumerate(whole.steps):
        if step[0] == "write":
            for torn_at in range(1, len(step[3])):
                check(disk.Disk(disk.Platter(whole, count, torn_at).all_kept()), acknowledged(whole, count))
                bytes_torn += 1
    assert bytes_torn > 2000


@pytest.mark.parametrize("seed", range(40))
def test_crash_after_crash(disk: SimpleNamespace, seed: int) -> None:
    """Each life begins with what the crash of the one before left, and ends at any operation, recovery included.

    When only the process died, the next life begins with data that is not on the disk yet, and may never be.
    """
    rng = random.Random(seed)
    life = disk.Disk()
    acked = 0
    for _ in range(12):
        begun = len(life.steps)
        work(life, rng, until=acked + rng.randrange(1, 12))
        count = rng.randrange(begun, len(life.steps) + 1)
        platter = disk.Platter(life, count)
        acked = max(acked, acknowledged(life, count))
        if rng.random() < 0.5:
            life = life.resumed(count, platter.all_kept())
        else:
            life = disk.Disk(rng.choice((platter.all_lost(), platter.some_kept(rng))))
        check(disk.Disk(dict(life.files)), acked)


def test_after_a_failed_write_nothing_more_is_stored(disk: SimpleNamespace) -> None:
    whole = disk.Disk()
    work(whole, random.Random(3), until=4)
    for fails_at in range(8):
        broken = disk.Disk(dict(whole.files), fails_at=fails_at)
        store = Store(broken, 4 if recover(broken).last_zxid == 4 else recover(broken).last_zxid, POLICY)
        first = store.last_zxid + 1
        store.append(AUTHOR.txn(first))
        try:
            store.commit()
        except OSError:
            broken.fails_at = None
            store.append(AUTHOR.txn(first + 1))
            with pytest.raises(StoreBroken, match="nothing more is stored, because the disk failed"):
                store.commit()
        assert recover(disk.Disk(dict(broken.files))).last_zxid <= first
