"""Several machines: each member has its own address, its own copy of the file, and says with `myid` which one it is.

Addresses of loopback stand for machines: a member listens at its own alone, and all use the same ports.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from quorate.checker.ensemble.processes import free_ports
from quorate.impl.quorum.configuration import parse

HOSTS = ("localhost", "127.0.0.2", "127.0.0.3")


class Machine:
    """A folder with a file and data, and the member that runs there."""

    def __init__(self, folder: Path, sid: int, text: str) -> None:
        self.folder, self.sid = folder, sid
        (folder / "data").mkdir(parents=True)
        (folder / "zoo.cfg").write_text(f"{text}dataDir={folder / 'data'}\n")
        (folder / "data" / "myid").write_text(f"{sid}\n")
        address = parse(text).servers[sid]
        self.host, self.port = address.host, address.client_port or 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "quorate.checker.cli", "serve", "--ensemble", "zoo.cfg"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)
            self.process = None

    def role(self) -> str:
        try:
            with socket.create_connection((self.host, self.port), 5) as link:
                link.sendall(b"srvr")
                answer = b"".join(iter(lambda: link.recv(65536), b"")).decode()
        except OSError:
            return "down"
        return next((line[6:] for line in answer.splitlines() if line.startswith("Mode: ")), "electing")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[..., list[Machine]]]:
    made: list[Machine] = []

    def make(*hosts: str) -> list[Machine]:
        quorum, election, client = free_ports(3)
        lines = [f"server.{n}={host}:{quorum}:{election};{client}\n" for n, host in enumerate(hosts, start=1)]
        text = "tickTime=500\ninitLimit=20\nsyncLimit=10\n4lw.commands.whitelist=*\n" + "".join(lines)
        made.extend(Machine(tmp_path / f"machine{n}", n, text) for n in range(1, len(hosts) + 1))
        return made

    yield make
    for one in made:
        one.kill()


def until_roles(machines: list[Machine], *wanted: str) -> list[str]:
    deadline = time.monotonic() + 60
    while sorted(roles := [one.role() for one in machines]) != sorted(wanted):
        assert time.monotonic() < deadline, roles
        time.sleep(0.02)
    return roles


def test_members_on_machines_of_their_own(machines: Callable[..., list[Machine]]) -> None:
    every = machines(*HOSTS)
    for one in every:
        one.start()
    roles = until_roles(every, "leader", "follower", "follower")
    client = KazooClient(",".join(f"{one.host}:{one.port}" for one in every), timeout=10)
    client.start(timeout=30)
    client.create("/a", b"1")
    every[roles.index("leader")].kill()
    until_roles(every, "leader", "follower", "down")
    assert client.retry(client.set, "/a", b"2").version == 1
    every[roles.index("leader")].start()
    until_roles(every, "leader", "follower", "follower")
    client.stop()
    client.close()


def test_a_machine_whose_name_nobody_knows_is_one_that_is_down(machines: Callable[..., list[Machine]]) -> None:
    """The others elect and serve; they look the name up again each time they call."""
    every = machines("localhost", "127.0.0.2", "no-such-machine.invalid")
    for one in every[:2]:
        one.start()
    until_roles(every[:2], "leader", "follower")
    client = KazooClient(f"127.0.0.1:{every[0].port}", timeout=10)
    client.start(timeout=30)
    client.create("/a", b"1")
    client.stop()
    client.close()


def test_a_member_listens_at_its_own_address_alone(machines: Callable[..., list[Machine]]) -> None:
    every = machines(*HOSTS)
    every[1].start()
    until_roles(every, "down", "electing", "down")
