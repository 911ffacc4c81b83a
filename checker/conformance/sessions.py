"""The data service beside the specification `sessions`: the part of the leader, which alone ends sessions.

A server of the specification is the owner of a session: the number by which the leader's session tracker knows where a
session has moved to. What servers pass on arrives at the leader's pipeline when the specification processes it; the
clock stands still until the specification lets time pass. Live sessions, the time that each has left, where it
belongs and its ephemerals are compared. Whether a session's client is connected is not the leader's business.
"""

from typing import Any

from ...impl.data.acl import OPEN
from ...impl.data.codes import Op
from ...impl.data.prepare import Caller, Preparer
from ...impl.data.sessions import Sessions, password
from ...impl.data.settings import Settings
from ...impl.data.tree import Tree
from ...impl.wire.records import ErrorTxn
from ...impl.wire.requests import CloseSession, Create, CreateSession, Write
from ...spec.lang import ir
from ...spec.zookeeper.sessions import Status
from ..result import Label, State

UNIT_MS = 1000
EPHEMERAL = 1
OPEN_STATUS = list(Status).index(Status.OPEN)


class SessionService:
    """A fresh leader without sessions."""

    def __init__(self, specification: ir.Specification) -> None:
        constants = dict(specification.constants)
        self._at = {variable.name: n for n, variable in enumerate(specification.variables)}
        self._timeout_ms = constants["timeout"] * UNIT_MS
        self._now_ms = 0
        self._ids: dict[int, int] = {}  # the session ids that the leader gave
        self._tree = Tree.fresh()
        self._sessions = Sessions(constants["tick"] * UNIT_MS, 1, self._timeout_ms, 1)
        self._preparer = Preparer(self._tree, self._sessions, Settings())

    def take(self, label: Label, before: State) -> None:
        """Does what the leader has to do with it."""
        match label:
            case "open", (session, server):
                new = self._sessions.create(self._timeout_ms, server, self._now_ms)
                self._ids[session] = new.id
                self._write(new.id, server, Op.CREATE_SESSION, CreateSession(self._timeout_ms))
            case "ping", (session,):
                self._touch(session)
            case (("lose" | "send"), _):
                pass  # between a client and its server
            case "move", (session, server):
                self._reattach(session, password(self._ids[session]), server)
            case "intrude", (session, server):
                self._reattach(session, b"not the password", server)
            case "process", (session, server):
                number = self._of(before, "passed")[server][session]
                ephemeral = Create(Op.CREATE2, self._path(session, number), b"", tuple(OPEN), EPHEMERAL)
                if self._write(self._ids[session], server, Op.CREATE2, ephemeral):
                    self._touch(session)
            case "close", (session,):
                self._write(self._ids[session], self._of(before, "at")[session], Op.CLOSE_SESSION, CloseSession())
                self._sessions.forget(self._ids[session])
            case "pass_time", ():
                self._pass_time()
            case _:
                raise ValueError(f"{label[0]} of the specification stands for nothing here")

    def _write(self, session: int, owner: int | None, op: Op, write: Write) -> bool:
        """One request in the leader's pipeline; whether it was accepted."""
        zxid = self._tree.last_zxid + 1
        header, body = self._preparer.prepare(Caller(session, owner), op, write, zxid, 0)
        self._tree.apply(header, body)
        self._preparer.settle(zxid)
        return not isinstance(body, ErrorTxn)

    def _touch(self, session: int) -> None:
        self._sessions.touch(self._sessions.live[self._ids[session]], self._now_ms)

    def _reattach(self, session: int, offered: bytes, server: int) -> None:
        self._sessions.reattach(self._ids[session], offered, self._timeout_ms, server, self._now_ms)

    def _pass_time(self) -> None:
        """The leader looks for sessions that are due, and closes them in everybody's name."""
        self._now_ms += UNIT_MS
        for session in self._sessions.expired(self._now_ms):
            self._write(session, None, Op.CLOSE_SESSION, CloseSession())
            self._sessions.forget(session)

    # --------------------------------------------------------------------------------------------------- the map

    def outside(self, state: State) -> bool:
        """Nowhere."""
        return False

    def difference(self, state: State) -> str | None:
        """The first difference between what the leader knows of a session and the specification."""
        for session, status in enumerate(self._of(state, "status")):
            live = self._sessions.live.get(self._ids.get(session, 0))
            if (live is not None) != (status == OPEN_STATUS):
                return f"session {session + 1} is {'live' if live else 'not live'}, unlike in the specification"
            shown = {
                "left": (live.expires_ms - self._now_ms) // UNIT_MS if live else 0,
                "owner": live.owner if live else None,
                "ephemerals": len(self._tree.ephemerals.get(self._ids.get(session, 0), ())),
            }
            for name, found in shown.items():
                if found != self._of(state, name)[session]:
                    expected = self._of(state, name)[session]
                    return f"{name} of session {session + 1} is {found}, where the specification has {expected}"
        return None

    def _of(self, state: State, name: str) -> Any:
        return state[self._at[name]]

    def _path(self, session: int, number: int) -> str:
        return f"/{session}-{number}"
