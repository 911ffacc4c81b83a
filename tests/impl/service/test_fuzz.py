"""A mutating fuzzer on everything that decodes client bytes; what gets through must leave a sound tree and log."""

import random
import struct
from typing import Any

import pytest
from quorate.impl.data.node import digest_of
from quorate.impl.wire.frames import FrameBuffer
from quorate.impl.wire.jute import Malformed
from quorate.impl.wire.records import Txn

LIES = (-1, -2, 0, 1, 2, 4, 8, 255, 0x7FFFFFFF, -0x80000000, 0x00FFFFFF)


def seeds(raw: Any) -> list[bytes]:
    """Well-formed requests, without xid."""
    digest = ((31, "digest", "bob:ikIaKsbtGweaHnb/jKn7OHqbunM="), (1, "world", "anyone"))
    requests = [
        raw.create("/a", b"data"),
        raw.create2("/a/b", None, 2, digest),
        raw.create("/e", b"", 1),
        raw.container("/c"),
        raw.ttl("/t", 1000),
        raw.delete("/a/b"),
        raw.exists("/a", True),
        raw.get("/a", True),
        raw.set_data("/a", b"x", 0),
        raw.get_acl("/a"),
        raw.set_acl("/a", digest),
        raw.children("/", True),
        raw.children2("/a"),
        raw.sync("/"),
        raw.check("/a", 3),
        raw.multi(raw.create("/m"), raw.set_data("/m", b"1"), raw.check("/m"), raw.delete("/m"), raw.ttl("/u", 5)),
        raw.multi_read(raw.get("/"), raw.children("/a")),
        raw.set_watches(1, ["/a"], ["/b"], ["/c"]),
        raw.set_watches(1, ["/a"], ["/b"], ["/c"], ["/d"], ["/e"]),
        raw.add_watch("/a", 1),
        raw.check_watches("/a", 3),
        raw.remove_watches("/a", 3),
        raw.auth("digest", b"bob:pw"),
        (102, raw.buf(b"token")),
        (103, raw.text("/")),
        (104, raw.text("/")),
        raw.WHO_AM_I,
        raw.CLOSE,
        (16, raw.text("a") * 3 + raw.i64(-1)),
        raw.create("/zookeeper/quota/a"),
        raw.create("/zookeeper/quota/a/zookeeper_limits", b"count=2,bytes=-1"),
        raw.create("/zookeeper/quota/a/zookeeper_stats", b"count=0,bytes=0"),
    ]
    return [struct.pack(">i", op) + body for op, body in requests]


def mutated(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """One small crime against a well-formed request."""
    at = draw.randrange(len(data))
    match draw.randrange(7):
        case 0:
            return data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + struct.pack(">i", draw.choice(LIES)) + data[at + 4 :]
        case 2:
            return data[:at]
        case 3:
            return data[:at] + draw.randbytes(draw.randrange(9)) + data[at:]
        case 4:
            return data[:at] + other[min(at, len(other)) :]
        case 5:
            return data[:at] + data[at : at + 8] * draw.randrange(20) + data[at:]
        case _:
            return data


def fuzz(raw: Any, seed: int, rounds: int) -> int:
    """Feed mutants; returns how many were answered without an error, lest all of them die at the door."""
    print(f"seed {seed}")
    draw, corpus, lab = random.Random(seed), seeds(raw), raw.Lab(enforce_quota=True)
    lab.peer()
    peer, accepted = lab.peer(), 0
    for _ in range(rounds):
        data = draw.choice(corpus)
        for _ in range(draw.choice((1, 1, 1, 2, 4))):
            data = mutated(draw, data, draw.choice(corpus)) or b"\0"
        frame = raw.i32(draw.choice((1, -2, -4, -8))) + data
        peer.send(raw.i32(len(frame)) + frame)
        assert peer.client.out or peer.client.closing, frame
        accepted += any(reply[16:20] == bytes(4) for reply in peer.client.out)
        peer.client.out.clear()
        if peer.client.closing:
            lab.service.disconnect(peer.client)
            peer = lab.peer()
        if draw.random() < 0.001:
            lab.wait(500)
    sound(lab)
    return accepted


def sound(lab: Any) -> None:
    """The digest that was kept is that of the tree; the log has every zxid once and reads back as it was written."""
    tree, service = lab.service.tree, lab.service
    assert tree.digest == sum(digest_of(path, node) for path, node in tree.nodes.items()) % (1 << 64)
    assert {path for path, _ in tree.walk()} == set(tree.nodes)
    journal = sorted(lab.journal + service.journal, key=lambda txn: txn.header.zxid)
    assert [txn.header.zxid for txn in journal] == list(range(1, tree.last_zxid + 1))
    assert all(Txn.decode(txn.encode()) == txn for txn in journal)
    watchers = set(service.watches.data.by_watcher) | set(service.watches.child.by_watcher)
    assert watchers <= set(service.clients), "no watch outlives its connection"


def test_mutants(raw: Any) -> None:
    assert fuzz(raw, 1, 10_000) > 1500


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_many_mutants(raw: Any, seed: int) -> None:
    assert fuzz(raw, seed, 200_000) > 30_000


def test_frames_are_the_same_however_they_are_cut() -> None:
    draw = random.Random(3)
    for _ in range(300):
        payloads = [draw.randbytes(draw.randrange(40)) for _ in range(draw.randrange(1, 20))]
        stream = b"".join(struct.pack(">i", len(payload)) + payload for payload in payloads)
        frames, found = FrameBuffer(40), list[bytes]()
        while stream:
            cut = draw.randrange(1, 50)
            frames.feed(stream[:cut])
            stream = stream[cut:]
            if draw.random() < 0.5:
                taking = frames.take()
                found += [frame for _, frame in zip(range(draw.randrange(3)), taking, strict=False)]
                taking.close()
        found += frames.take()
        assert found == payloads


@pytest.mark.parametrize("length", [-1, -(1 << 31), 41, 0x7FFFFFFF])
def test_a_frame_beyond_the_limit_is_malformed_before_it_has_come(length: int) -> None:
    frames = FrameBuffer(40)
    frames.feed(struct.pack(">i", length))
    with pytest.raises(Malformed, match=f"frame of length {length}"):
        next(frames.take())
