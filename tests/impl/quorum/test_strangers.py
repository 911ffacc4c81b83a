"""What is no member finds the ports closed to it, and the ensemble does not notice."""

import random
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quorate.impl.quorum.configuration import parse


def greeting(fingerprint: int, kind: bytes, sid: int, magic: bytes = b"Qrt1") -> bytes:
    return struct.pack(">i", 13) + struct.pack(">4sIcI", magic, fingerprint, kind, sid)


def said(port: int, data: bytes) -> bytes:
    """What the port answers before it hangs up; a reset counts as that."""
    with socket.create_connection(("127.0.0.1", port), 20) as link:
        try:
            link.sendall(data)
            return b"".join(iter(lambda: link.recv(65536), b""))
        except ConnectionResetError:
            return b""


def test_strangers_are_cut_off(ensemble: Callable[..., Any]) -> None:
    servers = ensemble(3)
    leader = servers.leader()
    configuration = parse((Path(servers.folder) / "ensemble.cfg").read_text())
    own, mark = configuration.servers[1], configuration.fingerprint
    ports = {b"E": own.election_port, b"Q": own.quorum_port}
    rng = random.Random(1)
    for kind, port in ports.items():
        other = b"Q" if kind == b"E" else b"E"
        refused = [
            b"GET / HTTP/1.0\r\n\r\n",
            struct.pack(">i", 1 << 30),
            struct.pack(">i", -1),
            greeting(mark, kind, 2, b"Nope"),
            greeting(mark ^ 1, kind, 2),
            greeting(mark, other, 2),
            greeting(mark, kind, 0),
            greeting(mark, kind, 1),
            greeting(mark, kind, 99),
            greeting(mark, kind, 2) + struct.pack(">i", 5 << 20),
            *(rng.randbytes(rng.randrange(4, 60)) + bytes(64) for _ in range(20)),
        ]
        for data in refused:
            assert said(port, data) == b"", data
    assert servers.leader() == leader, "nobody had to be elected again"
    assert "other lines server.N in its configuration" in servers.log(1)
    client = servers.client(1)
    client.create("/still", b"here")
    assert client.get("/still")[0] == b"here"


def test_a_member_that_talks_nonsense_is_cut_off(ensemble: Callable[..., Any]) -> None:
    """It greets well, and then sends packets that are none to the leader: its own connection ends, nothing else."""
    servers = ensemble(3, 1)
    first = servers.leader()
    configuration = parse((Path(servers.folder) / "ensemble.cfg").read_text())
    servers.kill(4)
    leader = configuration.servers[first]
    rng = random.Random(2)
    for _ in range(20):
        frame = struct.pack(">i", rng.choice((1, 3, 5, 6, 7, 11, 18, 99))) + rng.randbytes(rng.randrange(30))
        data = greeting(configuration.fingerprint, b"Q", 4) + struct.pack(">i", len(frame)) + frame
        with socket.create_connection((leader.host, leader.quorum_port), 20) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            link.settimeout(20)
            assert link.recv(1) == b""
    client = servers.client(1)
    client.create("/still", b"here")
    servers.start(4)
    servers.wait()
    assert servers.client(4).get("/still")[0] == b"here"
    assert servers.roles()[first] == "leader", "nobody had to be elected again"
