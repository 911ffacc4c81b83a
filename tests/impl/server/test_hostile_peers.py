"""Peers that lie, stammer, stall or come in crowds: the server closes or answers, and goes on serving the others."""

import random
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SEED = 7


def greeted(raw: Any, port: int, **arguments: Any) -> Any:
    peer = raw.socket_peer("127.0.0.1", port)
    assert peer.hello(**arguments).session
    return peer


def hang_up(*peers: Any) -> None:
    for peer in peers:
        peer.stream.close()
        peer.link.close()


def resident_kib(process: Any) -> int:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("no memory figure")


def offered(port: int, data: bytes, finish: bool = True) -> bytes:
    """Send bytes on a fresh connection and read until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), 20) as link:
        try:
            link.sendall(data)
            if finish:
                link.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: link.recv(65536), b""))
        except (ConnectionResetError, BrokenPipeError):
            return b""


def all_requests(raw: Any) -> list[Any]:
    """One of each, for their bytes to be spoiled."""
    acl = raw.OPEN
    return [
        raw.create("/a", b"data", 0, acl),
        raw.create2("/b", b"data", 2, acl),
        raw.container("/c"),
        raw.ttl("/t", 1000),
        raw.delete("/a"),
        raw.exists("/a", True),
        raw.get("/a", True),
        raw.set_data("/a", b"x"),
        raw.get_acl("/a"),
        raw.set_acl("/a", acl),
        raw.children("/"),
        raw.children2("/"),
        raw.sync("/"),
        raw.check("/a", 3),
        raw.multi(raw.create("/m"), raw.set_data("/m", b""), raw.delete("/m")),
        raw.multi_read(raw.get("/"), raw.children("/")),
        raw.set_watches(0, ["/a"], ["/b"], ["/c"]),
        raw.set_watches(0, ["/a"], ["/b"], ["/c"], ["/d"], ["/e"]),
        raw.add_watch("/a", 1),
        raw.check_watches("/a", 3),
        raw.remove_watches("/a", 3),
        raw.auth("digest", b"bob:pw"),
        (102, raw.buf(b"token")),
        (103, raw.text("/")),
        (104, raw.text("/")),
        raw.WHO_AM_I,
        (16, raw.text("a") * 3 + raw.i64(-1)),
    ]


LIES = (-1, -2, 0, 1, 0x7FFFFFFF, -0x80000000, 0x00FFFFFF, 0x10000)


def test_every_length_field_lied_about(raw: Any, lab: Any) -> None:
    """Each int32 of each request, replaced by each lie: there is an answer or an end, and the next client is served."""
    for op, body in all_requests(raw):
        for at in range(max(len(body) - 3, 1)):
            for lie in LIES:
                peer = lab.peer()
                peer.post((op, body[:at] + struct.pack(">i", lie) + body[at + 4 :]))
                assert peer.client.out or peer.client.closing, (op, at, lie)
                lab.service.disconnect(peer.client)
    assert lab.peer().err(raw.exists("/")) == 0
    assert lab.service.clients.keys() == {max(lab.service.clients)}


def test_every_truncation(raw: Any, lab: Any) -> None:
    for op, body in all_requests(raw):
        for size in range(len(body)):
            peer = lab.peer()
            zxid = lab.service.tree.last_zxid
            peer.post((op, body[:size]))
            reply = peer.next()
            writes = (1, 15, 19, 21, 2, 5, 7, 13, 14, 16)
            assert reply.err == -5, (op, size)
            assert lab.service.tree.last_zxid == zxid + (op in writes), "a write that cannot be read still takes a zxid"
            lab.service.disconnect(peer.client)


def test_random_bytes_inside_frames(raw: Any, lab: Any) -> None:
    draw = random.Random(SEED)
    ops = [op for op, _ in all_requests(raw)] + [0, 10, 20, -10, -11, 99]
    for _ in range(5000):
        peer = lab.peer()
        peer.post((draw.choice(ops), draw.randbytes(draw.randrange(60))))
        assert peer.client.out or peer.client.closing
        lab.service.disconnect(peer.client)
    assert lab.peer().err(raw.exists("/")) == 0


def test_random_bytes_on_the_socket(raw: Any, ours: Callable[..., Any]) -> None:
    port = ours().port
    draw = random.Random(SEED)
    witness = greeted(raw, port)
    for _ in range(200):
        offered(port, draw.randbytes(draw.randrange(1, 300)))
    for length in (-1, -(1 << 31), 0x7FFFFFFF, 0x100000, 0):
        assert offered(port, struct.pack(">i", length) + b"x" * 50, finish=False) == b""
    payload = raw.connect()
    hello = raw.i32(len(payload)) + payload
    for cut in range(len(hello)):
        assert offered(port, hello[:cut]) == b""
    assert witness.err(raw.exists("/")) == 0
    hang_up(witness)


def test_frames_up_to_the_limit(raw: Any, ours: Callable[..., Any]) -> None:
    port = ours().port
    peer = greeted(raw, port)
    peer.ask(raw.create("/a"))
    assert peer.err(raw.set_data("/a", bytes((1 << 20) - 200))) == 0
    assert len(peer.ask(raw.get("/a")).body.buf()) == (1 << 20) - 200
    op, body = raw.set_data("/a", bytes((1 << 20) + 10))
    with pytest.raises(OSError):
        peer.post((op, body))
        assert peer.next() is not None
        raise AssertionError("a frame beyond the limit was answered")
    hang_up(peer)


def test_a_client_that_does_not_read_is_held_back(raw: Any, ours: Callable[..., Any]) -> None:
    """It asks for gigabytes and takes none: the server stops listening to it, and its memory stays bounded."""
    server = ours()
    peer, slow = greeted(raw, server.port), greeted(raw, server.port)
    peer.ask(raw.create("/big", bytes(1_000_000)))
    before = resident_kib(server.process)
    slow.link.settimeout(0.5)
    op, body = raw.get("/big")
    request = raw.i32(8 + len(body)) + raw.i32(1) + raw.i32(op) + body
    with pytest.raises(TimeoutError):
        while True:
            slow.link.sendall(request * 100)
    assert peer.err(raw.exists("/big")) == 0
    assert resident_kib(server.process) - before < 300_000
    hang_up(peer, slow)


def test_a_watcher_that_does_not_read_is_cut_off(raw: Any, ours: Callable[..., Any]) -> None:
    server = ours()
    peer, deaf = greeted(raw, server.port, timeout=40_000), greeted(raw, server.port, timeout=40_000)
    name = "/" + "n" * 50_000
    peer.ask(raw.create(name))
    deaf.ask(raw.add_watch(name, 0))
    changes = 0
    while struct.pack("?", False) == b"\0" and changes < 1000:
        for _ in range(50):
            peer.post(raw.set_data(name, b""))
        for _ in range(50):
            assert peer.next().err == 0
        changes += 50
    heard = 0
    deaf.link.settimeout(20)
    try:
        while deaf.next() is not None:
            heard += 1
    except (ConnectionResetError, struct.error):
        pass
    assert 0 < heard < changes, "events for 50 MB were not kept for it"
    hang_up(peer, deaf)


def test_silent_and_half_open_connections(raw: Any, ours: Callable[..., Any]) -> None:
    """A peer that vanished keeps its session until it expires; a stranger that says nothing is hung up on."""
    server = ours("--tick", "200")
    witness = greeted(raw, server.port, timeout=4000)
    gone = greeted(raw, server.port, timeout=500)
    gone.ask(raw.create("/e", flags=1))
    witness.ask(raw.exists("/e", True))
    assert witness.next() == ("event", 2, "/e")
    assert gone.next() is None, "and its connection is closed"
    hang_up(witness, gone)


@pytest.mark.slow
def test_a_stranger_that_says_nothing_is_hung_up_on(ours: Callable[..., Any]) -> None:
    assert offered(ours().port, b"", finish=False) == b""


def test_a_thousand_connections(raw: Any, ours: Callable[..., Any], tmp_path: Path) -> None:
    server = ours("--data", str(tmp_path))
    peers = [raw.socket_peer("127.0.0.1", server.port) for _ in range(1000)]
    payload = raw.connect(timeout=30_000)
    for peer in peers:
        peer.send(raw.i32(len(payload)) + payload)
    sessions = {raw.welcome(peer.receive()).session for peer in peers}
    assert len(sessions) == 1000 and 0 not in sessions
    for index, peer in enumerate(peers):
        peer.post(raw.create(f"/n{index}"))
    zxids = [peer.next().zxid for peer in peers]
    assert len(set(zxids)) == 1000
    first = peers[0].ask(raw.children("/"))
    assert len(first.body.texts()) == 1001
    for peer in peers[500:]:
        peer.post(raw.CLOSE)
    assert all(peer.next().err == 0 and peer.next() is None for peer in peers[500:])
    assert peers[0].err(raw.exists("/n999")) == 0
    hang_up(*peers)
