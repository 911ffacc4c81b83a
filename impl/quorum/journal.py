"""The disk of a member: what must be durable before anything else happens, and the log, which becomes so in batches.

One thread writes. Epochs, truncations and snapshots from the leader are waited for: until they are done, nothing else
may happen at this member, and they come with elections only.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..disk.directory import Directory
from ..disk.epochs import Epochs, write_epochs
from ..disk.snapshot import Snapshot
from ..disk.storage import Store
from ..ensemble.messages import Txn
from ..server.logs import Log

SNAPSHOTS_KEPT = 3
T = TypeVar("T")


class Journal:
    """`synced` is told the last zxid of every batch that became durable; `failed` that the disk did not do its work."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        epochs: Epochs,
        log: Log,
        synced: Callable[[int], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._store, self._directory, self._epochs, self._log = store, directory, epochs, log
        self._synced, self._failed = synced, failed
        self._thread = ThreadPoolExecutor(1, "disk")
        self._appended: list[Txn] = []
        self._busy = False
        self._cut = 0  # how often the log was cut or replaced: a batch begun before that says nothing of what is there

    def append(self, txn: Txn) -> None:
        """Log this with the next batch."""
        self._appended.append(txn)

    def go(self) -> None:
        """Begin a batch, unless one is under way."""
        if self._busy or not self._appended:
            return
        self._busy = True
        batch, self._appended = self._appended, []
        cut = self._cut
        task = asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)
        task.add_done_callback(lambda done: self._done(done, batch[-1].zxid, cut))

    def flush(self) -> None:
        """Make durable what was appended, now."""
        batch, self._appended = self._appended, []
        self._wait(self._thread.submit(self._write, batch))

    def cut(self, zxid: int) -> None:
        """Remove what follows `zxid`, now."""
        self.flush()
        self._cut += 1
        self._wait(self._thread.submit(self._store.truncate, zxid))

    def install(self, zxid: int, snapshot: Snapshot) -> None:
        """Replace everything by a snapshot, now."""
        self.flush()
        self._cut += 1
        self._wait(self._thread.submit(self._store.install, snapshot, zxid))

    def write_epochs(self, epochs: Epochs) -> None:
        """Replace the epoch files, now."""
        before, self._epochs = self._epochs, epochs
        self._wait(self._thread.submit(write_epochs, self._directory, before, epochs))

    def save(self, zxid: int, snapshot: Snapshot) -> None:
        """Write a snapshot some time; one that fails costs nothing but the time that the next start takes."""
        self._thread.submit(self._save, zxid, snapshot)

    def close(self) -> None:
        """Write what is left, and let go of the files."""
        self.flush()
        self._wait(self._thread.submit(self._store.close))
        self._thread.shutdown()

    def _write(self, batch: list[Txn]) -> None:
        for txn in batch:
            assert isinstance(txn.payload, bytes)
            self._store.append_encoded(txn.zxid, txn.payload)
        self._store.commit()

    def _save(self, zxid: int, snapshot: Snapshot) -> None:
        try:
            name = self._store.save(snapshot, zxid)
            self._log.info("snapshot taken", file=name, purged=self._store.purge(SNAPSHOTS_KEPT))
        except OSError as error:
            self._log.warning("no snapshot taken", why=str(error))

    def _wait(self, work: "Future[T]") -> None:
        try:
            work.result()
        except Exception as error:
            self._failed(error)
            raise

    def _done(self, done: "asyncio.Future[None]", zxid: int, cut: int) -> None:
        self._busy = False
        error = done.exception()
        if error is not None:
            # Nobody knows what is on disk: nothing more may be acknowledged.
            self._failed(error)
        elif cut == self._cut:
            self._synced(zxid)
        else:
            self.go()
