"""Runs one member of an ensemble until it is told to stop: what the command line calls."""

import asyncio
import json
import signal
from functools import partial
from pathlib import Path

from ..data.sessions import first_id
from ..disk.directory import PosixDirectory
from ..disk.opening import open_member
from ..ensemble.state import Ensemble
from ..member.member import Limits, Member
from ..server.clock import now
from ..server.logs import JsonLog
from ..server.main import allow_many_connections, let_the_tree_rest, sizes
from .configuration import Configuration, Misconfigured
from .host import Host
from .journal import Journal


def serve_member(configuration: Configuration, sid: int, log_level: str = "info") -> None:
    """Serve until SIGINT or SIGTERM. Once it listens, one line of JSON on standard output says where clients connect.

    Raises `Misconfigured`, `OSError` when a port, a file or the disk fails, `Unrecoverable` for a damaged folder.
    """
    if configuration.data is None:
        raise Misconfigured("a member keeps what it acknowledges: give dataDir in the file, or --data")
    allow_many_connections()
    asyncio.run(_serve(configuration, sid, configuration.data, JsonLog(log_level)))


async def _serve(configuration: Configuration, sid: int, data: Path, log: JsonLog) -> None:
    host = open_host(configuration, sid, data, log)
    let_the_tree_rest()
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    own = configuration.servers[sid]
    address = own.client_host or (own.host if own.client_port is not None else configuration.client_host)
    bound = await host.listen(address, configuration.client_port if own.client_port is None else own.client_port)
    print(json.dumps({"id": sid, "host": address, "port": bound}), flush=True)
    log.info("serving", id=sid, host=address, port=bound, data=str(data))
    waiting = [loop.create_task(asked.wait()), loop.create_task(host.stopped.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if host.failure is not None:
        raise host.failure
    await host.stop()
    log.info("stopped", zxid=f"0x{host.service.tree.last_zxid:x}")


def open_host(configuration: Configuration, sid: int, data: Path, log: JsonLog) -> Host:
    """The member on what its data folder holds; not yet listening."""
    directory = PosixDirectory(data / "version-2")
    opened = open_member(directory)
    for note in opened.notes:
        log.warning("data directory", note=note)
    sids = list(configuration.servers)
    observers = frozenset(sids.index(other) for other, address in configuration.servers.items() if address.observer)
    ensemble = Ensemble(len(sids), observers=observers)
    if configuration.max_counter is not None:
        ensemble = Ensemble(len(sids), observers=observers, max_counter=configuration.max_counter)
    limits = Limits(configuration.settings.tick_ms, configuration.init_ms, configuration.sync_ms)
    at = now()
    session = first_id(sid, at.monotonic_ms)
    member = Member(ensemble, sids.index(sid), opened, configuration.settings, limits, session, at)
    member.service.server_id = sid
    member.service.members = "".join(f"server.{other}={address}\n" for other, address in configuration.servers.items())
    member.service.directory_sizes = partial(sizes, data / "version-2")
    host = Host(configuration, sid, member, log)
    host.journal = Journal(opened.store, directory, opened.epochs, log, host.synced, host.failed)
    return host
