"""Znodes and sessions, for any number of paths and sessions: the rules of the stat fields.

After `DataTree.createNode`, `setData`, `deleteNode` and `killSession`. The transaction id of each step is any zxid
above the last one. A path has one parent for ever; `present` says which paths have a znode. Versions are integers, so
the proof can be asked over unbounded integers or over machine words; over 32 bits it fails where ZooKeeper does.

An abstraction: closing a session raises the child version of a parent once, not once per removed child. ACLs,
watches, quotas, containers and the data itself are not modelled. `parent: Path → Path` is outside the decidable
fragment; the solver has always answered.
"""

from .. import (
    Formula,
    Function,
    Integer,
    OrderedSort,
    Relation,
    Sort,
    Step,
    Theory,
    Update,
    action,
    axiom,
    background,
    choose,
    exists,
    forall,
    function,
    iff,
    implies,
    initially,
    integer,
    relation,
    safety,
    step_safety,
    variant,
    when,
)


class Path(Sort):
    """A path, whether or not a znode is there."""


class Session(Sort):
    """A client session."""


class Zxid(OrderedSort, least=True):
    """A transaction id; `Zxid.zero()` is that of the empty tree."""


version_modulo = variant("version-modulo", "A version starts again from 1 after 2.")
child_under_ephemeral = variant("child-under-ephemeral", "An ephemeral znode may get children.")
delete_non_empty = variant("delete-non-empty", "A znode with children may be deleted.")
close_keeps_ephemerals = variant("close-keeps-ephemerals", "Closing a session leaves its ephemerals.")

ANY_VERSION = -1  # the client's wildcard


