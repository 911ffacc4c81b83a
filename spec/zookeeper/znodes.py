"""Znodes: what each write does to ZooKeeper's tree, its versions and its stamps (Java: DataTree).

Writes reach the tree one at a time, in the order of their zxids: the leader checks each against the tree as all
earlier writes leave it (PrepRequestProcessor.pRequest2Txn), and it is applied (DataTree.processTxn). A write that
fails changes nothing, but has taken its zxid. A znode's *stat* records which writes made and changed it; its three
versions count changes of data, of children and of the access control list.

How writes get their order is the business of `zab.py`; who is told of them, of `watches.py`; what clients of several
servers see, of `cluster.py`. Reads change nothing, and do not occur here.
"""

from enum import Enum
from typing import Self

from ..lang import (
    Constant,
    Map,
    Range,
    Record,
    Set,
    Sort,
    Spec,
    action,
    expect,
    invariant,
    require,
    state,
    step_invariant,
    terminal,
    variant,
    witness,
)

zxids = Constant(4, "the number of writes, failed ones included", low=1, high=1000)
sessions = Constant(2, "number of sessions", low=1)
modulus = Constant(2, "p of the variant version-modulo", low=1)

version_modulo = variant("version-modulo", "The version after x is computed as (x mod p) + 1.")
acl_touches_mzxid = variant("acl-touches-mzxid", "setACL writes its zxid into mzxid, as if it had changed the data.")
acl_version_lost = variant("acl-version-lost", "setData writes a fresh stat, in which aversion is 0 again.")
delete_lowers_cversion = variant(
    "delete-lowers-cversion", "A delete lowers the parent's counter, so that a sequential name is given out again."
)
parent_unstamped = variant("parent-unstamped", "A create does not write its zxid into the pzxid of the parent.")
create_overwrites = variant("create-overwrites", "Creating a path that exists replaces the znode.")
delete_with_children = variant("delete-with-children", "A delete does not look for children.")
child_under_ephemeral = variant("child-under-ephemeral", "A create does not ask whether the parent is ephemeral.")
ephemeral_survives = variant("ephemeral-survives", "A session that closes leaves its ephemeral znodes behind.")
container_too_early = variant("container-too-early", "An empty container is removed before it has had a child.")
multi_keeps_part = variant("multi-keeps-part", "A multi that fails keeps what its first part has done.")
failure_takes_no_zxid = variant("failure-takes-no-zxid", "A write that fails leaves its zxid to the next one.")


class Path(Enum):
    """The places of a little tree. Znodes with a sequential name have only numbers here, as if their prefix were ""."""

    ROOT = "/"
    A = "/a"
    A_B = "/a/b"
    A_0 = "/a/0000000000"
    A_1 = "/a/0000000001"
    A_2 = "/a/0000000002"
    A_3 = "/a/0000000003"
    A_4 = "/a/0000000004"


class Session(Sort, size=sessions):
    """A client's session. Sessions are interchangeable."""


class Zxid(Range, low=0, high=zxids):
    """The number of a write; 0 stands before all of them."""


class Version(Range, low=0, high=zxids):
    """How often something has changed."""


class Znode(Record):
    """A znode without its data (Java: DataNode, StatPersisted)."""

    czxid: Zxid  # the write that created it
    mzxid: Zxid  # the last write of its data
    pzxid: Zxid  # the last write that created or deleted a child
    version: Version  # of its data
    cversion: Version  # how many children were ever created; clients are shown another number, see `shown_cversion`
    aversion: Version  # of its access control list
    owner: Session | None  # of an ephemeral
    container: bool


class Code(Enum):
    """How a write ends (Java: KeeperException.Code)."""

    OK = "0"
    BAD_ARGUMENTS = "-8"
    NO_NODE = "-101"
    NO_CHILDREN_FOR_EPHEMERALS = "-108"
    NODE_EXISTS = "-110"
    NOT_EMPTY = "-111"


def parent(p: Path) -> Path:
    """The place above; the root's is the root."""
    return Path.ROOT if p in (Path.ROOT, Path.A) else Path.A


def new(zxid: Zxid, owner: Session | None, container: bool) -> Znode:
    """A znode as a create makes it."""
    return Znode(zxid, zxid, zxid, Version(0), Version(0), Version(0), owner, container)


def numbered(counter: Version) -> Path:
    """The sequential name with a number (Java: PrepRequestProcessor, "%010d")."""
    if counter == 0:
        return Path.A_0
    if counter == 1:
        return Path.A_1
    if counter == 2:
        return Path.A_2
    return Path.A_3 if counter == 3 else Path.A_4


