"""Members are killed every few seconds while clients work; afterwards everything that they were told must be true.

Three voters are killed and restarted at random, the leader most often, sometimes two at once, sometimes when another
has just come back and is behind. An observer is left alone: its log is what the ensemble committed.
`pytest -m slow -k ten_minutes -s` prints what happened.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from quorate.checker.ensemble.history import Commit, Operation, Read, Write, violations
from quorate.impl.disk import log
from quorate.impl.disk.directory import PosixDirectory
from quorate.impl.disk.files import logs
from quorate.impl.wire.records import CloseSessionTxn, CreateTxn, SetDataTxn, Txn

KEYS = [f"/k{index}" for index in range(5)]
OBSERVER = 4


class Worker(threading.Thread):
    """One client that writes, reads, and syncs before some reads, and keeps an ephemeral node of its session."""

    def __init__(self, servers: Any, name: str, stop: threading.Event) -> None:
        super().__init__(name=name)
        self.client: KazooClient = servers.client(timeout=6.0)
        self.history: list[Operation] = []
        self.sessions: set[int] = set()
        self.failed: Counter[str] = Counter()
        self._over = stop
        self._rng = random.Random(name)
        self._count = 0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._work(self._rng.choice(KEYS))
            except (KazooException, KazooTimeoutError) as failure:
                self.failed[type(failure).__name__] += 1
                time.sleep(0.02)
            time.sleep(0.004)

    @property
    def session(self) -> int:
        """The session's id, as soon as the client is connected."""
        while (identity := self.client.client_id) is None:
            time.sleep(0.01)
        return int(identity[0])

    def _work(self, key: str) -> None:
        session = self.session
        if session not in self.sessions:
            self.client.create(f"/sessions/{session:x}", ephemeral=True)
            self.sessions.add(session)
        start, point = time.monotonic_ns(), self._rng.random()
        if point < 0.5:
            self._write(session, key, start)
        else:
            synced = point > 0.85
            if synced:
                self.client.sync(key)
            value = self.client.get(key)[0].decode()
            self._remember(Read(session, start, time.monotonic_ns(), key, value, synced))

    def _write(self, session: int, key: str, start: int) -> None:
        self._count += 1
        value, zxid = f"{self.name}-{self._count}", None
        try:
            zxid = self.client.set(key, value.encode()).mzxid
        finally:
            self._remember(Write(session, start, time.monotonic_ns(), key, value, zxid))

    def _remember(self, operation: Operation) -> None:
        """A read that spans two sessions tells of neither."""
        if isinstance(operation, Write) or operation.session == self.session:
            self.history.append(operation)


class Killer:
    """Kills voters with SIGKILL, and starts them again."""

    def __init__(self, servers: Any, seed: int) -> None:
        self.servers = servers
        self.kills: Counter[str] = Counter()
        self._rng = random.Random(seed)

    def rampage(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self._rng.uniform(1.0, 3.0))
            victims, behind = self._victims()
            for sid in behind:
                self.servers.kill(sid)
            time.sleep(0.5 if behind else 0)
            for victim in victims:
                self.servers.kill(victim)
            if behind:
                self.servers.start(*behind)
            time.sleep(self._rng.uniform(0.2, 2.0))
            self.servers.start(*victims)
            self.servers.wait()

    def _victims(self) -> tuple[list[int], list[int]]:
        """Whom to kill; and whom a little before, to start it at once: it has missed something when it elects."""
        roles = self.servers.roles()
        leader = [sid for sid, role in roles.items() if role == "leader"]
        voters = [sid for sid in roles if sid != OBSERVER]
        point = self._rng.random()
        if point < 0.15:
            self.kills["two at once"] += 1
            return self._rng.sample(voters, 2), []
        if point < 0.45 and leader:
            self.kills["leader"] += 1
            return leader, []
        if point < 0.75 and leader:
            self.kills["leader, a follower is behind"] += 1
            return leader, [max(set(voters) - set(leader))]
        self.kills["any"] += 1
        return [self._rng.choice(voters)], []


def abandoned(raw: Any, servers: Any, number: int) -> int:
    """A session with an ephemeral node, whose client is never heard of again."""
    peer = raw.socket_peer("127.0.0.1", servers.members[OBSERVER].port)
    welcome = peer.hello(timeout=2000)
    assert peer.ask(raw.create(f"/abandoned{number}", flags=1)).err == 0
    peer.stream.close()
    peer.link.close()
    return int(welcome.session)


