"""Side by side with Debian's ZooKeeper: its files replay here with every digest equal, ours load there.

A real server writes, we read and compare every digest, we write, it reads and goes on writing, we read that.
"""

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import make_acl, make_digest_acl
from quorate.impl.data.tree import Tree
from quorate.impl.disk import log
from quorate.impl.disk.directory import PosixDirectory
from quorate.impl.disk.files import logs, snapshots
from quorate.impl.disk.image import Replayed, capture, replay, replay_onto
from quorate.impl.disk.opening import open_data
from quorate.impl.disk.printing import log_lines, snapshot_lines
from quorate.impl.disk.recovery import recover
from quorate.impl.disk.snapshot import Snapshot, decode, encode, is_sealed
from quorate.impl.disk.storage import Policy
from quorate.impl.wire.jute import Writer
from quorate.impl.wire.records import OPEN_ACL, Txn, encode_acls

JARS = Path("/usr/share/java")
NEEDED = ("zookeeper.jar", "slf4j-nop.jar", "commons-cli.jar")
JAVA = ["java", "-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"]
JAVA += ["-Dstdout.encoding=UTF-8", "-Xmx256m", "-XX:+UseSerialGC"]
CONFIG = """tickTime=500
dataDir={data}
clientPort={port}
clientPortAddress=127.0.0.1
maxClientCnxns=0
4lw.commands.whitelist=*
admin.enableServer=false
extendedTypesEnabled=true
snapCount={snap_count}
preAllocSize=64
autopurge.purgeInterval=0
"""


@pytest.fixture(scope="session")
def java() -> list[str]:
    missing = [jar for jar in NEEDED if not (JARS / jar).exists()]
    assert not missing, f"no {missing} in {JARS}: install Debian's package zookeeper, as .ci/run does"
    return [*JAVA, "-cp", ":".join(str(JARS / jar) for jar in NEEDED)]


