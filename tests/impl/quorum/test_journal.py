"""The disk thread: what is told to be durable is, and a disk that fails is heard of."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from quorate.impl.disk.epochs import Epochs
from quorate.impl.ensemble.messages import Txn
from quorate.impl.quorum.journal import Journal


class Store:
    """Remembers what was asked of it, in order; fails when told to."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.broken = False

    def append_encoded(self, zxid: int, payload: bytes) -> None:
        self.done.append(zxid)

    def commit(self) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        self.done.append("commit")

    def truncate(self, zxid: int) -> None:
        self.done.append(("cut", zxid))

    def close(self) -> None:
        self.done.append("close")


def journal(store: Store, told: list[Any]) -> Journal:
    log = SimpleNamespace(info=print, warning=print, error=print)
    return Journal(store, None, Epochs(0, 0), log, told.append, lambda error: told.append(str(error)))  # type: ignore[arg-type]


def append(to: Journal, *zxids: int) -> None:
    for zxid in zxids:
        to.append(Txn(zxid, b"x"))


def test_what_comes_meanwhile_is_the_next_batch() -> None:
    store, told = Store(), list[Any]()

    async def run() -> None:
        disk = journal(store, told)
        append(disk, 1, 2)
        disk.go()
        append(disk, 3)
        disk.go()
        while told != [2]:
            await asyncio.sleep(0)
        disk.go()
        while told != [2, 3]:
            await asyncio.sleep(0)
        disk.close()

    asyncio.run(run())
    assert store.done == [1, 2, "commit", 3, "commit", "commit", "close"]


def test_a_batch_that_was_cut_is_not_told_of() -> None:
    """It is durable, but what it wrote is gone, and other transactions may have its numbers by now."""
    store, told = Store(), list[Any]()

    async def run() -> None:
        disk = journal(store, told)
        append(disk, 1, 2, 3)
        disk.go()
        append(disk, 4)
        disk.cut(1)
        append(disk, 9)
        while told != [9]:
            await asyncio.sleep(0)
            disk.go()
        disk.close()

    asyncio.run(run())
    assert store.done == [1, 2, 3, "commit", 4, "commit", ("cut", 1), 9, "commit", "commit", "close"]


def test_a_disk_that_fails() -> None:
    store, told = Store(), list[Any]()

    async def run() -> None:
        disk = journal(store, told)
        store.broken = True
        append(disk, 1)
        disk.go()
        while not told:
            await asyncio.sleep(0)
        with pytest.raises(OSError, match="No space left"):
            disk.flush()

    asyncio.run(run())
    assert told == ["[Errno 28] No space left on device"] * 2
