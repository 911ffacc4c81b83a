"""kill -9 at random points under load: after each restart every acknowledged write is there, and digests verify.

Each writer owns a subtree and pipelines its writes on one connection. The server answers in order, so what a writer's
subtree may look like after a kill is exactly known: all that was acknowledged, and then some of what was under way.
"""

import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from quorate.impl.data.tree import Tree
from quorate.impl.disk.directory import PosixDirectory
from quorate.impl.disk.files import snapshots
from quorate.impl.disk.image import replay
from quorate.impl.disk.recovery import recover

WINDOW = 20  # requests under way
CONNECT = struct.pack("!iqiqi16s?", 0, 0, 30000, 0, 16, bytes(16), False)
OPEN_ACL = struct.pack("!iii5si6s", 1, 31, 5, b"world", 6, b"anyone")
CREATE, DELETE, GET, SET = 1, 2, 4, 5


def buffer(value: bytes) -> bytes:
    return struct.pack("!i", len(value)) + value


def body(kind: int, path: str, data: bytes) -> bytes:
    match kind:
        case 1:
            return buffer(path.encode()) + buffer(data) + OPEN_ACL + struct.pack("!i", 0)
        case 2:
            return buffer(path.encode()) + struct.pack("!i", -1)
        case 4:
            return buffer(path.encode()) + b"\0"
        case _:
            return buffer(path.encode()) + buffer(data) + struct.pack("!i", -1)


class Wire:
    """One session on a raw socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.sendall(buffer(CONNECT))
        self.file = self.socket.makefile("rb")
        assert len(self.frame()) == 37

    def send(self, xid: int, kind: int, path: str, data: bytes = b"") -> None:
        self.socket.sendall(buffer(struct.pack("!ii", xid, kind) + body(kind, path, data)))

    def frame(self) -> bytes:
        head = self.file.read(4)
        size = struct.unpack("!i", head)[0] if len(head) == 4 else -1
        frame = self.file.read(size) if size >= 0 else b""
        if len(frame) != size:
            raise ConnectionError("the server is gone")
        return frame

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Writer(threading.Thread):
    """Writes until the server is gone; releases `progress` at each acknowledgement."""

    def __init__(self, port: int, root: str, seed: int, progress: threading.Semaphore) -> None:
        super().__init__()
        self.wire = Wire(port)
        self.root = root
        self.rng = random.Random(seed)
        self.progress = progress
        self.sent = [(CREATE, root, b"")]
        self.acknowledged = 0
        self.complaint = ""
        self._paths = [root]

    def run(self) -> None:
        try:
            self.wire.send(1, *self.sent[0])
            while True:
                while len(self.sent) < self.acknowledged + WINDOW:
                    self.sent.append(self._next())
                    self.wire.send(len(self.sent), *self.sent[-1])
                xid, _, err = struct.unpack_from("!iqi", self.wire.frame())
                if err != 0 or xid != self.acknowledged + 1:
                    self.complaint = f"{self.sent[self.acknowledged]}: error {err}, reply {xid}"
                    return
                self.acknowledged += 1
                self.progress.release()
        except OSError:
            # What the server sent before it died counts, and was read: an end of file comes after all data.
            return
        finally:
            self.wire.close()

    def _next(self) -> tuple[int, str, bytes]:
        data = bytes(self.rng.randrange(256) for _ in range(self.rng.choice((0, 8, 1200))))
        choice = self.rng.random()
        if choice < 0.3:
            return SET, self.rng.choice(self._paths), data
        if choice < 0.4 and len(self._paths) > 1:
            return DELETE, self._paths.pop(), b""
        self._paths.append(f"{self.root}/{len(self.sent)}")
        return CREATE, self._paths[-1], data

    def possible(self) -> list[dict[str, bytes]]:
        """The subtree after what was acknowledged, and after each write that was still under way."""
        state: dict[str, bytes] = {}
        states = []
        for number, (kind, path, data) in enumerate(self.sent):
            if number >= self.acknowledged:
                states.append(dict(state))
            if kind == DELETE:
                del state[path]
            else:
                state[path] = data
        return [*states, state]


def start(data: Path) -> "tuple[subprocess.Popen[str], int]":
    command = [sys.executable, "-m", "quorate.impl.server", "--port", "0", "--data", str(data), "--tick", "500"]
    command += ["--snapshot-every", "150"]
    with (data.parent / "log").open("a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=dict(os.environ))
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (data.parent / "log").read_text()[-3000:]
    return process, int(json.loads(line)["port"])


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def subtree(tree: Tree, root: str) -> dict[str, bytes]:
    below = (path for path in tree.nodes if path == root or path.startswith(root + "/"))
    return {path: tree.nodes[path].data or b"" for path in below}


def verified(data: Path) -> Tree:
    replayed = replay(recover(PosixDirectory(data / "version-2")))
    assert replayed.mismatches == []
    return replayed.tree


def kills(data: Path, seed: int, count: int) -> int:
    """Kills a server so often, and on until old snapshots were purged; checks each time. Gives the number of
    acknowledged writes."""
    print(f"seed {seed}")
    rng = random.Random(seed)
    settled: dict[str, dict[str, bytes]] = {}
    acknowledged = 0
    life = 0
    while life < count or not purged(data):
        assert life < count + 20, "no old snapshot was purged on the way"
        process, port = start(data)
        for root in rng.sample(sorted(settled), min(2, len(settled))):
            check_served(port, settled[root], rng)
        progress = threading.Semaphore(0)
        writers = [Writer(port, f"/life{life}writer{n}", rng.randrange(2**32), progress) for n in range(4)]
        for writer in writers:
            writer.start()
        for _ in range(rng.randrange(1, 400)):
            assert progress.acquire(timeout=60), [writer.complaint for writer in writers]
        kill(process)
        tree = verified(data)
        for writer in writers:
            writer.join()
            assert not writer.complaint
            settled[writer.root] = subtree(tree, writer.root)
            assert settled[writer.root] in writer.possible(), writer.root
            acknowledged += writer.acknowledged
        for root, state in settled.items():
            assert subtree(tree, root) == state
        life += 1
    return acknowledged


def purged(data: Path) -> bool:
    return snapshots(PosixDirectory(data / "version-2"))[0][0] > 0


def check_served(port: int, state: dict[str, bytes], rng: random.Random) -> None:
    """The restarted server shows what it recovered."""
    wire = Wire(port)
    for xid, path in enumerate(rng.sample(sorted(state), min(10, len(state))), 1):
        wire.send(xid, GET, path)
        frame = wire.frame()
        assert struct.unpack_from("!iqi", frame)[::2] == (xid, 0)
        assert frame[16:].startswith(buffer(state[path]))
    wire.close()


def test_kill_under_load(tmp_path: Path) -> None:
    kills(tmp_path / "data", seed=20, count=4)


@pytest.mark.slow
def test_a_hundred_kills_under_load(tmp_path: Path) -> None:
    acknowledged = kills(tmp_path / "data", seed=100, count=100)
    print(f"100 kills, {acknowledged} acknowledged writes, all there; every digest equal")
    assert acknowledged > 10_000