def is_numbered(p: Path) -> bool:
    """Whether a place has a sequential name."""
    return p not in (Path.ROOT, Path.A, Path.A_B)


class Znodes(Spec):
    """The tree of znodes under writes in the order of their zxids."""

    zxid: Zxid = state(Zxid(0))  # of the last write
    tree: Map[Path, Znode | None] = state(
        lambda p: new(Zxid(0), None, False) if p is Path.ROOT else None  # the root is there from the start
    )
    live: Set[Session] = state(Set(s for s in Session))
    given: Set[Path] = state()  # the sequential names that the present /a has given out
    code: Code = state(Code.OK, ghost=True)  # how the last write ended
    swept: bool = state(False, ghost=True)  # the last write came from no client: the leader removed a container

    # --------------------------------------------------------------------------------------------------- writes

    @action
    def create(self, p: Path, owner: Session | None) -> None:
        """Creates a znode, persistent or an ephemeral of a session (PrepRequestProcessor.pRequest2TxnCreate)."""
        require(not is_numbered(p) and (owner is None or owner in self.live))
        self.take_zxid()
        error = self.create_error(p)
        if error is Code.OK:
            self.insert(p, owner, False)
        self.answer(error)

    @action
    def create_container(self, p: Path) -> None:
        """Creates a container: a znode that goes when its last child has gone (pRequest2TxnCreate)."""
        require(not is_numbered(p))
        self.take_zxid()
        error = self.create_error(p)
        if error is Code.OK:
            self.insert(p, None, True)
        self.answer(error)

    @action
    def create_sequential(self, owner: Session | None) -> None:
        """Creates a child of /a, named by the number of those ever created there (CreateMode.isSequential)."""
        require(owner is None or owner in self.live)
        self.take_zxid()
        a = self.tree[Path.A]
        require(a is None or a.cversion < 5)  # the little tree has five numbers, which up to five writes do not use up
        p = numbered(a.cversion) if a is not None else Path.A_0
        error = self.create_error(p)
        if error is Code.OK:
            self.insert(p, owner, False)
            self.given.add(p)
        self.answer(error)

    @action
    def delete(self, p: Path) -> None:
        """Deletes a znode that has no children (pRequest2Txn, OpCode.delete)."""
        self.take_zxid()
        error = self.delete_error(p)
        if error is Code.OK:
            self.remove(p)
        self.answer(error)

    @action
    def set_data(self, p: Path) -> None:
        """Writes a znode's data (DataTree.setData)."""
        self.take_zxid()
        node = self.tree[p]
        if node is not None:
            self.tree[p] = self.written(node)
        self.answer(Code.OK if node is not None else Code.NO_NODE)

    @action
    def set_acl(self, p: Path) -> None:
        """Writes a znode's access control list: aversion grows, and nothing else changes (DataTree.setACL)."""
        self.take_zxid()
        node = self.tree[p]
        if node is not None:
            mzxid = self.zxid if acl_touches_mzxid else node.mzxid
            self.tree[p] = node.replace(aversion=node.aversion + 1, mzxid=mzxid)
        self.answer(Code.OK if node is not None else Code.NO_NODE)

    @action
    def close_session(self, s: Session) -> None:
        """A session closes or expires: one write deletes all its ephemerals (DataTree.killSession)."""
        require(s in self.live)
        self.take_zxid()
        self.live.discard(s)
        if not ephemeral_survives:
            for p in Path:
                if self.owner(p) == s:
                    self.remove(p)
        self.answer(Code.OK)

    @action
    def remove_container(self, p: Path) -> None:
        """The leader removes a container that has had children and has none (ContainerManager.checkContainers)."""
        node = expect(self.tree[p])
        require(node.container and self.children(p) == 0)
        require(node.cversion > 0 or container_too_early)
        self.take_zxid()
        self.swept = True
        self.remove(p)
        self.answer(Code.OK)

    # ---------------------------------------------------------------------------------------------------- multi

    @action
    def multi_create_create(self, p: Path, q: Path) -> None:
        """Two creates as one write: the second finds what the first has done (pRequest2Txn, OpCode.multi)."""
        require(not is_numbered(p) and not is_numbered(q))
        self.take_zxid()
        saved = self.tree
        error = self.create_error(p)
        if error is Code.OK:
            self.insert(p, None, False)
            error = self.create_error(q)
            if error is Code.OK:
                self.insert(q, None, False)
            elif not multi_keeps_part:
                self.tree = saved
        self.answer(error)

    @action
    def multi_set_delete(self, p: Path) -> None:
        """As one write: the parent's data is written, and the child deleted (pRequest2Txn, OpCode.multi)."""
        self.take_zxid()
        saved = self.tree
        node = self.tree[parent(p)]
        error = Code.NO_NODE
        if node is not None:
            self.tree[parent(p)] = self.written(node)
            error = self.delete_error(p)
            if error is Code.OK:
                self.remove(p)
            elif not multi_keeps_part:
                self.tree = saved
        self.answer(error)

    # ------------------------------------------------------------------------------------ how a write is checked

    def create_error(self, p: Path) -> Code:
        """What is wrong with creating a path, in the order in which the server looks."""
        above = self.tree[parent(p)]
        if above is None:
            return Code.NO_NODE
        if self.tree[p] is not None and not create_overwrites:
            return Code.NODE_EXISTS
        if above.owner is not None and not child_under_ephemeral:
            return Code.NO_CHILDREN_FOR_EPHEMERALS
        return Code.OK

    def delete_error(self, p: Path) -> Code:
        """What is wrong with deleting a path, in the order in which the server looks."""
        if p is Path.ROOT:
            return Code.BAD_ARGUMENTS
        if self.tree[p] is None:
            return Code.NO_NODE
        if self.children(p) > 0 and not delete_with_children:
            return Code.NOT_EMPTY
        return Code.OK

    def children(self, p: Path) -> int:
        """How many children a znode has."""
        return sum(1 for q in Path if q is not Path.ROOT and parent(q) is p and self.tree[q] is not None)

    def owner(self, p: Path) -> Session | None:
        """The session that an ephemeral belongs to."""
        node = self.tree[p]
        return node.owner if node is not None else None

    # ------------------------------------------------------------------------------------ how a write is applied

    def take_zxid(self) -> None:
        """Every write takes the next zxid, whether or not it will fail."""
        require(self.zxid < zxids)
        self.zxid += 1
        self.swept = False

    def answer(self, error: Code) -> None:
        """The write ends."""
        self.code = error
        if failure_takes_no_zxid and error is not Code.OK:
            self.zxid -= 1

    def insert(self, p: Path, owner: Session | None, container: bool) -> None:
        """A znode begins, and its parent counts it (DataTree.createNode)."""
        above = expect(self.tree[parent(p)])
        children = above.cversion if self.there(p) else above.cversion + 1  # it is there with `create-overwrites` only
        pzxid = above.pzxid if parent_unstamped else self.zxid
        self.tree[parent(p)] = above.replace(cversion=children, pzxid=pzxid)
        self.tree[p] = new(self.zxid, owner, container)

    def remove(self, p: Path) -> None:
        """A znode ends; the counter of its parent stays (DataTree.deleteNode)."""
        self.tree[p] = None
        if p is Path.A:
            self.given.clear()
        above = expect(self.tree[parent(p)])
        lowered = above.cversion - 1 if delete_lowers_cversion else above.cversion
        self.tree[parent(p)] = above.replace(cversion=lowered, pzxid=self.zxid)

    def written(self, node: Znode) -> Znode:
        """A znode after its data was written."""
        version = node.version % modulus + 1 if version_modulo else node.version + 1
        aversion = Version(0) if acl_version_lost else node.aversion
        return node.replace(version=version, mzxid=self.zxid, aversion=aversion)

    # ------------------------------------------------------------------------------------- versions only grow

    def shown_cversion(self, p: Path) -> int:
        """The cversion that clients see: children created and deleted together (DataNode.copyStat)."""
        node = self.tree[p]
        return 2 * node.cversion - self.children(p) if node is not None else 0

    def there(self, p: Path) -> bool:
        """Whether a place has a znode. As no write here deletes a path and creates it anew, one that is there before
        and after a step lives on."""
        return self.tree[p] is not None

    @step_invariant
    def version_grows(self, before: Self) -> bool:
        """Version monotonicity: while a znode lives, the version of its data never falls."""
        return all(self.at(p).version >= before.at(p).version for p in Path if before.there(p) and self.there(p))

    @step_invariant
    def cversion_grows(self, before: Self) -> bool:
        """Cversion monotonicity: neither the stored number of creates nor the cversion that clients see ever falls."""
        return all(
            self.at(p).cversion >= before.at(p).cversion and self.shown_cversion(p) >= before.shown_cversion(p)
            for p in Path
            if before.there(p) and self.there(p)
        )

    @step_invariant
    def aversion_grows(self, before: Self) -> bool:
        """Aversion monotonicity: while a znode lives, the version of its access control list never falls."""
        return all(self.at(p).aversion >= before.at(p).aversion for p in Path if before.there(p) and self.there(p))

    @step_invariant
    def zxid_grows(self, before: Self) -> bool:
        """Zxid monotonicity: every write, failed or not, single or multi, takes exactly the next zxid."""
        return self.zxid == before.zxid + 1

    def at(self, p: Path) -> Znode:
        """The znode at a place; an empty one where there is none."""
        node = self.tree[p]
        return node if node is not None else new(Zxid(0), None, False)

    # -------------------------------------------------------------------------------------- what a stat tells

    @step_invariant
    def mzxid_tells_of_data(self, before: Self) -> bool:
        """While a znode lives, its mzxid changes exactly when the version of its data does."""
        return all(
            (self.at(p).mzxid != before.at(p).mzxid) == (self.at(p).version != before.at(p).version)
            for p in Path
            if before.there(p) and self.there(p)
        )

    @step_invariant
    def birth_is_final(self, before: Self) -> bool:
        """While a znode lives, it keeps its czxid, its owner, and whether it is a container."""
        return all(
            self.at(p).czxid == before.at(p).czxid
            and self.at(p).owner == before.at(p).owner
            and self.at(p).container == before.at(p).container
            for p in Path
            if before.there(p) and self.there(p)
        )

    @invariant
    def stamps_in_order(self) -> bool:
        """A znode is changed at or after its czxid, and its children are created then too, at or before its pzxid."""
        return all(
            self.at(p).czxid <= self.at(p).mzxid <= self.zxid
            and self.at(p).czxid <= self.at(p).pzxid <= self.zxid
            and (p is Path.ROOT or self.at(parent(p)).czxid <= self.at(p).czxid <= self.at(parent(p)).pzxid)
            for p in Path
            if self.there(p) and self.there(parent(p))
        )

    # ----------------------------------------------------------------------------------------- what may exist

    @invariant
    def parents_exist(self) -> bool:
        """Every znode but the root has a parent."""
        return all(self.tree[parent(p)] is not None for p in Path if self.tree[p] is not None)

    @invariant
    def no_child_under_an_ephemeral(self) -> bool:
        """No ephemeral has a child."""
        return all(self.owner(parent(p)) is None for p in Path if p is not Path.ROOT and self.tree[p] is not None)

    @invariant
    def owners_are_live(self) -> bool:
        """Ephemeral-owner liveness: the session that owns an ephemeral has not closed."""
        return all(owner in self.live for p in Path for owner in Session if self.owner(p) == owner)

    @step_invariant
    def names_are_never_reused(self, before: Self) -> bool:
        """While a parent lives, it gives out each sequential name once, also when the child was deleted."""
        return all(
            p not in before.given
            for p in Path
            if is_numbered(p) and before.tree[p] is None and self.tree[p] is not None
        )

    @step_invariant
    def containers_are_used_first(self, before: Self) -> bool:
        """The leader removes only containers that have had a child."""
        return not self.swept or all(before.at(p).cversion > 0 for p in Path if before.there(p) and not self.there(p))

    @step_invariant
    def all_or_nothing(self, before: Self) -> bool:
        """Multi is all or nothing: a write that fails leaves every znode as it was."""
        return self.code is Code.OK or (
            all(self.tree[p] == before.tree[p] for p in Path) and all(s in self.live for s in before.live)
        )

    # --------------------------------------------------------------------------------- what must be reachable

    @witness
    def name_is_skipped(self) -> bool:
        """A sequential name was given out, its znode deleted, and the next one has the next number."""
        return self.tree[Path.A_0] is None and Path.A_0 in self.given and self.tree[Path.A_1] is not None

    @witness
    def multi_takes_one_zxid(self) -> bool:
        """A znode and its child were created by one write."""
        return self.tree[Path.A_B] is not None and self.at(Path.A).czxid == self.at(Path.A_B).czxid

    @witness
    def changed_and_empty(self) -> bool:
        """Clients see a cversion of 2 at a znode without children: one was created and deleted."""
        return self.children(Path.A) == 0 and self.shown_cversion(Path.A) == 2

    @witness
    def container_is_due(self) -> bool:
        """A container whose last child has gone awaits its removal."""
        return self.at(Path.A).container and self.at(Path.A).cversion > 0 and self.children(Path.A) == 0

    @terminal
    def no_more_zxids(self) -> bool:
        """The writes are used up."""
        return self.zxid == zxids
