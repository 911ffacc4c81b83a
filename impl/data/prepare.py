"""From a request to a transaction: everything that can be refused is refused here, in ZooKeeper's order of checks.

A request is checked against the tree as it will be when all transactions prepared before it have been applied. Where
the two differ, an `Outlook` stands in for the node until `settle` says that the tree has caught up. A request that is
refused still takes its zxid, as an error transaction. Source: `PrepRequestProcessor`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..wire import records, requests
from ..wire.records import ACL, Body, Id, TxnHeader
from ..wire.requests import Create, Write
from . import acl, quota
from .codes import ADMIN, CREATE, DELETE, READ, WRITE, Code, Flag, Op, Refused
from .node import CONTAINER_OWNER, TTL_MS_MAX, TTL_OWNER
from .paths import parent_for_create, parent_for_delete, require_valid
from .sessions import Sessions
from .settings import Settings
from .tree import Tree

_CVERSION_MAX = (1 << 31) - 1
_FLAGS = {int(flag): flag for flag in Flag}
_PLAIN = frozenset((Flag.PERSISTENT, Flag.EPHEMERAL, Flag.PERSISTENT_SEQUENTIAL, Flag.EPHEMERAL_SEQUENTIAL))
_FLAGS_OF: dict[int, frozenset[Flag]] = {
    Op.CREATE_CONTAINER: frozenset((Flag.CONTAINER,)),
    Op.CREATE_TTL: frozenset((Flag.TTL, Flag.TTL_SEQUENTIAL)),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the session, the connection that speaks for it (none for the server itself), proven identities."""

    session: int
    connection: int | None = None
    identities: Sequence[Id] = ()
    cxid: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What later requests must know of a node before its last change is applied. `alive` false: it will be deleted."""

    zxid: int
    alive: bool
    acl: Sequence[ACL] = ()
    data_length: int = 0
    version: int = 0
    cversion: int = 0
    aversion: int = 0
    children: int = 0
    owner: int = 0
    is_ephemeral: bool = False

    @property
    def may_outlive(self) -> bool:
        """Whether it is a container that has had a child, or a TTL node: these go by themselves."""
        if self.owner == CONTAINER_OWNER:
            return self.cversion > 0
        return not self.is_ephemeral and TTL_OWNER <= self.owner < 0


class Preparer:
    """Checks requests and writes transactions; changes no tree."""

    def __init__(self, tree: Tree, sessions: Sessions, settings: Settings) -> None:
        self._tree = tree
        self._sessions = sessions
        self._settings = settings
        self._pending: dict[str, Outlook] = {}
        self._order: deque[tuple[int, str]] = deque()
        self._draft: dict[str, Outlook] = {}

    def prepare(self, caller: Caller, op: int, write: Write | None, zxid: int, time: int) -> tuple[TxnHeader, Body]:
        """The transaction for a request; `write` is None if its bytes made no sense. `time` is wall time in ms."""
        self._draft = {}
        body: Body
        try:
            body = self._body(caller, write, zxid)
        except Refused as refusal:
            return TxnHeader(caller.session, caller.cxid, zxid, time, Op.ERROR), records.ErrorTxn(refusal.code)
        self._pending.update(self._draft)
        self._order.extend((zxid, path) for path in self._draft)
        return TxnHeader(caller.session, caller.cxid, zxid, time, op), body

    def settle(self, zxid: int) -> None:
        """The tree has applied everything up to this zxid: what was foreseen until then is now plain to see."""
        while self._order and self._order[0][0] <= zxid:
            _, path = self._order.popleft()
            if path in self._pending and self._pending[path].zxid <= zxid:
                del self._pending[path]

    def _body(self, caller: Caller, write: Write | None, zxid: int) -> Body:
        match write:
            case None:
                raise Refused(Code.MARSHALLING_ERROR)
            case requests.Multi():
                return self._multi(caller, write, zxid)
            case requests.SetACL():
                return self._set_acl(caller, write, zxid)
            case requests.Reconfig():
                raise Refused(Code.UNIMPLEMENTED if self._settings.reconfig_enabled else Code.RECONFIG_DISABLED)
            case requests.CreateSession():
                return records.CreateSessionTxn(write.timeout)
            case requests.CloseSession():
                return self._close_session(caller, zxid)
            case requests.DeleteContainer():
                return self._delete_container(write, zxid)
            case requests.Check():
                self._check(caller, write)
                # A check that passes has no transaction of its own; the real server would write an unreadable log.
                raise Refused(Code.BAD_ARGUMENTS)
            case _:
                return self._part(caller, write, zxid)

    def _part(self, caller: Caller, part: requests.Part, zxid: int) -> Body:
        """The operations that may also stand inside a multi."""
        match part:
            case Create():
                return self._create(caller, part, zxid)
            case requests.Delete():
                return self._delete(caller, part, zxid)
            case requests.SetData():
                return self._set_data(caller, part, zxid)
            case requests.Check():
                return self._check(caller, part)

    def _multi(self, caller: Caller, write: requests.Multi, zxid: int) -> records.MultiTxn:
        """Each part sees those before it. After a failure the parts are logged as far as they came, then errors."""
        txns: list[records.SubTxn] = []
        failed = False
        for part in write.parts:
            body: Body
            try:
                body = records.ErrorTxn(Code.RUNTIME_INCONSISTENCY) if failed else self._part(caller, part, zxid)
            except Refused as refusal:
                body, failed = records.ErrorTxn(refusal.code), True
                self._draft = {}
            txns.append(records.SubTxn(_type_in_multi(body), body))
        return records.MultiTxn(tuple(txns))

    def _create(self, caller: Caller, write: Create, zxid: int) -> Body:
        flag = self._flag(write)
        self._sessions.check(caller.session, caller.connection)
        path = write.path
        parent_path = parent_for_create(path)
        stored_acl = acl.normalise(write.acl, caller.identities)
        parent = self._look(parent_path)
        acl.require(parent.acl, CREATE, caller.identities)
        if flag.sequential:
            path += f"{parent.cversion:010d}"
        require_valid(path)
        if self._find(path):
            raise Refused(Code.NODE_EXISTS)
        if parent.is_ephemeral:
            raise Refused(Code.NO_CHILDREN_FOR_EPHEMERALS)
        size = len(write.data or b"")
        self._require_quota(path, 1, size)
        cversion = min(parent.cversion + 1, _CVERSION_MAX)
        self._foresee(parent_path, replace(parent, zxid=zxid, cversion=cversion, children=parent.children + 1))
        owner = _owner(caller, write, flag)
        self._foresee(path, Outlook(zxid, True, stored_acl, size, owner=owner, is_ephemeral=flag.ephemeral))
        # Beyond the last sequential name the counter wraps in the log, and the tree stands still.
        logged = parent.cversion + 1 if parent.cversion < _CVERSION_MAX else -_CVERSION_MAX - 1
        if write.op == Op.CREATE_CONTAINER:
            return records.CreateContainerTxn(path, write.data, stored_acl, logged)
        if write.op == Op.CREATE_TTL:
            return records.CreateTTLTxn(path, write.data, stored_acl, logged, write.ttl)
        return records.CreateTxn(path, write.data, stored_acl, flag.ephemeral, logged)

    def _flag(self, write: Create) -> Flag:
        """The create mode. It must fit the operation, where the real server trusts the operation and goes wrong."""
        flag = _FLAGS.get(write.flags)
        if flag is None:
            raise Refused(Code.BAD_ARGUMENTS)
        if flag.ttl and not self._settings.extended_types:
            raise Refused(Code.UNIMPLEMENTED)
        if flag not in _FLAGS_OF.get(write.op, _PLAIN):
            raise Refused(Code.BAD_ARGUMENTS)
        if flag.ttl and not 0 < write.ttl <= TTL_MS_MAX:
            raise Refused(Code.BAD_ARGUMENTS)
        return flag

    def _delete(self, caller: Caller, write: requests.Delete, zxid: int) -> records.DeleteTxn:
        self._sessions.check(caller.session, caller.connection)
        parent_path = parent_for_delete(write.path)
        parent = self._look(parent_path)
        acl.require(parent.acl, DELETE, caller.identities)
        node = self._look(write.path)
        _require_version(node.version, write.version)
        if node.children:
            raise Refused(Code.NOT_EMPTY)
        self._foresee(parent_path, replace(parent, zxid=zxid, children=parent.children - 1))
        self._foresee(write.path, Outlook(zxid, False))
        return records.DeleteTxn(write.path)

    def _set_data(self, caller: Caller, write: requests.SetData, zxid: int) -> records.SetDataTxn:
        self._sessions.check(caller.session, caller.connection)
        require_valid(write.path)
        node = self._look(write.path)
        acl.require(node.acl, WRITE, caller.identities)
        size = len(write.data or b"")
        self._require_quota(write.path, 0, size - node.data_length)
        version = _require_version(node.version, write.version)
        self._foresee(write.path, replace(node, zxid=zxid, version=version, data_length=size))
        return records.SetDataTxn(write.path, write.data, version)

    def _set_acl(self, caller: Caller, write: requests.SetACL, zxid: int) -> records.SetACLTxn:
        self._sessions.check(caller.session, caller.connection)
        require_valid(write.path)
        stored_acl = acl.normalise(write.acl, caller.identities)
        node = self._look(write.path)
        acl.require(node.acl, ADMIN, caller.identities)
        version = _require_version(node.aversion, write.version)
        self._foresee(write.path, replace(node, zxid=zxid, aversion=version, acl=stored_acl))
        return records.SetACLTxn(write.path, stored_acl, version)

    def _check(self, caller: Caller, write: requests.Check) -> records.CheckVersionTxn:
        self._sessions.check(caller.session, caller.connection)
        require_valid(write.path)
        node = self._look(write.path)
        acl.require(node.acl, READ, caller.identities)
        return records.CheckVersionTxn(write.path, _require_version(node.version, write.version))

    def _close_session(self, caller: Caller, zxid: int) -> records.CloseSessionTxn:
        """All ephemerals of the session go, those that are only foreseen included."""
        doomed = dict(self._tree.ephemerals.get(caller.session, {}))
        for path, outlook in self._pending.items():
            if outlook.alive and outlook.is_ephemeral and outlook.owner == caller.session:
                doomed[path] = None
            else:
                doomed.pop(path, None)
        for path in doomed:
            parent_path = parent_for_create(path)
            parent = self._look(parent_path)
            self._foresee(parent_path, replace(parent, zxid=zxid, children=parent.children - 1))
            self._foresee(path, Outlook(zxid, False))
        self._sessions.close(caller.session)
        return records.CloseSessionTxn(tuple(doomed))

    def _delete_container(self, write: requests.DeleteContainer, zxid: int) -> records.DeleteTxn:
        """Whoever looked for such nodes saw the tree; what is under way may have put another node there since.

        ZooKeeper refuses this for ephemerals alone, and removes others that are new.
        """
        parent_path = parent_for_delete(write.path)
        node = self._look(write.path)
        if node.children:
            raise Refused(Code.NOT_EMPTY)
        if not node.may_outlive:
            raise Refused(Code.BAD_VERSION)
        parent = self._look(parent_path)
        self._foresee(parent_path, replace(parent, zxid=zxid, children=parent.children - 1))
        self._foresee(write.path, Outlook(zxid, False))
        return records.DeleteTxn(write.path)

    def _look(self, path: str) -> Outlook:
        """What is foreseen of a node, or what the tree holds of it; no-node if neither."""
        found = self._find(path)
        if found is None:
            raise Refused(Code.NO_NODE)
        return found

    def _find(self, path: str) -> Outlook | None:
        outlook = self._draft.get(path) or self._pending.get(path)
        if outlook is not None:
            return outlook if outlook.alive else None
        node = self._tree.get(path)
        if node is None:
            return None
        return Outlook(
            0,
            True,
            node.acl,
            len(node.data or b""),
            node.version,
            node.cversion,
            node.aversion,
            len(node.children),
            node.ephemeral_owner,
            node.is_ephemeral,
        )

    def _foresee(self, path: str, outlook: Outlook) -> None:
        self._draft[path] = outlook

    def _require_quota(self, path: str, count: int, size: int) -> None:
        """Hard limits, where the operator wants them enforced. Counts are those of the tree, as in the original."""
        if not self._settings.enforce_quota:
            return
        governed = quota.governed_by(self._tree.governed, path)
        limits = self._tree.get(quota.limits_path(governed)) if governed else None
        stats = self._tree.get(quota.stats_path(governed)) if governed else None
        if limits is None or stats is None:
            return
        after = quota.Track.parse(stats.data).plus(count, size)
        if after.exceeds(quota.Track.parse(limits.data), count != 0, size != 0):
            raise Refused(Code.QUOTA_EXCEEDED)


def _owner(caller: Caller, write: Create, flag: Flag) -> int:
    """What the tree will keep as the owner of a new node."""
    if write.op == Op.CREATE_CONTAINER:
        return CONTAINER_OWNER
    if write.op == Op.CREATE_TTL:
        return TTL_OWNER + write.ttl
    return caller.session if flag.ephemeral else 0


def _require_version(current: int, expected: int) -> int:
    """The next version, unless the expected one is neither -1 (any) nor the current."""
    if expected not in (-1, current):
        raise Refused(Code.BAD_VERSION)
    return current + 1


def _type_in_multi(body: Body) -> int:
    match body:
        case records.CreateTxn():
            return Op.CREATE
        case records.CreateContainerTxn():
            return Op.CREATE_CONTAINER
        case records.CreateTTLTxn():
            return Op.CREATE_TTL
        case records.DeleteTxn():
            return Op.DELETE
        case records.SetDataTxn():
            return Op.SET_DATA
        case records.CheckVersionTxn():
            return Op.CHECK
        case _:
            return Op.ERROR
