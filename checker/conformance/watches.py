"""The data service beside the specification `watches`: one server with its clients, each on a connection of its own.

Requests go through the service as bytes, and what comes out is read as a client would read it: the tables of watches,
the znodes and all that is under way on every connection are compared. What clients remember exists in the
specification only: with it a client that comes back asks for its watches again.

The service is as ZooKeeper 3.8, where a lasting watch and another one on the same znode take each other's place; in the
specification, as in 3.9, both stay. States in which a client has both are not compared: they are `outside`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...impl.data.codes import Code, EventType, Op
from ...impl.data.settings import Settings
from ...impl.data.tree import Tree
from ...impl.data.watches import Mode
from ...impl.service.service import Service
from ...impl.wire.frames import XID_SET_WATCHES
from ...spec.lang import domains, ir
from ...spec.zookeeper.watches import Happened, Kind, Path
from ..result import Label, State
from . import wire
from .wire import MIDNIGHT, Answer, Told, WireClient

PATHS = [path.value for path in Path]
KINDS, HAPPENED = list(Kind), list(Happened)
LASTING = {KINDS.index(Kind.PERSISTENT): Mode.PERSISTENT, KINDS.index(Kind.RECURSIVE): Mode.RECURSIVE}
DATA, CHILDREN = KINDS.index(Kind.DATA), KINDS.index(Kind.CHILDREN)
EVENT, REPLY = 0, 1  # the records of a connection's union
TYPES = {
    EventType.NODE_CREATED: Happened.CREATED,
    EventType.NODE_DELETED: Happened.DELETED,
    EventType.NODE_DATA_CHANGED: Happened.DATA_CHANGED,
    EventType.NODE_CHILDREN_CHANGED: Happened.CHILDREN_CHANGED,
}
Watch = tuple[int, int]  # kind and path, as positions
Content = tuple[bool, int]  # is it there, and since which write


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a client must remember of a request to understand the reply."""

    op: Op
    path: int
    watch: Watch | None


