"""The same operations to the served reference and to a real ZooKeeper: replies, stats, zxids, order of events."""

import contextlib
import importlib.util
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PEERS = 4


@pytest.fixture
def differential() -> Any:
    spec = importlib.util.spec_from_file_location("differential", Path(__file__).with_name("differential.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(raw: Any, differential: Any, mine: Any, real: Any, seed: int, operations: int) -> int:
    """Run one seed on two fresh servers; fails at the first difference. Returns the number of operations."""
    print(f"seed {seed}")
    draw = differential.Generator(raw, seed, PEERS)
    with contextlib.ExitStack() as cleanup:
        sides = []
        for server in (mine, real):
            sides.append(differential.Side(raw, server.port))
            cleanup.callback(sides[-1].close)
            sides[-1].open_all(PEERS)
        return run(raw, sides, draw, f"seed {seed}", operations)


def run(raw: Any, sides: list[Any], draw: Any, name: str, operations: int) -> int:
    done, last = 0, [[0], [0]]
    while done < operations:
        if done and draw.random.random() < 0.02:
            close_a_session(sides, draw.random.randrange(PEERS), f"{name}, operation {done}")
        if done and draw.random.random() < 0.02:
            auth(raw, sides, draw)
        index, requests = draw.batch() if done else (0, [raw.create("/d")])
        said = [side.run(index, requests, zxid) for side, zxid in zip(sides, last, strict=True)]
        draw.seen_zxid = last[0][0]
        assert said[0] == said[1], explain(f"{name}, operations {done} to {done + len(requests)}", requests, said)
        done += len(requests)
    return done


def explain(name: str, requests: list[Any], said: list[Any]) -> str:
    """The first words in which the two differ, and the requests of the batch by xid."""
    for place, (ours, theirs) in enumerate(zip(*said, strict=True)):
        for mine, real in itertools.zip_longest(ours, theirs):
            if mine != real:
                where = "replies" if place == 0 else f"what connection {place - 1} heard"
                batch = "".join(f"\n  {op} {body!r}" for op, body in requests)
                return f"{name}: {where}: ours {mine}, theirs {real}; the batch:{batch}"
    return name


def close_a_session(sides: list[Any], index: int, name: str) -> None:
    """The order in which the ephemerals of one session go is unspecified, so that of their events is too."""
    heard = [sorted(side.reopen(index), key=repr) for side in sides]
    assert heard[0] == heard[1], f"{name}: closing session {index}"
    heard = [[sorted(side.barrier(number), key=repr) for number in range(PEERS)] for side in sides]
    assert heard[0] == heard[1], f"{name}: after session {index} was closed"


def auth(raw: Any, sides: list[Any], draw: Any) -> None:
    """A connection proves an identity, but only one: the real server expands "auth" in no particular order."""
    index = draw.random.randrange(PEERS)
    if getattr(sides[0].peers[index], "proven", None) is None:
        credential = draw.random.choice(((b"bob:pw"), b"ann:secret", b"nocolon"))
        errors = [side.peers[index].ask(raw.auth("digest", credential), -4).err for side in sides]
        assert errors == [0, 0]
        sides[0].peers[index].proven = credential


def test_a_short_run(raw: Any, differential: Any, ours: Callable[..., Any], theirs: Callable[..., Any]) -> None:
    assert compare(raw, differential, ours("--tick", "500"), theirs(), 1, 3000) >= 3000


@pytest.mark.slow
def test_a_hundred_thousand_operations(
    raw: Any, differential: Any, ours: Callable[..., Any], theirs: Callable[..., Any]
) -> None:
    total, seed, began = 0, 100, time.monotonic()
    while total < 100_000:
        mine, real = ours("--tick", "500"), theirs()
        total += compare(raw, differential, mine, real, seed, 5000)
        mine.stop()
        real.stop()
        seed += 1
    print(f"{total} operations, seeds 100 to {seed - 1}, {time.monotonic() - began:.0f} s")
