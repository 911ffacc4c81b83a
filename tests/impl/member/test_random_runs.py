"""Random runs of members under crashes, lost connections and snapshots: what was acknowledged is there in the end.

Few transactions are retained, so that learners are brought up by DIFF, TRUNC and SNAP, and nodes forget. A seed is a
run; a crash keeps what was written, as the death of a process does.
"""

import random
import struct
from collections.abc import Callable
from typing import Any

import pytest
from quorate.impl.member.simulation import happen, recover


class Writer:
    """A client that sends its handshake and some creates at once, and looks for the answers later."""

    def __init__(self, world: Any, raw: Any, server: int, paths: list[str]) -> None:
        self.client = world.members[server].service.connect("127.0.0.1", world.now())
        self.paths = paths
        hello = raw.connect()
        frames = [raw.i32(len(hello)) + hello]
        for xid, path in enumerate(paths):
            op, body = raw.create(path)
            frames.append(raw.i32(8 + len(body)) + raw.i32(xid) + raw.i32(op) + body)
        world.feed(server, self.client, b"".join(frames))

    def acknowledged(self) -> list[tuple[str, int]]:
        """Paths that were created, with their zxids."""
        found = []
        for frame in self.client.out[1:]:
            xid, zxid, error = struct.unpack_from(">iqi", frame, 4)
            if error == 0:
                found.append((self.paths[xid], zxid))
        return found


class Run:
    """One seed: what happens is drawn, one thing after the other."""

    def __init__(self, world: Any, raw: Any, seed: int) -> None:
        self.world, self.raw = world, raw
        self.rng = random.Random(seed)
        self.writers: list[Writer] = []
        self.count = 0

    def step(self) -> None:
        happen(self.world, self.rng, self.write)

    def write(self) -> None:
        serving = sorted(s for s, member in self.world.members.items() if member.service.serving)
        if serving:
            paths = [f"/n{self.count + index}" for index in range(self.rng.randrange(1, 8))]
            self.count += len(paths)
            self.writers.append(Writer(self.world, self.raw, self.rng.choice(serving), paths))


def run(world: Any, raw: Any, seed: int, steps: int) -> tuple[int, set[str]]:
    """How many writes were acknowledged, and which packets were seen."""
    one = Run(world, raw, seed)
    for _ in range(steps):
        one.step()
    acknowledged = [pair for writer in one.writers for pair in writer.acknowledged()]
    recover(world)
    assert len(world.digests()) == 1, f"seed {seed}"
    nodes = world.members[world.leader()].service.tree.nodes
    lost = [path for path, zxid in acknowledged if path not in nodes or nodes[path].czxid > zxid]
    assert not lost, f"seed {seed}: {lost} of {len(acknowledged)} are lost"
    return len(acknowledged), {name for _, _, name in world.sent}


def runs(ensemble: Callable[..., Any], raw: Any, seeds: range, steps: int) -> None:
    total, seen = 0, set[str]()
    for seed in seeds:
        voters, observers = ((3, 0), (3, 1), (5, 0))[seed % 3]
        count, names = run(ensemble(voters, observers, retained=4), raw, seed, steps)
        total, seen = total + count, seen | names
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {total} writes acknowledged")
    assert total > 2 * len(seeds)
    assert {"Diff", "Trunc", "FullSnapshot", "Inform"} <= seen


def test_what_was_acknowledged_is_there(ensemble: Callable[..., Any], raw: Any) -> None:
    runs(ensemble, raw, range(12), 400)


@pytest.mark.slow
def test_many_random_runs(ensemble: Callable[..., Any], raw: Any) -> None:
    runs(ensemble, raw, range(1000, 2000), 600)