class WatchService:
    """A fresh server with /a, the specification's clients, and one that only writes."""

    def __init__(self, specification: ir.Specification) -> None:
        self._at = {variable.name: n for n, variable in enumerate(specification.variables)}
        table = next(variable.type for variable in specification.variables if variable.name == "table")
        assert isinstance(table, domains.Map) and isinstance(table.value, domains.Set)
        self._watch = table.value.item
        self._server = Service(Tree.fresh(), Settings(), 1, MIDNIGHT)
        self._writer = WireClient(self._server)
        self._writer.send(0, Op.CREATE2, wire.create(PATHS[0]))
        self._writer.received()
        self._clients = [WireClient(self._server) for _ in range(dict(specification.constants)["clients"])]
        self._under_way: list[list[Any]] = [[] for _ in self._clients]
        self._connected = set(range(len(self._clients)))
        self._before = self._server.tree.last_zxid  # what happened up to here is "before" to the specification

    # ------------------------------------------------------------------------------------------------- requests

    def take(self, label: Label, before: State) -> None:
        """Sends the request, or lets the client read."""
        match label:
            case "get_data", (client, path, watch):
                left = (DATA, path) if watch else None
                self._ask(client, _Asked(Op.GET_DATA, path, left), wire.read(PATHS[path], watch))
            case "exists", (client, path):
                self._ask(client, _Asked(Op.EXISTS, path, (DATA, path)), wire.read(PATHS[path], True))
            case "get_children", (client,):
                asked = _Asked(Op.GET_CHILDREN2, 0, (CHILDREN, 0))
                self._ask(client, asked, wire.read(PATHS[0], True))
            case "add_watch", (client, kind):
                self._ask(client, _Asked(Op.ADD_WATCH, 0, (kind, 0)), wire.add_watch(PATHS[0], LASTING[kind]))
            case "create", (writer, path):
                self._ask(writer, _Asked(Op.CREATE2, path, None), wire.create(PATHS[path]))
            case "delete", (writer, path):
                self._ask(writer, _Asked(Op.DELETE, path, None), wire.delete(PATHS[path]))
            case "set_data", (writer, path):
                self._ask(writer, _Asked(Op.SET_DATA, path, None), wire.set_data(PATHS[path]))
            case "receive", (client,):
                self._under_way[client].pop(0)
            case "disconnect", (client,):
                self._clients[client].lose()
                self._connected.discard(client)
                self._under_way[client].clear()
            case "reconnect", (client,):
                self._reconnect(client, before)
            case _:
                raise ValueError(f"{label[0]} of the specification stands for nothing here")

    def _ask(self, client: int | None, asked: _Asked, body: bytes) -> None:
        """One request; all that any client is sent because of it goes under way."""
        zxid = self._server.tree.last_zxid
        sender = self._writer if client is None else self._clients[client]
        sender.send(1, asked.op, body)
        self._writer.received()
        write = self._server.tree.last_zxid - self._before if self._server.tree.last_zxid > zxid else None
        for number in self._connected:
            for message in self._clients[number].received():
                self._under_way[number].append(self._read(message, asked, write))

    def _reconnect(self, client: int, before: State) -> None:
        """A client comes back with its session, and sends the watches along that it remembers."""
        remembered = self._watches(self._of(before, "watching")[client])
        known = self._of(before, "known")[client]
        data = [path for kind, path in remembered if kind == DATA]
        there = {path: known[path] is not None and known[path][0] for path in data}
        lists = (
            [PATHS[path] for path in data if there[path]],
            [PATHS[path] for path in data if not there[path]],
            [PATHS[path] for kind, path in remembered if kind == CHILDREN],
            *([PATHS[path] for kind, path in remembered if LASTING.get(kind) is mode] for mode in LASTING.values()),
        )
        seen = self._of(before, "seen")[client] + self._before
        self._clients[client].connect(seen)
        self._clients[client].send(XID_SET_WATCHES, Op.SET_WATCHES2, wire.set_watches(seen, *lists))
        self._connected.add(client)
        for message in self._clients[client].received():
            assert isinstance(message, Told)
            self._under_way[client].append(_event(message, None))

    # ------------------------------------------------------------------------------- messages, as a client reads

    def _read(self, message: Told | Answer, asked: _Asked, write: int | None) -> tuple[int, tuple[Any, ...]]:
        if isinstance(message, Told):
            return _event(message, write)
        refused, path = message.error != Code.OK, asked.path
        zxid = message.zxid - self._before
        data, children, watch = None, None, asked.watch
        match asked.op:
            case Op.GET_DATA | Op.EXISTS:
                data = self._content(message, "mzxid")
                watch = None if refused and asked.op is Op.GET_DATA else watch
            case Op.GET_CHILDREN2:
                children = self._content(message, "pzxid")
                watch = None if refused else watch
            case Op.ADD_WATCH:
                pass
            case Op.DELETE:
                data, children = (False, 0), (path == 1, zxid if path == 1 else 0)
            case _:
                data = self._content(message, "mzxid")
                children = (True, zxid) if asked.op is Op.CREATE2 else None
        return REPLY, (zxid, path, data, children, watch)

    def _content(self, message: Answer, field: str) -> Content:
        if message.error == Code.NO_NODE:
            return False, 0
        assert message.error == Code.OK, f"error {message.error} is no answer that the specification knows"
        return True, max(0, getattr(wire.stat(message), field) - self._before)

    # --------------------------------------------------------------------------------------------------- the map

    def outside(self, state: State) -> bool:
        """Whether a client has a lasting watch and another one on the same znode."""
        for mask in self._of(state, "table"):
            watches = self._watches(mask)
            paths = [path for _, path in watches]
            if any(kind in LASTING and paths.count(path) > 1 for kind, path in watches):
                return True
        return False

    def difference(self, state: State) -> str | None:
        """The first difference in zxid, znodes, tables of watches, and what is under way."""
        shown = {
            "zxid": self._server.tree.last_zxid - self._before,
            "data": tuple(self._node(path, "mzxid") for path in PATHS),
            "children": self._node(PATHS[0], "pzxid"),
            "connected": sum(1 << client for client in self._connected),
            "connection": tuple(map(tuple, self._under_way)),
        }
        for name, found in shown.items():
            if found != self._of(state, name):
                return f"{name} is {found}, where the specification has {self._of(state, name)}"
        for client, mask in enumerate(self._of(state, "table")):
            armed, wanted = sorted(self._armed(client)), sorted(self._watches(mask))
            if armed != wanted:
                return f"client {client + 1} has the watches {_named(armed)}, in the specification {_named(wanted)}"
        return None

    def _of(self, state: State, name: str) -> Any:
        return state[self._at[name]]

    def _watches(self, mask: int) -> list[Watch]:
        return [watch for n, watch in enumerate(domains.values(self._watch)) if mask >> n & 1]

    def _node(self, path: str, field: str) -> Content:
        node = self._server.tree.get(path)
        return (False, 0) if node is None else (True, max(0, getattr(node, field) - self._before))

    def _armed(self, client: int) -> Iterator[Watch]:
        """The watches of a client's connection in both tables; a lasting one is in both, and counts once."""
        if client not in self._connected:
            return
        number, watches = self._clients[client].number, self._server.watches
        for one_shot, table in ((DATA, watches.data), (CHILDREN, watches.child)):
            for path, text in enumerate(PATHS):
                mode = table.by_path.get(text, {}).get(number)
                if mode is Mode.ONE_SHOT:
                    yield one_shot, path
                elif mode is not None and table is watches.data:
                    yield next(kind for kind, lasting in LASTING.items() if lasting is mode), path


def _event(message: Told, write: int | None) -> tuple[int, tuple[Any, ...]]:
    happened = TYPES[EventType(message.type)]
    return EVENT, (HAPPENED.index(happened), PATHS.index(message.path), write)


def _named(watches: list[Watch]) -> str:
    return ", ".join(f"{KINDS[kind].value} on {PATHS[path]}" for kind, path in watches) or "none"
