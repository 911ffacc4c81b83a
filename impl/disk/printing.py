"""Logs and snapshots as text, line by line as ZooKeeper's own tools print them.

The texts are those of `TxnLogToolkit -d` and `SnapshotFormatter` on Java 17 with an English locale and the time zone
UTC, so that outputs can be compared. Data is printed as it is: its control characters reach the terminal.
Knows no files. Source: TxnLogToolkit.printTxn, SnapshotFormatter.printDetails, Request.op2String, jute's toString.
"""

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar, assert_never

from ..wire import records
from ..wire.jute import Writer, text_of
from ..wire.records import ACL, ACLs, Body, Op, Txn
from . import log
from .snapshot import Snapshot, StoredNode

T = TypeVar("T")

_MASK64 = (1 << 64) - 1
_MASK32 = (1 << 32) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_OPERATIONS = {
    Op.CREATE: "create",
    Op.DELETE: "delete",
    Op.SET_DATA: "setData",
    Op.SET_ACL: "setACL",
    Op.CHECK: "check",
    Op.MULTI: "multi",
    Op.CREATE2: "create2",
    Op.RECONFIG: "reconfig",
    Op.CREATE_CONTAINER: "createContainer",
    Op.DELETE_CONTAINER: "deleteContainer",
    Op.CREATE_TTL: "createTtl",
    Op.CREATE_SESSION: "createSession",
    Op.CLOSE_SESSION: "closeSession",
    Op.ERROR: "error",
}


def log_lines(data: bytes) -> Iterator[str]:
    """One line for a log's header, each of its transactions, and its end. Raises `Malformed` like `log.entries`."""
    if not log.check_header(data):
        return
    version, dbid = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:16], "big", signed=True)
    yield f"ZooKeeper Transactional Log File with dbid {dbid} txnlog format version {version}"
    count = 0
    for entry in log.entries(data):
        yield txn_line(entry.txn())
        count += 1
    yield f"EOF reached after {count} txns."


def txn_line(txn: Txn) -> str:
    """One transaction: when, who, which, what."""
    header = txn.header
    return (
        f"{_short_date(header.time)} session 0x{header.session_id & _MASK64:x} cxid 0x{header.cxid & _MASK32:x} "
        f"zxid 0x{header.zxid & _MASK64:x} {operation(header.type)} {_body(txn.body)}"
    ).removesuffix("\n")


def operation(type: int) -> str:
    """The name of a transaction type."""
    name = _OPERATIONS.get(Op(type)) if type in _OPERATIONS else None
    return name or f"unknown {type}"


def snapshot_lines(snapshot: Snapshot, zxid: int, *, with_data: bool = False) -> Iterator[str]:
    """Every node, every session and the last zxid; `zxid` is the one in the file's name."""
    # Java's map of nodes has the root under two names, "" and "/".
    yield f"ZNode Details (count={len(snapshot.nodes) + 1}):"
    last = zxid
    for node in _in_order_of_java(snapshot.nodes):
        yield "----"
        yield from _node_lines(node, with_data)
        last = max(last, node.stat.mzxid, node.stat.pzxid)
    yield "----"
    yield "Session Details (sid, timeout, ephemeralCount):"
    ephemerals = Counter(node.stat.ephemeral_owner for node in snapshot.nodes if node.path)
    for session, timeout in _by_bucket(snapshot.sessions, 16, lambda pair: _hash_of_long(pair[0])):
        yield f"{_padded(session)}, {timeout}, {ephemerals[session]}"
    yield "----"
    yield f"Last zxid: 0x{last & _MASK64:x}"


def _node_lines(node: StoredNode, with_data: bool) -> Iterator[str]:
    stat = node.stat
    yield node.path or "/"
    yield f"  cZxid = {_padded(stat.czxid)}"
    yield f"  ctime = {_long_date(stat.ctime)}"
    yield f"  mZxid = {_padded(stat.mzxid)}"
    yield f"  mtime = {_long_date(stat.mtime)}"
    yield f"  pZxid = {_padded(stat.pzxid)}"
    yield f"  cversion = {stat.cversion}"
    yield f"  dataVersion = {stat.version}"
    yield f"  aclVersion = {stat.aversion}"
    yield f"  ephemeralOwner = {_padded(stat.ephemeral_owner)}"
    data = node.data or b""
    yield f"  data = {base64.b64encode(data).decode()}" if with_data else f"  dataLength = {len(data)}"


