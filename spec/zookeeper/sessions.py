"""Sessions: how they live, move between servers, and end (Java: SessionTrackerImpl, ExpiryQueue, Learner.PING).

A session belongs to the ensemble, not to a server: the leader alone ends it, when it has heard nothing of its client
for the session's timeout. The leader looks only once in a tick: it keeps sessions in buckets, one for each tick, and
rounds up. A client whose connection is lost takes its session to any server, and what its old server still passes on
is refused from then on. With the session go its ephemerals, in the same write.

Time is a number of units, of which some make a tick; it passes for all alike. Here every request creates one
ephemeral; how znodes look otherwise is the business of `znodes.py`.
"""

from enum import Enum
from typing import Self

from ..lang import (
    Constant,
    Map,
    Range,
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

sessions = Constant(1, "number of sessions", low=1)
servers = Constant(3, "number of servers", low=1)
requests = Constant(2, "how many requests a session's client sends", low=1)
tick = Constant(2, "units of time in a tick", low=1)
timeout = Constant(3, "a session's timeout, in units of time", low=1)

leaves_ephemerals = variant("leaves-ephemerals", "The ephemerals of a session stay when it ends.")
create_after_end = variant("create-after-end", "The leader does not ask whether a request's session has ended.")
revived = variant("revived", "A server takes a client in whose session has ended.")
rounded_down = variant("rounded-down", "The leader rounds the end of a timeout down to a tick.")
a_tick_late = variant("a-tick-late", "The leader looks at the bucket of the tick before.")
no_owner = variant("no-owner", "The leader does not ask which server a session has moved to.")
move_overtakes = variant(
    "move-overtakes", "The leader hears that a session has come to a server before what that server passed on earlier."
)
any_password = variant("any-password", "A server takes a client in without looking at the session's password.")


class Session(Sort, size=sessions):
    """A session and its client. Sessions are interchangeable."""


class Server(Sort, size=servers):
    """A server that clients connect to. Servers are interchangeable."""


class Status(Enum):
    """What the leader knows of a session."""

    NEW = "not opened yet"
    OPEN = "open"
    CLOSED = "closed by its client"
    EXPIRED = "expired"


class Phase(Range, low=0, high=tick - 1):
    """How much of the present tick has passed."""


class Duration(Range, low=0, high=timeout + 2 * tick):
    """A number of units of time."""


class Number(Range, low=0, high=requests):
    """The number of a request (Java: cxid), or how many there were."""


class Sessions(Spec):
    """Sessions that end no sooner than they may, and whose late requests do no harm."""

    # the leader
    phase: Phase = state(Phase(0))
    status: Map[Session, Status] = state(Status.NEW)
    left: Map[Session, Duration] = state(Duration(0))  # until the bucket of an open session is due
    owner: Map[Session, Server | None] = state(None)  # the server that an open session has moved to last
    ephemerals: Map[Session, Number] = state(Number(0))  # how many there are
    done: Map[Session, Number] = state(Number(0))  # the last request that has had an effect

    # the servers
    passed: Map[Server, Map[Session, Number | None]] = state(None)  # a request on its way to the leader

    # the clients
    at: Map[Session, Server | None] = state(None)
    sent: Map[Session, Number] = state(Number(0))
    silent: Map[Session, Duration] = state(Duration(0))  # how long the leader has not heard of an open session
    stolen: Set[Session] = state()  # those that a client has which does not know the password

    # ------------------------------------------------------------------------------------------ open, stay, move

    @action
    def open(self, s: Session, server: Server) -> None:
        """A client gets a session (SessionTrackerImpl.createSession)."""
        require(self.status[s] is Status.NEW)
        self.status[s] = Status.OPEN
        self.come(s, server)

    @action
    def ping(self, s: Session) -> None:
        """A client says that it is there, and its server tells the leader (SessionTrackerImpl.touchSession)."""
        require(self.status[s] is Status.OPEN and self.at[s] is not None)
        self.touch(s)

    @action
    def lose(self, s: Session) -> None:
        """A connection is lost; the session goes on, and what the server has passed on (NIOServerCnxn.close)."""
        require(self.at[s] is not None)
        self.at[s] = None

    @action
    def move(self, s: Session, server: Server) -> None:
        """A client comes to a server with its session and password (LearnerHandler, REVALIDATE; setOwner)."""
        require(self.at[s] is None and (self.status[s] is Status.OPEN or (revived and self.ended(s))))
        # The server tells the leader on the connection on which it passes requests on: what it has passed on before
        # arrives before. Otherwise a session that moves to and fro would find a request of its first stay accepted.
        require(self.passed[server][s] is None or move_overtakes)
        self.status[s] = Status.OPEN
        self.come(s, server)

    @action
    def intrude(self, s: Session, server: Server) -> None:
        """Someone comes with a wrong password: is refused, but the owner's connection is cut (measured in 3.8)."""
        require(self.status[s] is Status.OPEN)
        self.at[s] = None
        if any_password:
            self.owner[s] = server
            self.stolen.add(s)

    def come(self, s: Session, server: Server) -> None:
        """A session is at a server from now on."""
        self.at[s] = server
        self.owner[s] = server
        self.touch(s)

    def touch(self, s: Session) -> None:
        """A session comes into the bucket of the tick in which its timeout will be over (ExpiryQueue.update)."""
        self.silent[s] = Duration(0)
        ticks = (self.phase + timeout) // tick + 1
        if rounded_down:
            ticks -= 1
        if a_tick_late:
            ticks += 1
        self.left[s] = Duration(ticks * tick - self.phase)

    # ------------------------------------------------------------------------------------------------- requests

    @action
    def send(self, s: Session) -> None:
        """A client asks for an ephemeral, and its server passes this on to the leader (FollowerRequestProcessor)."""
        server = expect(self.at[s])
        require(self.sent[s] < requests and self.passed[server][s] is None)
        self.sent[s] += 1
        self.passed[server][s] = self.sent[s]

    @action
    def process(self, s: Session, server: Server) -> None:
        """The leader takes a request, or refuses it as expired or moved (PrepRequestProcessor, checkSession)."""
        number = expect(self.passed[server][s])
        self.passed[server][s] = None
        if self.accepts(s, server):
            self.ephemerals[s] += 1
            self.done[s] = number
            if self.status[s] is Status.OPEN:
                self.touch(s)

    def accepts(self, s: Session, server: Server) -> bool:
        """Whether a session is open, and at the server that passes a request on."""
        if self.ended(s):
            return create_after_end
        return self.owner[s] == server or no_owner

    # -------------------------------------------------------------------------------------------------- the end

    @action
    def close(self, s: Session) -> None:
        """A client ends its session (OpCode.closeSession, SessionTrackerImpl.removeSession)."""
        require(self.status[s] is Status.OPEN and self.at[s] is not None)
        self.end(s, Status.CLOSED)

    @action
    def pass_time(self) -> None:
        """Time passes; at the end of a tick the leader ends sessions whose bucket is due (SessionTrackerImpl.run)."""
        require(any(self.status[s] is Status.OPEN for s in Session))
        self.phase = (self.phase + 1) % tick
        for s in Session:
            if self.status[s] is Status.OPEN:
                self.silent[s] += 1
                self.left[s] -= 1
                if self.left[s] == 0:
                    self.end(s, Status.EXPIRED)

    def end(self, s: Session, status: Status) -> None:
        """A session ends, and with it its ephemerals (DataTree.killSession)."""
        self.status[s] = status
        self.at[s] = None
        self.owner[s] = None
        self.left[s] = Duration(0)
        if not leaves_ephemerals:
            self.ephemerals[s] = Number(0)

    def ended(self, s: Session) -> bool:
        """Whether a session has come to its end."""
        return self.status[s] in (Status.CLOSED, Status.EXPIRED)

    # ----------------------------------------------------------------------------------------------- properties

    @invariant
    def owners_are_live(self) -> bool:
        """Ephemeral-owner liveness: only open sessions have ephemerals."""
        return all(self.ephemerals[s] == 0 or self.status[s] is Status.OPEN for s in Session)

    @step_invariant
    def the_end_is_final(self, before: Self) -> bool:
        """A session that has ended is never open again."""
        return all(self.status[s] == before.status[s] for s in Session if before.ended(s))

    @invariant
    def not_expired_early(self) -> bool:
        """A session expires only after the leader has heard nothing of it for its timeout."""
        return all(self.silent[s] >= timeout for s in Session if self.status[s] is Status.EXPIRED)

    @invariant
    def expired_in_time(self) -> bool:
        """A session of which nothing is heard expires at most one tick after its timeout."""
        return all(self.silent[s] < timeout + tick for s in Session if self.status[s] is Status.OPEN)

    @step_invariant
    def requests_in_order(self, before: Self) -> bool:
        """The requests of a session take effect in the order in which its client sent them, also when it moves."""
        return all(self.done[s] >= before.done[s] for s in Session)

    @invariant
    def password_keeps_sessions(self) -> bool:
        """Nobody has a session without its password."""
        return len(self.stolen) == 0

    # --------------------------------------------------------------------------------- what must be reachable

    @witness
    def ephemerals_go(self) -> bool:
        """A session that had ephemerals has expired."""
        return any(self.status[s] is Status.EXPIRED and self.done[s] > 0 for s in Session)

    @witness
    def late_request(self) -> bool:
        """A request is on its way from a server that its session has left for another."""
        return any(
            self.passed[server][s] is not None and self.status[s] is Status.OPEN and self.owner[s] != server
            for s in Session
            for server in Server
        )

    @witness
    def second_chance(self) -> bool:
        """A session has been silent for its whole timeout, and is still open: the tick is not over."""
        return any(self.status[s] is Status.OPEN and self.silent[s] >= timeout for s in Session)

    @terminal
    def all_over(self) -> bool:
        """All sessions have ended."""
        return all(self.ended(s) for s in Session)
