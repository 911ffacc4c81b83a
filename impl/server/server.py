"""Sockets, clock and disk around the service: replies leave when the transactions that they show are durable.

One thread runs the service. While the disk thread makes one batch of transactions durable, further requests are served
in memory, and their replies wait for the next batch: that is the group commit of `SyncRequestProcessor`. A reply of a
read waits too, for it may show a transaction that is not yet on disk.
"""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from ..disk.image import capture
from ..disk.snapshot import Snapshot
from ..service import words
from ..service.client import Client
from ..service.service import Service
from ..wire.records import Txn
from .clock import now
from .connection import Connection
from .logs import Log

# A connection that does not shake hands, or that does not take its last frames, is cut after this long.
SILENCE_MS_MAX = 10_000
SNAPSHOTS_KEPT = 3  # ZooKeeper's autopurge.snapRetainCount


class Store(Protocol):
    """Where transactions become durable; used from the disk thread alone."""

    def append(self, txn: Txn) -> None: ...

    def commit(self) -> None: ...

    def save(self, snapshot: Snapshot, zxid: int) -> str: ...

    def purge(self, keep: int) -> list[str]: ...

    def close(self) -> None: ...


class Server:
    """Serves until `stop`. Without a store nothing survives the process.

    After every `snapshot_every` transactions a snapshot is taken; what only older ones than the last three need goes.
    """

    def __init__(self, service: Service, store: Store | None, log: Log, snapshot_every: int = 100_000) -> None:
        self.service = service
        self.log = log
        self.failure: Exception | None = None
        self._store = store
        self._snapshot_every = snapshot_every
        self._since_snapshot = 0
        self._connections: dict[int, Connection] = {}
        self._disk = ThreadPoolExecutor(1, "disk")
        self._syncing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._listeners: list[asyncio.Server] = []
        self._ticker: asyncio.Task[None] | None = None
        self.stopped = asyncio.Event()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Accept clients; port 0 takes a free one. Returns the port."""
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(self), host, port, ssl=tls, backlog=1024)
        self._listeners.append(listener)
        if self._ticker is None:
            self._ticker = loop.create_task(self._tick_forever())
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Accept no one any more, make durable what was begun, send its replies, then close all connections."""
        for listener in self._listeners:
            listener.close()
        if self._ticker is not None:
            self._ticker.cancel()
        for connection in list(self._connections.values()):
            self.service.hang_up(connection.client)
        self.flush()
        await self._idle.wait()
        for connection in list(self._connections.values()):
            connection.transport.close()
        if self._store is not None and self.failure is None:
            self._disk.submit(self._store.close)
        self._disk.shutdown()
        self.stopped.set()

    def opened(self, connection: Connection) -> None:
        """A connection was accepted."""
        self._connections[connection.client.number] = connection

    def closed(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.pop(connection.client.number, None)
        self.service.disconnect(connection.client)

    def flush(self) -> None:
        """Let out what waits, now or as soon as its transactions are durable."""
        if self._syncing:
            return
        service = self.service
        batch = [(client, client.out) for client in service.dirty]
        for client, _ in batch:
            client.out = []
        service.dirty.clear()
        if not service.journal:
            self._release(batch)
            return
        txns, service.journal = service.journal, []
        if self._store is None:
            self._release(batch)
            return
        self._syncing = True
        self._idle.clear()
        loop = asyncio.get_running_loop()
        task = loop.run_in_executor(self._disk, self._make_durable, txns)
        task.add_done_callback(lambda done: self._synced(done, batch))
        self._since_snapshot += len(txns)
        if self._since_snapshot >= self._snapshot_every:
            self._since_snapshot = 0
            # The tree is now as after the last of these transactions; the disk thread writes what is taken of it here.
            snapshot = capture(service.tree)
            loop.run_in_executor(self._disk, self._save, self._store, snapshot, service.tree.last_zxid)

    def answer_word(self, word: str, client: Client) -> bytes:
        """The answer to a four-letter word."""
        return words.answer(word, self.service, now(), client)

    def _make_durable(self, txns: list[Txn]) -> None:
        assert self._store is not None
        for txn in txns:
            self._store.append(txn)
        self._store.commit()

    def _save(self, store: Store, snapshot: Snapshot, zxid: int) -> None:
        """A snapshot that fails costs nothing but the time that the next start takes; the log holds everything."""
        try:
            name = store.save(snapshot, zxid)
            self.log.info("snapshot taken", file=name, purged=store.purge(SNAPSHOTS_KEPT))
        except OSError as error:
            self.log.warning("no snapshot taken", why=str(error))

    def _synced(self, done: "asyncio.Future[None]", batch: list[tuple[Client, list[bytes]]]) -> None:
        self._syncing = False
        error = done.exception()
        if error is not None:
            # Nobody knows what is on disk: nothing more may be acknowledged.
            self._fail(error)
            return
        self._release(batch)
        self.flush()
        if not self._syncing:
            self._idle.set()

    def _fail(self, error: BaseException) -> None:
        self.failure = error if isinstance(error, Exception) else RuntimeError(str(error))
        self.log.error("disk failed", why=str(error))
        for connection in list(self._connections.values()):
            connection.transport.abort()
        self._idle.set()
        self.stopped.set()

    def _release(self, batch: list[tuple[Client, list[bytes]]]) -> None:
        stats, now_ms = self.service.stats, now().monotonic_ms
        for client, frames in batch:
            connection = self._connections.get(client.number)
            if connection is not None:
                stats.answered(len(frames), now_ms - connection.arrived_ms)
                connection.release(frames)

    async def _tick_forever(self) -> None:
        """Times out sessions, containers and silent connections. Ticks are absolute, so that none is lost to load."""
        while True:
            tick_ms = self.service.settings.tick_ms
            now_ms = now().monotonic_ms
            await asyncio.sleep((tick_ms - now_ms % tick_ms) / 1000)
            at = now()
            self.service.tick(at)
            for connection in list(self._connections.values()):
                silent = at.monotonic_ms - max(connection.since_ms, connection.arrived_ms) > SILENCE_MS_MAX
                if silent and (connection.client.closing or not connection.client.session):
                    connection.transport.abort()
            self.flush()
