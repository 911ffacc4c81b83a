"""The specification `znodes` follows what an ensemble commits, and every member is compared with it.

The member that is the first to apply a transaction, or to serve a tree that has it from a snapshot, sets the order: the
step that the transaction stands for is taken, and its end must be that of the transaction. Every log has the same
transaction before it, and every other member must apply the same ones in the same order. A member's tree is the
specification's state after a prefix of them, in all that `znodes` knows of a znode; sessions are those that are live.
The zxids of the specification count its own steps; they are compared by the transaction that each step was.

A step is what was asked for, if a client did; else what the transaction says: a session ends, a container goes. No step
are sessions that begin, or end once more; requests refused because of their session; and what the leader wanted of its
own and could not have. A learner may get a leader's history before it is committed, as a snapshot: such a tree is
compared when it is, and until then, or if it never is, the member must not serve. Knows no network and no disk.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from ....impl.data.node import CONTAINER_OWNER, Node
from ....impl.data.tree import Tree
from ....impl.disk.printing import txn_line
from ....impl.wire.records import CreateSessionTxn, ErrorTxn, Txn
from ....spec.lang.domains import Enumeration, Map, Optional, Record
from ....spec.lang.reader import read
from ....spec.zookeeper.znodes import Path, Znodes
from ....traces.trace import Log, Parting, Step, Trace
from ...logs.observed import Observer
from ...logs.reading import one_line
from ...result import Label, State
from ..cluster.shadow import Mismatch, Shadow, shown

PATHS = [path.value for path in Path]
SESSIONS = 32
ZXIDS = 1000
OWN = "/zookeeper"  # what every server has, and the specification has not
STAMPS = ("czxid", "mzxid", "pzxid")

Values = dict[str, Any]


class Parted(Mismatch):
    """A mismatch at a step: so many steps were matched before it, `parting` is the next."""

    def __init__(self, text: str, matched: int, parting: Parting) -> None:
        super().__init__(text)
        self.matched, self.parting = matched, parting


@dataclass(frozen=True, slots=True)
class Point:
    """After a transaction: its zxid, what it was, how many steps were taken, and what every tree has to show."""

    zxid: int
    payload: bytes
    steps: int
    nodes: dict[str, Values]
    live: frozenset[int]


class Committed:
    """One run. `asked` says what clients want, by session and number of the request."""

    def __init__(self, variants: tuple[str, ...] = ()) -> None:
        self._shadow = _specification(variants)
        kinds = {variable.name: variable.type for variable in self._shadow.specification.variables}
        code, tree = kinds["code"], kinds["tree"]
        assert isinstance(code, Enumeration) and isinstance(tree, Map)
        assert isinstance(tree.value, Optional) and isinstance(tree.value.item, Record)
        self._codes = code.members
        self._fields = [field for field, _ in tree.value.item.fields]
        self._observer = Observer(Path.A.value)
        self._steps = [Step(("init", ()), self._shadow.first)]
        self._lines, self._zxids = [""], [0]  # of every step
        self.sessions = self._observer.sessions  # numbers of the specification by id
        self.asked: dict[tuple[int, int], Label] = {}
        self.answered: dict[int, int] = {}  # the last request of a session that became a transaction
        self._logged: dict[int, tuple[int, bytes]] = {}  # by zxid: what is before it in every log, and what it is
        self.points = [Point(0, b"", 0, self._shown(), frozenset())]
        self._at = {0: 0}  # by zxid

    @property
    def state(self) -> State:
        """The specification's state after everything that was committed."""
        return self._steps[-1].state

    def of(self, name: str) -> Any:
        """A variable of this state."""
        return self.state[self._shadow.at[name]]

    @property
    def steps(self) -> int:
        """How many steps the specification took."""
        return len(self._steps) - 1

    @property
    def actions(self) -> Counter[str]:
        """How often each action was a step."""
        return Counter(step.label[0] for step in self._steps[1:])

    @property
    def last_zxid(self) -> int:
        """Of the last transaction that some member has applied."""
        return self.points[-1].zxid

    # ------------------------------------------------------------------------------------------------- the steps

    def log(self, who: str, before: int, zxid: int, payload: bytes) -> None:
        """A member has logged a transaction behind the one with the zxid `before`."""
        known = self._logged.setdefault(zxid, (before, payload))
        if known != (before, payload):
            raise Mismatch(f"{who} has logged 0x{zxid:x} after 0x{before:x}, another one after 0x{known[0]:x}")

    def apply(self, who: str, before: int, payload: bytes) -> None:
        """A member whose last zxid was `before` has applied a transaction."""
        self._catch_up(who, before)
        at = self._at[before]
        if at + 1 < len(self.points):
            known = self.points[at + 1]
            if known.payload != payload:
                zxid = Txn.decode(payload).header.zxid
                raise self._parted(at + 1, f"{who} has applied 0x{zxid:x} where 0x{known.zxid:x} is next")
            return
        self._go_on(who, Txn.decode(payload), payload)

    def _catch_up(self, who: str, zxid: int) -> None:
        """What leads to this zxid is committed: a member serves it, or goes on from it."""
        ahead: list[bytes] = []
        at = zxid
        while at not in self._at and at in self._logged:
            at, payload = self._logged[at]
            ahead.append(payload)
        if at not in self._at or (ahead and at != self.last_zxid):
            raise self._parted(
                len(self.points) - 1, f"{who} is at 0x{zxid:x}, which does not follow 0x{self.last_zxid:x}"
            )
        for payload in reversed(ahead):
            self._go_on(who, Txn.decode(payload), payload)

    def _go_on(self, who: str, txn: Txn, payload: bytes) -> None:
        header = txn.header
        if self._logged.get(header.zxid) != (self.last_zxid, payload):
            raise self._parted(len(self.points) - 1, f"{who} has applied 0x{header.zxid:x} after 0x{self.last_zxid:x}")
        label, code = self._meant(who, txn)
        if label is not None:
            self._take(who, label, code, txn)
        if isinstance(txn.body, CreateSessionTxn):
            self.sessions.setdefault(header.session_id, len(self.sessions))
        self.answered[header.session_id] = header.cxid
        live = self.of("live")
        open_ = frozenset(session for session, number in self.sessions.items() if live >> number & 1)
        self._at[header.zxid] = len(self.points)
        self.points.append(Point(header.zxid, payload, self.steps, self._shown(), open_))

    def _meant(self, who: str, txn: Txn) -> tuple[Label | None, str]:
        """The step that a transaction stands for, and how it ended; no step for what stands for none."""
        seen = self._observer.see(txn)
        code = seen.code if seen is not None else "OK"
        asked = self.asked.get((txn.header.session_id, txn.header.cxid))
        if code not in self._codes:
            return None, code
        if asked is None and isinstance(txn.body, ErrorTxn) and txn.header.session_id:
            raise Mismatch(f"{who} has applied the failure of a request that nobody has made: {txn_line(txn)}")
        label = asked or (seen.label if seen is not None else None)
        return None if self._is_over(label) else label, code

    def _is_over(self, label: Label | None) -> bool:
        """Whether a step would end a session that has ended: it was closed and expired at the same time."""
        match label:
            case "close_session", (int(number),):
                return not self.of("live") >> number & 1
        return False

    def _take(self, who: str, label: Label, code: str, txn: Txn) -> None:
        name, arguments, line = shown(*label), label[1], one_line(txn_line(txn))
        numbers = [number for number in arguments if number is None or isinstance(number, int)]
        try:
            after = self._shadow.take(self.state, label[0], *numbers)
        except Mismatch as mismatch:
            text = f"{who} has applied {line}: {mismatch}"
            raise Parted(text, len(self._steps), Parting(line, label)) from None
        expected = self._codes[after[self._shadow.at["code"]]]
        if expected != code:
            differs = f"the request has ended with {code}, in the specification with {expected}"
            text = f"{who} has applied {line}, {name}: {differs}"
            raise Parted(text, len(self._steps), Parting(line, label, (differs,)))
        self._steps.append(Step(label, after))
        self._lines.append(line)
        self._zxids.append(txn.header.zxid)

    # -------------------------------------------------------------------------------------------------- the map

    def knows(self, tree: Tree) -> bool:
        """Whether a tree is as old as something that is committed."""
        return tree.last_zxid in self._at

    def compare(self, who: str, tree: Tree, serving: bool) -> None:
        """A member's tree is the specification's state after a prefix; raises Mismatch."""
        if not self.knows(tree) and not serving:
            return
        self._catch_up(who, tree.last_zxid)
        at = self._at[tree.last_zxid]
        point = self.points[at]
        differences = _differences(self._of_tree(tree), point.nodes)
        if tree.timeouts_ms.keys() != point.live:
            differences.append(f"{len(tree.timeouts_ms)} sessions are live, in the specification {len(point.live)}")
        if differences:
            raise self._parted(at, *(f"{who} after 0x{point.zxid:x}: {one}" for one in differences))

    def _of_tree(self, tree: Tree) -> dict[str, Values]:
        paths = (path for path in tree.nodes if path != OWN and not path.startswith(f"{OWN}/"))
        return {path: self._of_node(tree.nodes[path]) for path in paths}

    def _of_node(self, node: Node) -> Values:
        values = {field: getattr(node, field) for field in self._fields if field not in ("owner", "container")}
        owner = node.ephemeral_owner if node.is_ephemeral else None
        return {**values, "owner": owner, "container": node.ephemeral_owner == CONTAINER_OWNER}

    def _shown(self) -> dict[str, Values]:
        """The specification's tree in the words of the implementation."""
        nodes = zip(PATHS, self.of("tree"), strict=True)
        return {path: self._of_znode(dict(zip(self._fields, node, strict=True))) for path, node in nodes if node}

    def _of_znode(self, values: Values) -> Values:
        stamps = {field: self._zxids[values[field]] for field in STAMPS}
        owner = None if values["owner"] is None else list(self.sessions)[values["owner"]]
        return {**values, **stamps, "owner": owner, "container": bool(values["container"])}

    # ------------------------------------------------------------------------------------------------ the trace

    def _parted(self, at: int, *differences: str) -> Mismatch:
        """A mismatch after this transaction: the trace ends before the last step that belongs to it."""
        step, text = self.points[at].steps, "; ".join(differences)
        if step == 0:
            return Mismatch(text)
        return Parted(text, step, Parting(self._lines[step], self._steps[step].label, differences))

    def trace(self, name: str, seed: int, parted: Parted) -> Trace:
        """What was committed, as far as it was matched, and how it goes on."""
        steps, lines = self._steps[: parted.matched], self._lines[: parted.matched]
        left_out = len(self.points) - 1 - self.steps
        log = Log(name, tuple(lines), left_out, parted.parting)
        specification = self._shadow.specification
        return Trace(
            specification, "znodes", tuple(steps), "undecided", None, engine="simulated members", seed=seed, log=log
        )


@cache
def _specification(variants: tuple[str, ...]) -> Shadow:
    """Read once for all runs."""
    return Shadow(read(Znodes, {"zxids": ZXIDS, "sessions": SESSIONS}, variants))


def _differences(found: dict[str, Values], expected: dict[str, Values]) -> list[str]:
    """Both sides of every field that differs."""
    told = []
    for path in sorted(found.keys() | expected.keys()):
        if path not in found or path not in expected:
            told.append(f"{path} is {'there' if path in found else 'missing'}, unlike in the specification")
            continue
        for field, value in expected[path].items():
            if found[path][field] != value:
                told.append(f"{field} of {path} is {_word(found[path][field])}, in the specification {_word(value)}")
    return told


def _word(value: int | None) -> str:
    """Zxids and sessions as they are printed elsewhere."""
    return f"0x{value:x}" if value is not None and value > ZXIDS else str(value)