class Znodes(Theory):
    """The znode tree with its stat fields, and the sessions that own its ephemerals."""

    sorts = (Path, Session, Zxid, Integer)
    rows = (Path,)
    instances = ({"Path": 4, "Session": 2, "Zxid": 9, "Integer": 3},)
    variants = (version_modulo, child_under_ephemeral, delete_non_empty, close_keeps_ephemerals)

    root: Function[Path] = background("the path /")
    parent: Function[Path, Path] = background("the path without its last part; of the root, itself")
    present: Relation[Path] = relation("there is a znode at p")
    ephemeral: Relation[Path] = relation("the znode at p is ephemeral")
    live: Relation[Session] = relation("session s is open")
    closed: Relation[Session] = relation("session s was closed")
    owner: Function[Path, Session] = function("the session of the ephemeral at p")
    version: Function[Path, Integer] = function("dataVersion")
    cversion: Function[Path, Integer] = function("the version of the children")
    czxid: Function[Path, Zxid] = function("the transaction that created the znode")
    mzxid: Function[Path, Zxid] = function("the last transaction that changed the data")
    pzxid: Function[Path, Zxid] = function("the last transaction that changed the children")
    last: Function[Zxid] = function("the last transaction")

    @axiom
    def root_is_its_parent(self) -> Formula:
        """Only the root is its own parent."""
        return forall(Path, lambda p: iff(self.parent(p) == p, p == self.root()))

    @initially
    def only_the_root(self) -> tuple[Update, ...]:
        """The tree is its root; nobody is connected."""
        zero, nought = Zxid.zero(), integer(0)
        return (
            self.present.rewrite(lambda p: p == self.root()),
            self.owner.rewrite(lambda p: self.owner(p)),
            self.version.rewrite(lambda p: nought),
            self.cversion.rewrite(lambda p: nought),
            self.czxid.rewrite(lambda p: zero),
            self.mzxid.rewrite(lambda p: zero),
            self.pzxid.rewrite(lambda p: zero),
            self.last.put(zero),
        )

    @action
    def open_session(self, s: Session, z: Zxid) -> Step:
        """A client connects, with a session id never used before."""
        return when(~self.live(s), ~self.closed(s), self.last() < z).then(self.live.insert(s), self.last.put(z))

    @action
    def create(self, p: Path, z: Zxid) -> Step:
        """A persistent znode is created at p."""
        return when(*self._may_create(p, z)).then(*self._creates(p, z))

    @action
    def create_ephemeral(self, p: Path, z: Zxid, s: Session) -> Step:
        """An ephemeral znode of session s is created at p."""
        return when(self.live(s), *self._may_create(p, z)).then(
            *self._creates(p, z), self.ephemeral.insert(p), self.owner.put(p, s)
        )

    def _may_create(self, p: Path, z: Zxid) -> tuple[Formula, ...]:
        above = self.parent(p)
        persistent = self.unless(child_under_ephemeral, ~self.ephemeral(above))
        return self.last() < z, ~self.present(p), self.present(above), persistent

    def _creates(self, p: Path, z: Zxid) -> tuple[Update, ...]:
        above = self.parent(p)
        return (
            self.present.insert(p),
            self.version.put(p, integer(0)),
            self.cversion.rewrite(
                lambda x: choose(x == p, integer(0), choose(x == above, self.cversion(x) + 1, self.cversion(x)))
            ),
            self.czxid.put(p, z),
            self.mzxid.put(p, z),
            self.pzxid.rewrite(lambda x: choose((x == p) | (x == above), z, self.pzxid(x))),
            self.last.put(z),
        )

    @action
    def set_data(self, p: Path, z: Zxid, expected: Integer) -> Step:
        """A client sets the data at p, of the version that it expects, or of any."""
        matches = (expected == self.version(p)) | (expected == integer(ANY_VERSION))
        following = self.version(p) + 1
        if self.deviates(version_modulo):
            following = choose(self.version(p) == integer(2), integer(1), following)
        return when(self.present(p), self.last() < z, matches).then(
            self.version.put(p, following), self.mzxid.put(p, z), self.last.put(z)
        )

    @action
    def delete(self, p: Path, z: Zxid) -> Step:
        """A znode without children is deleted."""
        childless = forall(Path, lambda c: implies(self.present(c) & (self.parent(c) == p), c == self.root()))
        above = self.parent(p)
        return when(p != self.root(), self.present(p), self.last() < z, self.unless(delete_non_empty, childless)).then(
            self.present.remove_where(lambda x: x == p),
            self.ephemeral.remove_where(lambda x: x == p),
            self.cversion.put(above, self.cversion(above) + 1),
            self.pzxid.put(above, z),
            self.last.put(z),
        )

    @action
    def close_session(self, s: Session, z: Zxid) -> Step:
        """A session ends, and its ephemerals go in the same transaction."""

        def goes(x: Path) -> Formula:
            if self.deviates(close_keeps_ephemerals):
                return ~self.present(x) & self.present(x)
            return self.present(x) & self.ephemeral(x) & (self.owner(x) == s)

        def loses_child(x: Path) -> Formula:
            return exists(Path, lambda c: goes(c) & (self.parent(c) == x))

        return when(self.live(s), self.last() < z).then(
            self.live.remove_where(lambda t: t == s),
            self.closed.insert(s),
            self.present.remove_where(goes),
            self.ephemeral.remove_where(goes),
            self.cversion.rewrite(lambda x: choose(loses_child(x), self.cversion(x) + 1, self.cversion(x))),
            self.pzxid.rewrite(lambda x: choose(loses_child(x), z, self.pzxid(x))),
            self.last.put(z),
        )

    # What is to be proved of every state.

    @safety
    def root_exists(self) -> Formula:
        """The root is there, and persistent."""
        return self.present(self.root()) & ~self.ephemeral(self.root())

    @safety
    def parents_exist(self, p: Path) -> Formula:
        """Every znode has a parent."""
        return implies(self.present(p), self.present(self.parent(p)))

    @safety
    def parents_are_persistent(self, p: Path) -> Formula:
        """An ephemeral has no children."""
        return implies(self.present(p), ~self.ephemeral(self.parent(p)))

    @safety
    def ephemerals_are_owned(self, p: Path) -> Formula:
        """The session of an ephemeral is open, and an ephemeral is there."""
        return implies(self.ephemeral(p), self.present(p) & self.live(self.owner(p)))

    @safety
    def sessions_stay_closed(self, s: Session) -> Formula:
        """A session that was closed is not open."""
        return implies(self.closed(s), ~self.live(s))

    @safety
    def versions_are_not_negative(self, p: Path) -> Formula:
        """A version is never negative, so never the wildcard."""
        return implies(self.present(p), (integer(0) <= self.version(p)) & (integer(0) <= self.cversion(p)))

    @safety
    def data_follows_creation(self, p: Path) -> Formula:
        """czxid <= mzxid <= the last transaction, and the same for pzxid."""
        data = (self.czxid(p) <= self.mzxid(p)) & (self.mzxid(p) <= self.last())
        children = (self.czxid(p) <= self.pzxid(p)) & (self.pzxid(p) <= self.last())
        return implies(self.present(p), data & children)

    @safety
    def children_follow_parents(self, p: Path) -> Formula:
        """A child was created after its parent, and the parent's pzxid knows of it."""
        above = self.parent(p)
        ordered = (self.czxid(above) <= self.czxid(p)) & (self.czxid(p) <= self.pzxid(above))
        return implies(self.present(p) & (p != self.root()), ordered)

    @safety
    def untouched_data_has_version_zero(self, p: Path) -> Formula:
        """mzxid = czxid only for data that was never set."""
        return implies(self.present(p) & (self.mzxid(p) == self.czxid(p)), self.version(p) == integer(0))

    @safety
    def untouched_children_have_version_zero(self, p: Path) -> Formula:
        """cversion = 0 only while pzxid = czxid."""
        same = self.pzxid(p) == self.czxid(p)
        return implies(self.present(p) & (self.cversion(p) == integer(0)), same)

    # What is to be proved of every step.

    def _same(self, after: "Znodes", p: Path) -> Formula:
        """p has the same incarnation before and after the step."""
        return self.present(p) & after.present(p) & (self.czxid(p) == after.czxid(p))

    @step_safety()
    def versions_grow(self, after: "Znodes", p: Path) -> Formula:
        """The version of a znode never decreases."""
        return implies(self._same(after, p), self.version(p) <= after.version(p))

    @step_safety()
    def child_versions_grow(self, after: "Znodes", p: Path) -> Formula:
        """The child version of a znode never decreases."""
        return implies(self._same(after, p), self.cversion(p) <= after.cversion(p))

    @step_safety()
    def data_changes_with_version(self, after: "Znodes", p: Path) -> Formula:
        """mzxid changes exactly when the version does."""
        same_data = self.mzxid(p) == after.mzxid(p)
        return implies(self._same(after, p), iff(same_data, self.version(p) == after.version(p)))

    @step_safety()
    def zxids_grow(self, after: "Znodes") -> Formula:
        """Every step is a transaction with a larger zxid."""
        return self.last() < after.last()

    @step_safety()
    def creation_is_new(self, after: "Znodes", p: Path) -> Formula:
        """A znode that comes to be gets a czxid above all before."""
        return implies(~self.present(p) & after.present(p), self.last() < after.czxid(p))

    @step_safety()
    def creation_is_final(self, after: "Znodes", p: Path) -> Formula:
        """czxid, owner and kind of a znode never change while it is there."""
        kept = (self.czxid(p) == after.czxid(p)) & iff(self.ephemeral(p), after.ephemeral(p))
        owned = implies(self.ephemeral(p), self.owner(p) == after.owner(p))
        return implies(self.present(p) & after.present(p), kept & owned)

    @step_safety()
    def closing_removes_ephemerals(self, after: "Znodes", p: Path) -> Formula:
        """When a session ends, its ephemerals are gone in the same step."""
        ends = self.live(self.owner(p)) & ~after.live(self.owner(p))
        return implies(self.ephemeral(p) & ends, ~after.present(p))

    @step_safety()
    def closing_is_final(self, after: "Znodes", s: Session) -> Formula:
        """A closed session stays closed."""
        return implies(self.closed(s), after.closed(s))
