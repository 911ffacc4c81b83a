"""Operations per second and latency of the served reference, beside a real ZooKeeper, each on one core.

    python tests/benchmarks/service_throughput.py [--seconds 2]

Every client sends `WINDOW` requests at once, waits for all their replies, and begins again; latency is that of such a
round. Servers are pinned to the first core, the clients to the last; both write their log with fsync. The client counts
bytes, for all replies of one kind have one size here, and looks at the error code of the first reply of each round.
"""

import argparse
import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

WINDOW = 100
CLIENTS = (1, 8, 64)
DATA = b"x" * 100
JARS = Path("/usr/share/java")
STAT, HEADER = 68, 20
OPEN_ACL = struct.pack(">ii", 1, 31) + b"\0\0\0\x05world\0\0\0\x06anyone"


@dataclass
class Client:
    """One connection in its round: what is missing of the replies, and when the round began."""

    link: socket.socket
    missing: int = 0
    began: float = 0.0
    fresh: bool = True
    rounds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Kind:
    """A kind of operation: the next request's operation and body, and the size of its reply."""

    name: str
    request: Callable[[], tuple[int, bytes]]
    reply_size: int


def text(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def kinds() -> list[Kind]:
    names = count()
    return [
        Kind("get", lambda: (4, text(b"/bench") + b"\0"), HEADER + 4 + len(DATA) + STAT),
        Kind("set", lambda: (5, text(b"/bench") + text(DATA) + struct.pack(">i", -1)), HEADER + STAT),
        Kind(
            "create",
            lambda: (1, text(b"/bench/n%09d" % next(names)) + text(DATA) + OPEN_ACL + bytes(4)),
            HEADER + 4 + len("/bench/n000000000"),
        ),
    ]


def frame(op: int, body: bytes) -> bytes:
    return struct.pack(">iii", 8 + len(body), 1, op) + body


def connect(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), 20)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    hello = struct.pack(">iqiqi", 0, 0, 30_000, 0, 16) + bytes(17)
    link.sendall(struct.pack(">i", len(hello)) + hello)
    welcome = link.recv(41, socket.MSG_WAITALL)
    assert len(welcome) == 41, "the server refused the session"
    return link


def begin(client: Client, kind: Kind) -> None:
    client.link.sendall(b"".join(frame(*kind.request()) for _ in range(WINDOW)))
    client.missing, client.began, client.fresh = kind.reply_size * WINDOW, time.perf_counter(), True


def measure(port: int, kind: Kind, clients: int, seconds: float) -> tuple[float, float, float]:
    """Operations per second, median and 99th percentile of a round in milliseconds."""
    selector = selectors.DefaultSelector()
    crowd = [Client(connect(port)) for _ in range(clients)]
    for client in crowd:
        selector.register(client.link, selectors.EVENT_READ, client)
        begin(client, kind)
    start = time.perf_counter()
    busy = clients
    while busy:
        for key, _ in selector.select():
            client = key.data
            busy -= receive(client, kind, time.perf_counter() - start < seconds)
    elapsed = time.perf_counter() - start
    for client in crowd:
        client.link.close()
    rounds = sorted(took for client in crowd for took in client.rounds)
    percentile = [rounds[min(int(len(rounds) * part), len(rounds) - 1)] * 1000 for part in (0.5, 0.99)]
    return len(rounds) * WINDOW / elapsed, percentile[0], percentile[1]


def receive(client: Client, kind: Kind, go_on: bool) -> bool:
    """Take what came; true when the client has finished for good."""
    data = client.link.recv(1 << 20)
    assert data, "the server hung up"
    if client.fresh and len(data) >= HEADER:
        client.fresh = False
        assert struct.unpack_from(">i", data, 16)[0] == 0, f"{kind.name} failed"
    client.missing -= len(data)
    assert client.missing >= 0, f"a reply to {kind.name} is longer than expected"
    if client.missing:
        return False
    client.rounds.append(time.perf_counter() - client.began)
    if go_on:
        begin(client, kind)
    return not go_on


@contextmanager
def ours(folder: Path) -> Iterator[int]:
    command = [
        sys.executable,
        "-m",
        "quorate.impl.server",
        "--port",
        "0",
        "--data",
        str(folder),
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(["taskset", "-c", "0", *command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["port"]
    process.terminate()
    process.wait()


@contextmanager
def theirs(folder: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    config = folder / "zoo.cfg"
    lines = [f"dataDir={folder}", f"clientPort={port}", "clientPortAddress=127.0.0.1", "maxClientCnxns=0"]
    config.write_text("\n".join([*lines, "admin.enableServer=false", "tickTime=2000"]))
    jars = ":".join(str(JARS / name) for name in ("zookeeper.jar", "slf4j-nop.jar"))
    command = ["java", "-cp", jars, "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]
    process = subprocess.Popen(["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as link:
                link.sendall(b"srvr")
                if b"standalone" in link.recv(4096):
                    break
        except OSError:
            time.sleep(0.05)
    yield port
    process.kill()
    process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    seconds = parser.parse_args().seconds
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print("operation  clients    ours/s   round ms (p50, p99)    real/s   round ms (p50, p99)   ours/real")
    with (
        tempfile.TemporaryDirectory() as a,
        tempfile.TemporaryDirectory() as b,
        ours(Path(a)) as mine,
        theirs(Path(b)) as real,
    ):
        for port in (mine, real):
            link = connect(port)
            link.sendall(frame(1, text(b"/bench") + text(DATA) + OPEN_ACL + bytes(4)))
            assert struct.unpack_from(">i", link.recv(100), 16)[0] == 0
            measure(port, kinds()[0], 8, seconds)  # warm up: Java compiles what it runs often
        every = kinds()
        for kind in every:
            for clients in CLIENTS:
                (fast, p50, p99), (real_fast, real_p50, real_p99) = (
                    measure(port, kind, clients, seconds) for port in (mine, real)
                )
                row = f"{kind.name:9} {clients:8} {fast:9.0f} {p50:10.1f} {p99:10.1f} "
                print(f"{row} {real_fast:9.0f} {real_p50:10.1f} {real_p99:10.1f}   {fast / real_fast:9.2f}", flush=True)


if __name__ == "__main__":
    main()
