"""Logs and snapshots as text: every kind of transaction in one golden text each."""

from collections.abc import Callable

import pytest
from quorate.impl.disk.printing import log_lines, snapshot_lines, txn_line
from quorate.impl.disk.snapshot import Snapshot
from quorate.impl.wire import records as r


def test_every_transaction(golden: Callable[[str], None], every_txn: bytes) -> None:
    golden("".join(f"{line!r}\n" for line in log_lines(every_txn)))


def test_a_snapshot(golden: Callable[[str], None], odd_snapshot: Snapshot) -> None:
    golden("\n".join([*snapshot_lines(odd_snapshot, 3), "", *snapshot_lines(odd_snapshot, 0x99, with_data=True), ""]))


@pytest.mark.parametrize("time", [2**62, -(2**62)])
def test_a_time_beyond_the_calendar_is_shown_as_a_number(time: int) -> None:
    line = txn_line(r.Txn(r.TxnHeader(1, 2, 3, time, r.Op.ERROR), r.ErrorTxn(-4), None))
    assert line == f"{time} ms session 0x1 cxid 0x2 zxid 0x3 error -4"


def test_a_log_that_was_never_begun_has_no_lines() -> None:
    assert list(log_lines(b"")) == []
