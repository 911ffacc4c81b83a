"""Runs one standalone server until it is told to stop: what the command line calls."""

import asyncio
import gc
import json
import resource
import signal
import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..data.sessions import first_id
from ..data.settings import Settings
from ..data.tree import Tree
from ..disk.directory import PosixDirectory
from ..disk.opening import open_data
from ..service.service import Service
from . import metrics
from .clock import now
from .logs import JsonLog
from .server import Server

STANDALONE_SERVER_ID = 1


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM format. With `client_ca` only clients with a certificate from it are let in."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises `OSError` or `ssl.SSLError` if a file is missing or is not what it should be."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if self.client_ca is not None:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 2181,
    data: Path | None = None,
    settings: Settings | None = None,
    tls: Tls | None = None,
    metrics_port: int | None = None,
    log_level: str = "info",
    snapshot_every: int = 100_000,
) -> None:
    """Serve until SIGINT or SIGTERM. Port 0 takes a free port. Once it accepts clients, one line of
    JSON on standard output says where; everything else goes to the log on standard error.

    Without `data` everything is kept in memory only. Raises `OSError` when the port, a file or the disk fails.
    """
    allow_many_connections()
    asyncio.run(_serve(host, port, data, settings or Settings(), tls, metrics_port, JsonLog(log_level), snapshot_every))


async def _serve(
    host: str,
    port: int,
    data: Path | None,
    settings: Settings,
    tls: Tls | None,
    metrics_port: int | None,
    log: JsonLog,
    snapshot_every: int,
) -> None:
    server = start(settings, log, data, snapshot_every)
    let_the_tree_rest()
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    bound = await server.listen(host, port, None if tls is None else tls.context())
    endpoint = None if metrics_port is None else await metrics.listen(server.service, host, metrics_port)
    print(json.dumps({"host": host, "port": bound}), flush=True)
    log.info("serving", host=host, port=bound, tls=tls is not None, data=str(data) if data else None)
    waiting = [loop.create_task(asked.wait()), loop.create_task(server.stopped.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if endpoint is not None:
        endpoint.close()
    if server.failure is not None:
        raise server.failure
    await server.stop()
    log.info("stopped", zxid=f"0x{server.service.tree.last_zxid:x}")


def start(settings: Settings, log: JsonLog, data: Path | None = None, snapshot_every: int = 100_000) -> Server:
    """A server on what its data directory holds, or on a fresh tree; not yet listening.

    Raises `Unrecoverable` when acknowledged transactions are missing.
    """
    tree, store = Tree.fresh(), None
    if data is not None:
        opened = open_data(PosixDirectory(data / "version-2"))
        tree, store = opened.tree, opened.store
        for note in opened.notes:
            log.warning("data directory", note=note)
    at = now()
    service = Service(tree, settings, first_id(STANDALONE_SERVER_ID, at.monotonic_ms), at)
    if data is not None:
        service.directory_sizes = partial(sizes, data / "version-2")
    return Server(service, store, log, snapshot_every)


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes of all snapshots and of all logs."""
    files = [(path.name, path.stat().st_size) for path in folder.iterdir()]
    snapshots = sum(size for name, size in files if name.startswith("snapshot."))
    return snapshots, sum(size for name, size in files if name.startswith("log."))


def let_the_tree_rest() -> None:
    """A large tree has no cycles; looking for some in it again and again would take most of the time of writes."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)


def allow_many_connections() -> None:
    """Every connection takes a file descriptor; take as many as this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
