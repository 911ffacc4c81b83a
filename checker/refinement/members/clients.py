"""Clients of simulated members, which ask at random for what the specification `znodes` has words for.

A request is drawn as a step of the specification and sent as the bytes that mean it. A client whose connection is gone
takes its session to another member, until it closes it or comes too late. The little tree has five numbers for children
of its znode: so many creates are asked for as fit, whatever becomes of those that are under way.
"""

import random
from dataclasses import dataclass

from ....impl.data.codes import Op
from ....impl.data.sessions import password
from ....impl.member.member import Member
from ....impl.member.simulation import World
from ....impl.service.client import Client
from ....impl.wire.jute import Writer
from ....impl.wire.records import OPEN_ACL, encode_acls
from ....spec.zookeeper.znodes import Path
from ...result import Label
from .committed import PATHS, SESSIONS, Committed

A, A_B = list(Path).index(Path.A), list(Path).index(Path.A_B)
NUMBERS = 5
REQUESTS = 400  # of a run: with the ends of sessions and containers, within the zxids of the specification
EPHEMERAL, SEQUENTIAL, CONTAINER = 1, 2, 4
TIMEOUTS_MS = (1000, 4000, 10_000)
CREATING = ("create", "create_container", "create_sequential", "multi_create_create")
ACTIONS = (*CREATING, "create_sequential", "create", "delete", "delete", "set_data", "set_acl", "multi_set_delete")


@dataclass(slots=True)
class Visitor:
    """A client with its session, on one connection after the other."""

    member: Member
    connection: Client
    session: int = 0
    xid: int = 0

    @property
    def welcome(self) -> bool:
        """Whether its present connection has its session."""
        return self.connection.session != 0 and not self.connection.closing


class Clients:
    """All clients of a run."""

    def __init__(self, world: World, committed: Committed, rng: random.Random) -> None:
        self._world, self._committed, self._rng = world, committed, rng
        self._visitors: list[Visitor] = []
        self._greeted = self._requests = 0
        self._growing: list[tuple[int, int, int]] = []  # requests under way: session, number, children that they create

    def act(self) -> None:
        """Somebody comes, comes back, or asks for something."""
        serving = sorted(s for s, member in self._world.members.items() if member.service.serving)
        if not serving:
            return
        server = self._rng.choice(serving)
        lost = [one for one in self._visitors if self._is_lost(one)]
        welcome = [one for one in self._visitors if one.welcome and not self._is_lost(one)]
        if lost and self._rng.random() < 0.5:
            self._come_back(self._rng.choice(lost), server)
        elif not welcome or self._rng.random() < 0.15:
            self._come(server)
        else:
            visitor = self._rng.choice(welcome)
            for _ in range(self._rng.randrange(1, 5)):
                self._ask(visitor)

    def _is_lost(self, visitor: Visitor) -> bool:
        return visitor.connection.closing or visitor.member not in self._world.members.values()

    def _come(self, server: int) -> None:
        if self._greeted < SESSIONS:
            self._greeted += 1
            self._visitors.append(Visitor(*self._connect(server, 0)))

    def _come_back(self, visitor: Visitor, server: int) -> None:
        """With its session, if it knows that it has one and that is not over."""
        if visitor.session == 0 or not self._is_open(visitor.session):
            self._visitors.remove(visitor)
            return
        visitor.member, visitor.connection = self._connect(server, visitor.session)

    def _is_open(self, session: int) -> bool:
        return session in self._committed.points[-1].live

    def _connect(self, server: int, session: int) -> tuple[Member, Client]:
        member = self._world.members[server]
        connection = member.service.connect("127.0.0.1", self._world.now())
        out = Writer()
        out.int32(0)
        out.int64(0)
        out.int32(self._rng.choice(TIMEOUTS_MS))
        out.int64(session)
        out.buffer(password(session) if session else bytes(16))
        out.boolean(False)
        self._send(server, connection, out.done())
        return member, connection

    def _send(self, server: int, connection: Client, frame: bytes) -> None:
        self._world.feed(server, connection, len(frame).to_bytes(4, "big") + frame)
        connection.out.clear()

    # ------------------------------------------------------------------------------------------------- requests

    def _ask(self, visitor: Visitor) -> None:
        visitor.session = visitor.connection.session
        servers = [s for s, member in self._world.members.items() if member is visitor.member]
        if not servers or not visitor.welcome or self._requests >= REQUESTS:
            return
        label = self._draw(self._committed.sessions[visitor.session])
        visitor.xid += 1
        self._requests += 1
        self._committed.asked[visitor.session, visitor.xid] = label
        self._growing.append((visitor.session, visitor.xid, _children(label)))
        op, body = request(label)
        out = Writer()
        out.int32(visitor.xid)
        out.int32(op)
        self._send(servers[0], visitor.connection, out.done() + body)

    def _draw(self, own: int) -> Label:
        """Something to ask for in this session."""
        rng = self._rng
        if rng.random() < 0.02:
            return "close_session", (own,)
        owner = own if rng.randrange(3) == 0 else None
        label = self._place(rng.choice(ACTIONS), owner)
        if _children(label) > self._room():
            return ("delete", (A,)) if rng.randrange(2) else ("delete", (rng.randrange(A, len(PATHS)),))
        return label

    def _place(self, action: str, owner: int | None) -> Label:
        rng = self._rng
        near, anywhere = rng.choice((A, A, A_B)), rng.randrange(len(PATHS))
        match action:
            case "create":
                return action, (near, owner)
            case "create_container":
                return action, (near,)
            case "create_sequential":
                return action, (owner,)
            case "multi_create_create":
                return action, (near, rng.choice((A, A_B)))
            case _:
                return action, (anywhere,)

    def _room(self) -> int:
        """How many more children the numbers allow for, if all that is under way succeeds."""
        self._growing = [one for one in self._growing if self._is_under_way(*one)]
        a = self._committed.points[-1].nodes.get(PATHS[A])
        return NUMBERS - (a["cversion"] if a else 0) - sum(children for *_, children in self._growing)

    def _is_under_way(self, session: int, xid: int, _: int) -> bool:
        return self._is_open(session) and self._committed.answered.get(session, 0) < xid


