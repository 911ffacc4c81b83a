"""Logs and snapshots as text: every kind of transaction in one golden text each."""

from collections.abc import Callable

import pytest
from quorate.impl.disk import log
from quorate.impl.disk.printing import log_lines, snapshot_lines, txn_line
from quorate.impl.disk.snapshot import Snapshot, StoredNode
from quorate.impl.wire import records as r

LIST = (*r.OPEN_ACL, r.ACL(1, r.Id("digest", "a,b}%:\n")), r.ACL(0, r.Id(None, None)))
BODIES: list[tuple[int, r.Body]] = [
    (r.Op.CREATE_SESSION, r.CreateSessionTxn(4000)),
    (r.Op.CREATE, r.CreateTxn("/a", b"data", LIST, True, 1)),
    (r.Op.CREATE2, r.CreateTxn("/b", None, None, False, 2)),
    (r.Op.CREATE_CONTAINER, r.CreateContainerTxn("/c", b"\xff", (), 3)),
    (r.Op.CREATE_TTL, r.CreateTTLTxn("/d", b"", r.OPEN_ACL, 4, 5000)),
    (r.Op.SET_DATA, r.SetDataTxn("/a", b"two\nlines\n", 1)),
    (r.Op.SET_ACL, r.SetACLTxn("/a", LIST, 2)),
    (r.Op.SET_ACL, r.SetACLTxn("/a", None, 3)),
    (r.Op.DELETE, r.DeleteTxn("/a,b")),
    (r.Op.DELETE_CONTAINER, r.DeleteTxn("/c")),
    (r.Op.RECONFIG, r.SetDataTxn("/zookeeper/config", b"server.1=x", -1)),
    (r.Op.MULTI, r.MultiTxn((r.SubTxn(13, r.CheckVersionTxn("/a", 1)), r.SubTxn(2, r.DeleteTxn("/a"))))),
    (r.Op.MULTI, r.MultiTxn((r.SubTxn(-1, r.ErrorTxn(-101)),))),
    (r.Op.ERROR, r.ErrorTxn(-101)),
    (r.Op.CLOSE_SESSION, r.CloseSessionTxn(("/a", "/b"))),
    (r.Op.CLOSE_SESSION, r.CloseSessionTxn(None)),
]


def test_every_transaction(golden: Callable[[str], None]) -> None:
    txns = [r.Txn(r.TxnHeader(-5, 7, n, n * 10**10, kind), body, None) for n, (kind, body) in enumerate(BODIES, 1)]
    data = log.HEADER + b"".join(log.frame(txn.encode()) for txn in txns)
    golden("".join(f"{line!r}\n" for line in log_lines(data)))


def test_a_snapshot(golden: Callable[[str], None]) -> None:
    stat = r.StatPersisted(1, 2, 1_700_000_000_000, 0, 5, 6, 7, 0x10, 9)
    paths = ["", "/b", "/a", "/zookeeper", "/b/n0000000010", "/b/n0000000002", "/b/x"]
    nodes = tuple(StoredNode(path, path.encode(), -1, stat) for path in paths)
    snapshot = Snapshot(((0x10, 4000), (-1, 30000)), (), nodes)
    golden("\n".join([*snapshot_lines(snapshot, 3), "", *snapshot_lines(snapshot, 0x99, with_data=True), ""]))


@pytest.mark.parametrize("time", [2**62, -(2**62)])
def test_a_time_beyond_the_calendar_is_shown_as_a_number(time: int) -> None:
    line = txn_line(r.Txn(r.TxnHeader(1, 2, 3, time, r.Op.ERROR), r.ErrorTxn(-4), None))
    assert line == f"{time} ms session 0x1 cxid 0x2 zxid 0x3 error -4"


def test_a_log_that_was_never_begun_has_no_lines() -> None:
    assert list(log_lines(b"")) == []