@pytest.fixture
def tool(java: list[str]) -> Callable[..., str]:
    """Runs one of ZooKeeper's own tools and gives what it prints."""

    def run(name: str, *arguments: object) -> str:
        command = [*java, f"org.apache.zookeeper.server.{name}", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout.decode()

    return run


@contextmanager
def real_server(java: list[str], root: Path, snap_count: int, containers_ms: int = 200) -> Iterator[str]:
    """A real standalone server on `root/data`; killed at the end. Gives its address. Containers go every so often."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = root / "zoo.cfg"
    config.write_text(CONFIG.format(data=root / "data", port=port, snap_count=snap_count))
    with (root / "output").open("wb") as output:
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        command = [*java, f"-Dznode.container.checkIntervalMs={containers_ms}", main, str(config)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        while "Mode: standalone" not in word(port, b"srvr"):
            assert process.poll() is None, (root / "output").read_text()
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def word(port: int, name: bytes) -> str:
    """A four-letter word's answer; nothing while the server starts, when it may accept and then say nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as connection:
            connection.sendall(name)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    except OSError:
        return ""


def answered(port: int, name: bytes) -> str:
    while not (answer := word(port, name)):
        time.sleep(0.05)
    return answer


@contextmanager
def client(address: str) -> Iterator[KazooClient]:
    connected = KazooClient(address, timeout=30)
    connected.start(timeout=60)
    try:
        yield connected
    finally:
        connected.stop()
        connected.close()


class Special:
    """Creations that kazoo has no word for: create2, containers, nodes with a time to live."""

    def __init__(self, type: int, path: str, flags: int, ttl_ms: int | None = None) -> None:
        self.type, self.path, self.flags, self.ttl_ms = type, path, flags, ttl_ms

    def serialize(self) -> bytes:
        out = Writer()
        out.string(self.path)
        out.buffer(b"special")
        encode_acls(out, OPEN_ACL)
        out.int32(self.flags)
        if self.ttl_ms is not None:
            out.int64(self.ttl_ms)
        return out.done()

    @staticmethod
    def deserialize(data: bytes, offset: int) -> None:
        return None


def request(zk: KazooClient, rng: random.Random) -> Any:
    """One random write, begun; many of them fail, and failures are logged too."""
    path = f"/d{rng.randrange(12)}"
    data = bytes(rng.randrange(256) for _ in range(rng.choice((0, 3, 40))))
    secret = [make_digest_acl("who", f"{rng.randrange(9)}", all=True), make_acl("world", "anyone", all=True)]
    match rng.randrange(14):
        case 0 | 1 | 2:
            return zk.create_async(path, data)
        case 3:
            return zk.create_async(f"{path}/é{rng.randrange(9)}", data, acl=secret)
        case 4 | 5:
            return zk.create_async(f"{path}/s", None if rng.random() < 0.2 else data, sequence=True)
        case 6:
            return zk.create_async(f"{path}/e", data, ephemeral=True, sequence=True)
        case 7 | 8:
            return zk.set_async(path, data)
        case 9:
            return zk.delete_async(path if rng.random() < 0.5 else f"{path}/é{rng.randrange(9)}")
        case 10:
            return zk.set_acls_async(path, secret)
        case 11:
            return special(zk, rng, path)
        case _:
            return transaction(zk, rng, path).commit_async()


def special(zk: KazooClient, rng: random.Random, path: str) -> Any:
    kind = rng.choice((Special(19, f"{path}/box{rng.randrange(9)}", 4), Special(21, f"{path}/ttl", 6, 300)))
    result = zk.handler.async_result()
    zk._call(rng.choice((kind, Special(15, f"{path}/two", 2))), result)
    return result


def transaction(zk: KazooClient, rng: random.Random, path: str) -> Any:
    group = zk.transaction()
    group.check(path, rng.choice((-1, 1)))
    group.create(f"{path}/m", b"1", sequence=rng.random() < 0.5)
    group.set_data(path, b"multi")
    if rng.random() < 0.5:
        group.delete(f"{path}/m")
    return group


def load(zk: KazooClient, seed: int, count: int, halt: Event | None = None) -> None:
    """Sends `count` writes, a hundred at a time, in the order that the seed gives, unless it is told to halt."""
    rng = random.Random(seed)
    print(f"seed {seed}")
    for _ in range(0, count, 100):
        if halt is not None and halt.is_set():
            return
        for result in [request(zk, rng) for _ in range(min(100, count))]:
            try:
                result.get(timeout=60)
            except (KazooException, KazooTimeoutError):
                continue


def replayed_from_the_start(directory: PosixDirectory) -> tuple[list[Txn], Replayed]:
    """All history, from a fresh tree; on the way every log is written again and must come out the same."""
    txns = []
    for _, name in logs(directory):
        data = directory.read(name)
        entries = list(log.entries(data))
        again = log.HEADER + b"".join(log.frame(entry.txn().encode()) for entry in entries)
        assert again.ljust(len(data), b"\0") == data
        txns += [entry.txn() for entry in entries]
    return txns, replay_onto(Tree.fresh(), txns)


def check_files(directory: PosixDirectory) -> Replayed:
    """Every byte of every file is understood, every digest is equal, from the start and from every snapshot."""
    txns, whole = replayed_from_the_start(directory)
    assert whole.mismatches == []
    assert whole.compared == sum(txn.digest is not None for txn in txns)
    for zxid, name in whole_snapshots(directory):
        data = directory.read(name)
        assert encode(decode(data)) == data
        later = SimpleNamespace(read=directory.read, names=lambda upto=zxid: _names_without_later(directory, upto))
        part = replay(recover(later))
        assert part.mismatches == []
        assert part.tree.digest == whole.tree.digest
    return whole


def whole_snapshots(directory: PosixDirectory) -> list[tuple[int, str]]:
    """Without the one that the server was writing when it was killed: it writes them in place."""
    return [(zxid, name) for zxid, name in snapshots(directory) if is_sealed(directory.read(name))]


def _names_without_later(directory: PosixDirectory, zxid: int) -> list[str]:
    return [name for name in directory.names() if name not in {n for z, n in snapshots(directory) if z > zxid}]


def check_tree(zk: KazooClient, tree: Tree) -> int:
    """The server that loaded our files shows the clients the same tree, stat by stat."""
    shown = [(path, node, zk.get_async(path), zk.get_acls_async(path)) for path, node in tree.walk()]
    for path, node, got, acls in shown:
        if path == "/zookeeper/config":
            continue
        data, stat = got.get(timeout=60)
        assert data == node.data
        assert list(stat) == [getattr(node.stat(), field) for field in node.stat().__slots__]
        assert [(acl.perms, acl.id.scheme) for acl in acls.get()[0]] == [(acl.perms, acl.id.scheme) for acl in node.acl]
    return len(tree.nodes)


def printed_by_us(directory: PosixDirectory, zxid: int, name: str) -> str:
    data = directory.read(name)
    lines = log_lines(data) if name.startswith("log") else snapshot_lines(decode(data), zxid, with_data=True)
    return "".join(f"{line}\n" for line in lines)


def printed_by_them(tool: Callable[..., str], directory: PosixDirectory, name: str) -> str:
    if name.startswith("log"):
        return tool("persistence.TxnLogToolkit", "-d", directory.path / name)
    return tool("SnapshotFormatter", "-d", directory.path / name)


def test_the_tools_print_every_kind_of_transaction_as_we_do(
    tool: Callable[..., str], tmp_path: Path, every_txn: bytes, odd_snapshot: Snapshot
) -> None:
    directory = PosixDirectory(tmp_path)
    (tmp_path / "log.1").write_bytes(every_txn)
    (tmp_path / "snapshot.3").write_bytes(encode(odd_snapshot))
    for zxid, name in (1, "log.1"), (3, "snapshot.3"):
        assert printed_by_us(directory, zxid, name) == printed_by_them(tool, directory, name)


def test_files_go_back_and_forth(java: list[str], tool: Callable[..., str], tmp_path: Path) -> None:
    directory = PosixDirectory(tmp_path / "data" / "version-2")
    with real_server(java, tmp_path, snap_count=200) as address, client(address) as zk:
        load(zk, seed=1, count=600)
    theirs = check_files(directory)
    assert theirs.compared > 200

    ours = PosixDirectory(tmp_path / "ours" / "data" / "version-2")
    store = open_data(ours, Policy(preallocate=65536)).store
    txns, _ = replayed_from_the_start(directory)
    tree = Tree.fresh()
    for number, txn in enumerate(txns, 1):
        store.append(txn)
        tree.apply(txn.header, txn.body)
        if number % 7 == 0:
            store.commit()
        if number % 400 == 0:
            store.save(capture(tree), txn.header.zxid)
    store.close()
    assert tree.digest == theirs.tree.digest

    for zxid, name in (*logs(ours)[-1:], *snapshots(ours)[-1:]):
        assert printed_by_us(ours, zxid, name) == printed_by_them(tool, ours, name)

    with real_server(java, tmp_path / "ours", snap_count=100000, containers_ms=3_600_000) as address:
        with client(address) as zk:
            assert check_tree(zk, tree) > 100
            load(zk, seed=2, count=100)
        assert "zk_digest_mismatches_count\t0" in answered(int(address.partition(":")[2]), b"mntr")
    back = check_files(ours)
    assert back.tree.last_zxid > tree.last_zxid + 100


@pytest.mark.slow
def test_tens_of_thousands_of_transactions_replay_with_every_digest_equal(
    java: list[str], tool: Callable[..., str], tmp_path: Path
) -> None:
    """Several clients at once, so that snapshots are fuzzy; the server is killed in the middle of it, six times."""
    directory = PosixDirectory(tmp_path / "data" / "version-2")
    for life in range(6):
        with ThreadPoolExecutor(4) as pool, ExitStack() as clients:
            with real_server(java, tmp_path, snap_count=6000) as address:
                connected = [clients.enter_context(client(address)) for _ in range(4)]
                halt = Event()
                loads = [pool.submit(load, zk, life * 10 + n, 4000, halt) for n, zk in enumerate(connected)]
                # The first client alone is waited for: the others are cut in the middle of what they do.
                loads[0].result()
            halt.set()
    replayed = check_files(directory)
    print(f"{replayed.applied} transactions, {replayed.compared} digests compared, all equal")
    assert replayed.applied > 50_000
    whole = [(zxid, name) for zxid, name in logs(directory) if is_clean(directory.read(name))]
    assert len(whole) >= len(logs(directory)) - 6, "only a kill leaves a part of an entry, which the tool refuses"
    for zxid, name in whole:
        assert printed_by_us(directory, zxid, name) == printed_by_them(tool, directory, name), name
    for zxid, name in whole_snapshots(directory):
        # In sets of thousands the order of siblings is theirs alone (see printing._by_bucket); the nodes are the same.
        ours, theirs = printed_by_us(directory, zxid, name), printed_by_them(tool, directory, name)
        assert sorted(ours.split("----\n")) == sorted(theirs.split("----\n")), name


def is_clean(data: bytes) -> bool:
    """Whether nothing but padding follows the last entry of a log."""
    end = max((entry.end for entry in log.entries(data)), default=log.HEADER_SIZE)
    return not data[end:].strip(b"\0")