def logged(data: Path) -> list[Txn]:
    """Everything in the logs of a member, in order."""
    directory = PosixDirectory(data / "version-2")
    return [entry.txn() for _, name in logs(directory) for entry in log.entries(directory.read(name))]


def committed(txns: list[Txn]) -> list[Commit]:
    found = []
    for txn in txns:
        if isinstance(txn.body, CreateTxn | SetDataTxn) and txn.body.path in KEYS:
            found.append(Commit(txn.header.zxid, txn.body.path, (txn.body.data or b"").decode()))
    return found


def history_of(servers: Any) -> list[Txn]:
    """What the witness logged; where it was given a snapshot, what a member logged that was not."""
    logs_of = {sid: logged(member.data) for sid, member in servers.members.items()}
    found = logs_of.pop(OBSERVER)
    for before, after in holes(found):
        found = [txn for part in between(found, before, after, logs_of.values()) for txn in part]
    return found


def holes(txns: list[Txn]) -> list[tuple[int, int]]:
    """Where a log says nothing: the zxids before and after."""
    zxids = [txn.header.zxid for txn in txns]
    return [(a, b) for a, b in pairwise(zxids) if b != a + 1 and (b & 0xFFFFFFFF != 1 or b < a)]


def between(found: list[Txn], before: int, after: int, others: Iterable[list[Txn]]) -> tuple[list[Txn], ...]:
    for other in others:
        part = [txn for txn in other if before <= txn.header.zxid <= after]
        if part and (part[0].header.zxid, part[-1].header.zxid) == (before, after) and not holes(part):
            older = [txn for txn in found if txn.header.zxid < before]
            return older, part, [txn for txn in found if txn.header.zxid > after]
    raise AssertionError(f"no log says what was committed between 0x{before:x} and 0x{after:x}")


def under_fire(servers: Any, raw: Any, words: Any, seconds: float, clients: int, seed: int) -> None:
    first = servers.client()
    first.ensure_path("/sessions")
    for key in KEYS:
        first.create(key, f"first{key}".encode())
    lost = [abandoned(raw, servers, number) for number in range(3)]
    stop = threading.Event()
    workers = [Worker(servers, f"w{index}", stop) for index in range(clients)]
    for worker in workers:
        worker.start()
    killer = Killer(servers, seed)
    try:
        killer.rampage(seconds)
    finally:
        stop.set()
        for worker in workers:
            worker.join(60)
    history = [operation for worker in workers for operation in worker.history]
    first.sync("/")
    alive = {f"{worker.session:x}" for worker in workers}
    gone = {f"{s:x}" for worker in workers for s in worker.sessions} - alive
    assert not gone & set(first.get_children("/sessions")), "ephemerals of sessions that are over"
    assert alive <= set(first.get_children("/sessions")), "sessions that live have kept theirs"
    assert not [name for name in first.get_children("/") if name.startswith("abandoned")]
    first.sync("/")
    assert len(words.hashes(servers)) == 1
    txns = history_of(servers)
    ends = {txn.header.session_id for txn in txns if isinstance(txn.body, CloseSessionTxn)}
    assert set(lost) <= ends
    wrong = violations(history, committed(txns))
    acknowledged = sum(isinstance(o, Write) and o.zxid is not None for o in history)
    unknown = sum(isinstance(o, Write) and o.zxid is None for o in history)
    failures = sum((worker.failed for worker in workers), Counter())
    print(f"seed {seed}: {seconds:.0f} s, kills {dict(killer.kills)}, {acknowledged} acknowledged writes, ", end="")
    print(f"{unknown} unknown, {sum(isinstance(o, Read) for o in history)} reads, ", end="")
    print(f"epochs to {txns[-1].header.zxid >> 32}, {len(gone)} sessions over, failures {dict(failures)}")
    assert wrong == []
    assert acknowledged > 10 * seconds and sum(killer.kills.values()) > seconds / 15


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [30, 600], ids=["half_a_minute", "ten_minutes"])
def test_under_fire(ensemble: Callable[..., Any], raw: Any, words: Any, seconds: int) -> None:
    servers = ensemble(3, 1, "minSessionTimeout=1000", "maxSessionTimeout=60000")
    under_fire(servers, raw, words, seconds, clients=6, seed=1)
