"""What the leader removes by itself, when something is under way at the place."""

from typing import Any

import pytest
from quorate.impl.data.acl import OPEN
from quorate.impl.data.codes import Code, Op
from quorate.impl.data.prepare import Caller, Preparer
from quorate.impl.data.sessions import Sessions
from quorate.impl.data.settings import Settings
from quorate.impl.data.tree import Tree
from quorate.impl.wire.records import DeleteTxn, ErrorTxn
from quorate.impl.wire.requests import Create, Delete, DeleteContainer

PLAIN, EPHEMERAL, CONTAINER, TTL = 0, 1, 4, 5


class Leader:
    """Requests are prepared; those that are settled are applied too."""

    def __init__(self) -> None:
        self.tree, sessions = Tree.fresh(), Sessions(500, 1000, 10_000, 1)
        sessions.track(1, 1000, 1, 0)
        self.preparer, self.zxid = Preparer(self.tree, sessions, Settings()), 0

    def prepare(self, op: Op, write: Any, settled: bool = False) -> Any:
        self.zxid += 1
        header, body = self.preparer.prepare(Caller(1, 1), op, write, self.zxid, 0)
        if settled:
            self.tree.apply(header, body)
            self.preparer.settle(self.zxid)
        return body

    def create(self, path: str, flags: int, op: Op = Op.CREATE2, settled: bool = False) -> Any:
        ttl = 1000 if op == Op.CREATE_TTL else -1
        return self.prepare(op, Create(op, path, b"", tuple(OPEN), flags, ttl), settled)

    def remove(self) -> Any:
        return self.prepare(Op.DELETE_CONTAINER, DeleteContainer("/c"))


@pytest.fixture
def leader() -> Leader:
    """Its container /c has had a child, and is due."""
    leader = Leader()
    leader.create("/c", CONTAINER, Op.CREATE_CONTAINER, settled=True)
    leader.create("/c/d", PLAIN, settled=True)
    leader.prepare(Op.DELETE, Delete("/c/d", -1), settled=True)
    assert leader.tree.outlived(0) == ["/c"]
    return leader


def test_a_container_that_is_due_goes(leader: Leader) -> None:
    assert leader.remove() == DeleteTxn("/c")


@pytest.mark.parametrize(
    ("flags", "op"), [(PLAIN, Op.CREATE2), (EPHEMERAL, Op.CREATE2), (CONTAINER, Op.CREATE_CONTAINER)]
)
def test_what_takes_its_place_stays(leader: Leader, flags: int, op: Op) -> None:
    """Whether or not that is in the tree by then."""
    leader.prepare(Op.DELETE, Delete("/c", -1))
    leader.create("/c", flags, op)
    assert leader.remove() == ErrorTxn(Code.BAD_VERSION)
    leader.tree.apply(*leader.preparer.prepare(Caller(1, 1), Op.DELETE, Delete("/c", -1), 10, 0))
    leader.tree.apply(*leader.preparer.prepare(Caller(1, 1), op, Create(op, "/c", b"", tuple(OPEN), flags), 11, 0))
    leader.preparer.settle(11)
    assert leader.remove() == ErrorTxn(Code.BAD_VERSION)


def test_a_child_keeps_it(leader: Leader) -> None:
    leader.create("/c/d", PLAIN)
    assert leader.remove() == ErrorTxn(Code.NOT_EMPTY)


def test_a_ttl_node_goes(leader: Leader) -> None:
    leader.prepare(Op.DELETE, Delete("/c", -1))
    leader.create("/c", TTL, Op.CREATE_TTL)
    assert leader.remove() == DeleteTxn("/c")