def _children(label: Label) -> int:
    """How many children of the znode a step may create."""
    action, arguments = label
    return arguments.count(A_B) if action in CREATING and action != "create_sequential" else action in CREATING


def request(label: Label) -> tuple[int, bytes]:
    """Operation and body of the request that a step of the specification stands for."""
    out = Writer()
    match label:
        case "create", (int(place), owner):
            _create(out, PATHS[place], 0 if owner is None else EPHEMERAL)
            return Op.CREATE2, out.done()
        case "create_container", (int(place),):
            _create(out, PATHS[place], CONTAINER)
            return Op.CREATE_CONTAINER, out.done()
        case "create_sequential", (owner,):
            _create(out, "/a/", SEQUENTIAL | (0 if owner is None else EPHEMERAL))
            return Op.CREATE2, out.done()
        case "delete", (int(place),):
            _delete(out, place)
            return Op.DELETE, out.done()
        case "set_data", (int(place),):
            _set_data(out, PATHS[place])
            return Op.SET_DATA, out.done()
        case "set_acl", (int(place),):
            out.string(PATHS[place])
            encode_acls(out, OPEN_ACL)
            out.int32(-1)
            return Op.SET_ACL, out.done()
        case "close_session", (_,):
            return Op.CLOSE_SESSION, b""
        case (("multi_create_create" | "multi_set_delete"), _):
            _multi(out, label)
            return Op.MULTI, out.done()
    raise ValueError(f"{label[0]} is nothing that a client asks for")


def _multi(out: Writer, label: Label) -> None:
    match label:
        case "multi_create_create", (int(first), int(second)):
            for place in (first, second):
                _part(out, Op.CREATE)
                _create(out, PATHS[place], 0)
        case _, (int(place),):
            _part(out, Op.SET_DATA)
            _set_data(out, PATHS[place].rpartition("/")[0] or "/")
            _part(out, Op.DELETE)
            _delete(out, place)
    _part(out, -1)


def _part(out: Writer, op: int) -> None:
    out.int32(op)
    out.boolean(op == -1)
    out.int32(-1)


def _create(out: Writer, path: str, flags: int) -> None:
    out.string(path)
    out.buffer(b"")
    encode_acls(out, OPEN_ACL)
    out.int32(flags)


def _delete(out: Writer, place: int) -> None:
    out.string(PATHS[place])
    out.int32(-1)


def _set_data(out: Writer, path: str) -> None:
    out.string(path)
    out.buffer(b"")
    out.int32(-1)