def _body(body: Body) -> str:
    match body:
        case records.CreateTxn():
            fields = f"{_acls(body.acl)},{_boolean(body.ephemeral)},{body.parent_cversion}"
            return f"{body.path},{_data(body.data)},{fields}"
        case records.CreateContainerTxn():
            return f"{body.path},{_data(body.data)},{_acls(body.acl)},{body.parent_cversion}"
        case records.CreateTTLTxn():
            return f"{body.path},{_data(body.data)},{_acls(body.acl)},{body.parent_cversion},{body.ttl}"
        case records.SetDataTxn():
            return f"{body.path},{_data(body.data)},{body.version}"
        case records.MultiTxn():
            return ";".join(f"{operation(part.type)}:{_encoded(part.body)}" for part in body.txns)
        case records.DeleteTxn():
            return _quoted(body.path)
        case records.SetACLTxn():
            lists = ",".join(f"s{{{acl.perms},{_identity(acl)}}}" for acl in body.acl or ())
            return f"{_quoted(body.path)},v{{{lists}}},{body.version}"
        case records.CheckVersionTxn():
            return f"{_quoted(body.path)},{body.version}"
        case records.CreateSessionTxn():
            return str(body.timeout)
        case records.CloseSessionTxn():
            return "" if body.paths is None else f"v{{{','.join(map(_quoted, body.paths))}}}"
        case records.ErrorTxn():
            return str(body.err)
        case _:
            assert_never(body)


def _encoded(body: Body) -> str:
    out = Writer()
    body.encode(out)
    return text_of(out.done())


def _data(data: bytes | None) -> str:
    return text_of(data or b"")


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _acls(acls: ACLs | None) -> str:
    """A Java list of records, each of which ends its own line."""
    if acls is None:
        return "null"
    return "[" + ", ".join(f"{acl.perms},{_identity(acl)}\n" for acl in acls) + "]"


def _identity(acl: ACL) -> str:
    return f"s{{{_quoted(acl.id.scheme)},{_quoted(acl.id.id)}}}"


_ESCAPES = str.maketrans({char: f"%{ord(char):02X}" for char in "\0\n\r,}%"})


def _quoted(text: str | None) -> str:
    return "" if text is None else "'" + text.translate(_ESCAPES)


def _padded(number: int) -> str:
    return f"{number & _MASK64:#016x}"


def _date(time_ms: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return None


def _short_date(time_ms: int) -> str:
    date = _date(time_ms)
    if date is None:
        return f"{time_ms} ms"
    hour, half = date.hour % 12 or 12, "AM" if date.hour < 12 else "PM"
    return f"{date.month}/{date.day}/{date.year % 100:02}, {hour}:{date.minute:02}:{date.second:02} {half} UTC"


def _long_date(time_ms: int) -> str:
    date = _date(time_ms)
    if date is None:
        return f"{time_ms} ms"
    clock = f"{date.hour:02}:{date.minute:02}:{date.second:02}"
    return f"{_DAYS[date.weekday()]} {_MONTHS[date.month - 1]} {date.day:02} {clock} UTC {date.year}"


def _in_order_of_java(nodes: Sequence[StoredNode]) -> Iterator[StoredNode]:
    """Parents first, siblings in the order of the HashSet that the tool has put them into."""
    children: dict[str, list[StoredNode]] = {}
    for node in nodes:
        children.setdefault(node.path.rpartition("/")[0] if node.path else "/", []).append(node)
    pending = children.get("/", [])
    while pending:
        node = pending.pop()
        yield node
        siblings = _by_bucket(
            children.get(node.path, []), 8, lambda child: _hash_of_string(child.path.rpartition("/")[2])
        )
        pending += reversed(siblings)


def _by_bucket(items: Sequence[T], capacity: int, hash_of: Callable[[T], int]) -> list[T]:
    """The items as java.util.HashMap iterates over them after they were put in this order.

    Only one thing is not followed: while Java fills a large table, nine items in one bucket become a tree for a while,
    which may change their order among themselves.
    """
    while len(items) > capacity * 3 // 4:
        capacity *= 2
    return sorted(items, key=lambda item: _spread(hash_of(item)) & (capacity - 1))


def _spread(value: int) -> int:
    return value ^ value >> 16


def _hash_of_string(text: str) -> int:
    value = 0
    for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"):
        value = (31 * value + unit) & _MASK32
    return value


def _hash_of_long(number: int) -> int:
    return (number ^ (number & _MASK64) >> 32) & _MASK32
