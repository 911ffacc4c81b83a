"""The data service beside the specification `znodes`: what a write of the specification is as a request, and the map
from the service's tree to the specification's.

Writes go through the service's own pipeline, as clients' do: prepared with the next zxid, applied, settled. The tree is
compared field by field, the sessions by who is live, and the code by which the last write ended. Of the
specification's state only the memory of names given out has no counterpart. Writes of nobody in particular come from a
session that the specification does not have, and that never closes.
"""

from typing import Any

from ...impl.data.acl import OPEN
from ...impl.data.codes import Code, Op
from ...impl.data.node import CONTAINER_OWNER, Node
from ...impl.data.prepare import Caller, Preparer
from ...impl.data.sessions import Sessions
from ...impl.data.settings import Settings
from ...impl.data.tree import Tree
from ...impl.wire.records import ErrorTxn, MultiTxn
from ...impl.wire.requests import CloseSession, Create, Delete, DeleteContainer, Multi, SetACL, SetData, Write
from ...spec.lang import ir
from ...spec.lang.domains import Enumeration, Map, Optional, Record
from ...spec.zookeeper.znodes import Path
from ..result import Label, State

EPHEMERAL, SEQUENTIAL, CONTAINER = 1, 2, 4
FIRST_SESSION = 0x100000000000000
PATHS = [path.value for path in Path]


class ZnodeService:
    """A fresh tree with the specification's sessions connected."""

    def __init__(self, specification: ir.Specification) -> None:
        self._at = {variable.name: n for n, variable in enumerate(specification.variables)}
        kinds = {variable.name: variable.type for variable in specification.variables}
        tree, code = kinds["tree"], kinds["code"]
        assert isinstance(tree, Map) and isinstance(tree.value, Optional) and isinstance(tree.value.item, Record)
        assert isinstance(code, Enumeration)
        self._fields = [name for name, _ in tree.value.item.fields]
        self._codes = code.members
        self.tree, self.code = Tree.fresh(), Code.OK
        self.sessions = Sessions(2000, 4000, 40000, FIRST_SESSION)
        self.other = dict(specification.constants)["sessions"]
        for number in range(self.other + 1):
            self.sessions.track(FIRST_SESSION + number, 30000, number, 0)
        self.live = dict.fromkeys(range(self.other))
        self.preparer = Preparer(self.tree, self.sessions, Settings())

    # ------------------------------------------------------------------------------------------------- writes

    def take(self, label: Label, before: State) -> None:
        """Sends the request. Containers go when the specification says so: the service's clock stands still."""
        action, arguments = label
        session = self.other
        match action, arguments:
            case "create", (path, owner):
                session = session if owner is None else owner
                self._write(session, Op.CREATE2, _create(PATHS[path], 0 if owner is None else EPHEMERAL))
            case "create_container", (path,):
                self._write(session, Op.CREATE_CONTAINER, _create(PATHS[path], CONTAINER, Op.CREATE_CONTAINER))
            case "create_sequential", (owner,):
                flags = SEQUENTIAL | (0 if owner is None else EPHEMERAL)
                self._write(session if owner is None else owner, Op.CREATE2, _create("/a/", flags))
            case "delete", (path,):
                self._write(session, Op.DELETE, Delete(PATHS[path], -1))
            case "set_data", (path,):
                self._write(session, Op.SET_DATA, SetData(PATHS[path], b"", -1))
            case "set_acl", (path,):
                self._write(session, Op.SET_ACL, SetACL(PATHS[path], tuple(OPEN), -1))
            case "close_session", (closing,):
                self._write(closing, Op.CLOSE_SESSION, CloseSession())
                del self.live[closing]
            case "remove_container", (path,):
                self._write(session, Op.DELETE_CONTAINER, DeleteContainer(PATHS[path]))
            case "multi_create_create", (first, second):
                self._write(session, Op.MULTI, Multi((_create(PATHS[first], 0), _create(PATHS[second], 0))))
            case "multi_set_delete", (path,):
                written = SetData(_above(PATHS[path]), b"", -1)
                self._write(session, Op.MULTI, Multi((written, Delete(PATHS[path], -1))))
            case _:
                raise ValueError(f"{action} of the specification stands for nothing here")

    def _write(self, session: int, op: Op, write: Write) -> None:
        zxid = self.tree.last_zxid + 1
        header, body = self.preparer.prepare(Caller(FIRST_SESSION + session, session), op, write, zxid, 0)
        self.tree.apply(header, body)
        self.preparer.settle(zxid)
        self.code = Code.OK
        if isinstance(body, ErrorTxn):
            self.code = Code(body.err)
        elif isinstance(body, MultiTxn):
            errors = [part.body.err for part in body.txns if isinstance(part.body, ErrorTxn)]
            # The parts before the one that fails are logged as they are, the later ones as inconsistent.
            self.code = Code(errors[0]) if errors else Code.OK

    # --------------------------------------------------------------------------------------------------- the map

    def outside(self, state: State) -> bool:
        """Nowhere."""
        return False

    def difference(self, state: State) -> str | None:
        """The first difference in zxid, code, sessions, or a field of a node."""
        expected = self._of(state, "zxid")
        if self.tree.last_zxid != expected:
            return f"the last zxid is {self.tree.last_zxid}, where the specification has {expected}"
        code = self._codes[self._of(state, "code")]
        if self.code.name != code:
            return f"the write ended with {self.code.name}, where the specification has {code}"
        live = sum(1 << number for number in self.live)
        if live != self._of(state, "live"):
            return "other sessions are live than in the specification"
        for path, wanted in zip(PATHS, self._of(state, "tree"), strict=True):
            difference = self._different(path, self.tree.get(path), wanted)
            if difference is not None:
                return difference
        return None

    def _of(self, state: State, name: str) -> Any:
        return state[self._at[name]]

    def _different(self, path: str, node: Node | None, wanted: tuple[Any, ...] | None) -> str | None:
        if node is None or wanted is None:
            if node is None and wanted is None:
                return None
            return f"{path} is {'missing' if node is None else 'there'}, unlike in the specification"
        for field, expected in zip(self._fields, wanted, strict=True):
            found = self._field(node, field)
            if found != expected:
                return f"{field} of {path} is {found}, where the specification has {expected}"
        return None

    def _field(self, node: Node, field: str) -> Any:
        if field == "owner":
            return node.ephemeral_owner - FIRST_SESSION if node.is_ephemeral else None
        if field == "container":
            return node.ephemeral_owner == CONTAINER_OWNER
        return getattr(node, field)


def _create(path: str, flags: int, op: Op = Op.CREATE2) -> Create:
    return Create(op, path, b"", tuple(OPEN), flags)


def _above(path: str) -> str:
    return path.rpartition("/")[0] or "/"
