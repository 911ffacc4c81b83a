"""Ensembles of processes on loopback for the tests: each in a folder of its own, all ended with the test."""

import logging
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry
from quorate.checker.ensemble import processes


class Ensemble:
    """Members by sid; `hosts` is what a client connects to."""

    def __init__(self, folder: Path, voters: int, observers: int, *extra: str, tick_ms: int) -> None:
        self.folder = folder
        processes.create(folder, voters, observers, tick_ms, extra)
        self.members = {member.sid: member for member in processes.members(folder)}
        self.running: dict[int, subprocess.Popen[bytes]] = {}
        self.clients: list[KazooClient] = []
        self.hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members.values())

    def start(self, *sids: int) -> None:
        """Start these members, or all."""
        for sid in sids or self.members:
            self.running[sid] = processes.start(self.folder, self.members[sid])

    def wait(self, *sids: int) -> None:
        """Until these members, or all, have a role."""
        processes.wait_until_serving([self.members[sid] for sid in sids or self.members])

    def kill(self, sid: int, number: int = signal.SIGKILL) -> None:
        process = self.running.pop(sid)
        process.send_signal(number)
        process.wait(20)

    def roles(self) -> dict[int, str]:
        return {sid: member.role() for sid, member in self.members.items()}

    def leader(self) -> int:
        """The present leader, as soon as there is one."""
        deadline = time.monotonic() + 30
        while "leader" not in (roles := self.roles()).values():
            assert time.monotonic() < deadline, f"nobody leads: {roles}"
        return next(sid for sid, role in roles.items() if role == "leader")

    def client(self, *sids: int, timeout: float = 10.0) -> KazooClient:
        """A client of these members, or of all, which tries again soon and without end."""
        retry = KazooRetry(max_tries=-1, delay=0.02, max_delay=0.1)
        hosts = ",".join(f"127.0.0.1:{self.members[sid].port}" for sid in sids or self.members)
        client = KazooClient(hosts, timeout=timeout, connection_retry=retry, command_retry=retry)
        client.start(timeout=30)
        self.clients.append(client)
        return client

    def log(self, sid: int) -> str:
        return (self.members[sid].data / "log").read_text()

    def end(self) -> None:
        for client in self.clients:
            client.stop()
            client.close()
        for sid in list(self.running):
            self.kill(sid)


@pytest.fixture
def ensemble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Ensemble]]:
    """Starts ensembles: `ensemble(3)`, `ensemble(3, 1, "snapCount=50")`."""
    made: list[Ensemble] = []
    caplog.set_level(logging.ERROR, "kazoo")  # it would tell of every connection that it loses

    def make(voters: int, observers: int = 0, *extra: str, tick_ms: int = 500) -> Ensemble:
        made.append(Ensemble(tmp_path / f"ensemble{len(made)}", voters, observers, *extra, tick_ms=tick_ms))
        made[-1].start()
        made[-1].wait()
        return made[-1]

    yield make
    for one in made:
        one.end()


def hashes(servers: Ensemble) -> set[str]:
    """What the members say of their trees, one text as soon as all have applied the same."""
    deadline = time.monotonic() + 30
    while True:
        found = {processes.ask(member.port, b"hash") for member in servers.members.values()}
        if len(found) == 1 or time.monotonic() > deadline:
            return found


@pytest.fixture
def words() -> SimpleNamespace:
    """Four-letter words: `words.ask(port, b"srvr")`."""
    return SimpleNamespace(ask=processes.ask, hashes=hashes)
