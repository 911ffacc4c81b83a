"""The log of Debian's ZooKeeper: what clients did to a lock is a behaviour of `znodes`; what is planted is shown."""

import shutil
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from quorate.checker.logs.command import _traces
from quorate.checker.logs.reading import read
from quorate.impl.disk import log
from quorate.impl.wire.records import SetDataTxn
from quorate.traces.replay import replay
from quorate.traces.text import render_log

from ...impl.disk.test_real_server import JARS, JAVA, NEEDED, client, load, real_server

JAVA_COMMAND = [*JAVA, "-cp", ":".join(str(JARS / jar) for jar in NEEDED)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The data folder of a real server after two clients were done."""
    root = tmp_path_factory.mktemp("real")
    with real_server(JAVA_COMMAND, root, 1000) as address, client(address) as one:
        with client(address) as two:
            work(one, two)
        one.create("/a/b/late")
    return root / "data"


def work(one: KazooClient, two: KazooClient) -> None:
    one.create("/beside")
    one.create("/a", b"x")
    two.create("/a/lock-", ephemeral=True, sequence=True)
    one.create("/a/lock-", ephemeral=True, sequence=True)
    one.set("/a", b"1")
    for refused in (lambda: one.create("/a"), lambda: one.delete("/a"), lambda: one.set("/beside", b"", version=7)):
        with pytest.raises(KazooException):
            refused()
    one.set("/a", b"2")
    one.create("/a/b")
    group = one.transaction()
    group.set_data("/a", b"3")
    group.delete("/a/b")
    group.commit()
    one.create("/a/b")


def test_what_a_real_server_did_is_a_behaviour(folder):
    (trace,) = _traces([(folder, read(folder))], "/a")
    replay(trace)
    assert [step.label[0] for step in trace.steps[1:]] == [
        "create",
        "create_sequential",
        "create_sequential",
        "set_data",
        "create",
        "delete",
        "set_data",
        "create",
        "multi_set_delete",
        "create",
        "close_session",
    ]
    assert trace.log is not None and trace.log.parting is not None, "the last create lies two levels below"
    assert trace.log.parting.label is None and "two levels below /a" in trace.log.parting.differences[0]


def test_a_planted_corruption_is_shown(folder, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(folder, copy)
    (path,) = (copy / "version-2").glob("log.*")
    txns = [entry.txn() for entry in log.entries(path.read_bytes())]
    first = next(txn for txn in txns if isinstance(txn.body, SetDataTxn))
    kept = [txn for txn in txns if txn is not first]
    path.write_bytes(log.HEADER + b"".join(log.frame(txn.encode()) for txn in kept))
    (trace,) = _traces([(copy, read(copy))], "/a")
    text = render_log(replay(trace))
    assert "the log parts from the specification in the next line, which is set_data(Path.A)" in text
    assert "setData /a,2,2" in text and "version of /a: the log has 2, the specification 1" in text


def test_random_writes_to_a_real_server_never_part_from_the_specification(tmp_path):
    with real_server(JAVA_COMMAND, tmp_path, 100_000) as address, client(address) as zk:
        load(zk, seed=3, count=1200)
    entries = read(tmp_path / "data")
    steps = 0
    for number in range(12):
        (trace,) = _traces([(tmp_path / "data", entries)], f"/d{number}")
        replay(trace)
        parting = trace.log.parting if trace.log is not None else None
        assert parting is None or parting.label is None, render_log(trace)
        steps += len(trace.steps) - 1
    assert steps > 200, steps
