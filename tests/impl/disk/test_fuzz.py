"""Mutated logs and snapshots: each is read, printed and replayed, or refused as malformed, and nothing else happens."""

import random
import struct
import zlib

import pytest
from quorate.impl.data.tree import Tree
from quorate.impl.disk import log
from quorate.impl.disk.image import capture, replay_onto, restore
from quorate.impl.disk.printing import snapshot_lines, txn_line
from quorate.impl.disk.snapshot import Snapshot, decode, encode
from quorate.impl.wire.jute import Malformed
from quorate.impl.wire.records import Txn

LENGTHS = (-1, -2, 2**31 - 1, -(2**31), 0, 1, 255, 65536)
SEAL = 13


def mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0:
                changed[place : place + 1] = rng.randbytes(1)
            case 1:
                del changed[place : place + rng.randrange(1, 20)]
            case 2:
                changed[place:place] = rng.randbytes(rng.randrange(1, 12))
            case _:
                changed[place : place + 4] = struct.pack("!i", rng.choice(LENGTHS))
    return bytes(changed)


def resealed(body: bytes) -> bytes:
    return body + struct.pack("!qi1s", zlib.adler32(body), 1, b"/")


def fuzz(seed: int, count: int, every_txn: bytes, odd_snapshot: Snapshot) -> int:
    """Tries so many inputs; gives the number of those that were understood."""
    print(f"seed {seed}")
    rng = random.Random(seed)
    payloads = [entry.payload for entry in log.entries(every_txn)]
    bodies = [encode(snapshot)[: -SEAL - 20 - SEAL] for snapshot in (capture(Tree.fresh()),)]
    bodies.append(encode(odd_snapshot)[:-SEAL])
    understood = 0
    for _ in range(count):
        try:
            match rng.randrange(3):
                case 0:
                    txn = Txn.decode(mutated(rng.choice(payloads), rng))
                    txn_line(txn)
                    replay_onto(Tree.fresh(), [txn])
                case 1:
                    list(log.entries(mutated(every_txn, rng)))
                case _:
                    snapshot = decode(resealed(mutated(rng.choice(bodies), rng)))
                    list(snapshot_lines(snapshot, 1))
                    restore(snapshot, 1)
            understood += 1
        except Malformed:
            continue
    return understood


def test_mutations_are_understood_or_refused(every_txn: bytes, odd_snapshot: Snapshot) -> None:
    assert fuzz(1, 3000, every_txn, odd_snapshot) > 100


@pytest.mark.slow
def test_many_mutations_are_understood_or_refused(every_txn: bytes, odd_snapshot: Snapshot) -> None:
    assert fuzz(2, 300_000, every_txn, odd_snapshot) > 10_000
