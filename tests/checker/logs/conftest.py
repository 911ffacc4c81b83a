"""Logs, as servers write them: of transactions that are said in a line each."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from quorate.impl.disk import log
from quorate.impl.wire import records as r

FIRST, SECOND = 0x1000, 0x2000


@dataclass
class Server:
    """Writes what is asked for, with the counters that a server would put there unless it is told others."""

    txns: list[r.Txn] = field(default_factory=list)

    def write(self, type_: int, body: r.Body, session: int = FIRST) -> None:
        zxid = len(self.txns) + 1
        self.txns.append(r.Txn(r.TxnHeader(session, zxid, zxid, 1_700_000_000_000 + zxid, type_), body, None))

    def create(self, path: str, counter: int, owner: int | None = None) -> None:
        body = r.CreateTxn(path, b"", r.OPEN_ACL, owner is not None, counter)
        self.write(r.Op.CREATE, body, owner or FIRST)

    def set_data(self, path: str, version: int) -> None:
        self.write(r.Op.SET_DATA, r.SetDataTxn(path, b"x", version))

    def delete(self, path: str) -> None:
        self.write(r.Op.DELETE, r.DeleteTxn(path))

    def fail(self, code: int) -> None:
        self.write(r.Op.ERROR, r.ErrorTxn(code))

    def close(self, session: int, *paths: str) -> None:
        self.write(r.Op.CLOSE_SESSION, r.CloseSessionTxn(paths), session)

    def file(self, path: Path) -> Path:
        path.write_bytes(log.HEADER + b"".join(log.frame(txn.encode()) for txn in self.txns) + bytes(64))
        return path

    def without(self, zxid: int) -> "Server":
        """The same, but for one transaction that got lost."""
        return Server([txn for txn in self.txns if txn.header.zxid != zxid])

    def with_body(self, zxid: int, body: r.Body) -> "Server":
        """The same, but for what one transaction says."""
        return Server([replace(txn, body=body) if txn.header.zxid == zxid else txn for txn in self.txns])


@pytest.fixture
def server() -> Server:
    """Two sessions take a lock under /locks/a in turn, beside which other things happen."""
    found = Server()
    found.write(r.Op.CREATE_SESSION, r.CreateSessionTxn(30_000))
    found.create("/locks", 1)
    found.create("/locks/other", 1)
    found.create("/locks/a", 2)
    found.create("/locks/a/n-0000000000", 1, FIRST)
    found.create("/locks/a/n-0000000001", 2, SECOND)
    found.set_data("/locks/a", 1)
    found.fail(-110)
    found.set_data("/elsewhere", 7)
    found.close(FIRST, "/locks/a/n-0000000000")
    found.create("/locks/a/b", 3)
    found.set_data("/locks/a", 2)
    return found


@pytest.fixture
def written(server, tmp_path) -> Callable[..., Path]:
    """The file of a log; of the fixture's, unless another is given."""
    return lambda other=server, name="log.1": other.file(tmp_path / name)
