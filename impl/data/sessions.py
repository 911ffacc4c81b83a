"""Sessions: identifiers, passwords, negotiated time-outs, expiry on ticks.

Knows nothing of connections beyond the number of the one that owns a session, and nothing of nodes. Times are
milliseconds of a monotonic clock, given by the caller. Source: `SessionTrackerImpl`, `ExpiryQueue`, `ZooKeeperServer`.
"""

from dataclasses import dataclass

from .codes import Code, Refused

PASSWORD_BYTES = 16
_SECRET = 0xB3415C00
_MASK48 = (1 << 48) - 1
_MASK64 = (1 << 64) - 1


def first_id(server_id: int, elapsed_ms: int) -> int:
    """The first session id that a server gives after a start: server number in the top byte, then its uptime."""
    return signed64((((elapsed_ms << 24) & _MASK64) >> 8) | (server_id << 56))


def password(session: int) -> bytes:
    """The password of a session: a fixed function of its id, as `java.util.Random(id ^ secret).nextBytes` gives it."""
    state = ((session ^ _SECRET) ^ 0x5DEECE66D) & _MASK48
    words = bytearray()
    while len(words) < PASSWORD_BYTES:
        state = (state * 0x5DEECE66D + 0xB) & _MASK48
        words += (state >> 16).to_bytes(4, "little")
    return bytes(words)


def signed64(number: int) -> int:
    """The same 64 bits as a signed number."""
    number &= _MASK64
    return number - (1 << 64) if number >> 63 else number


@dataclass(slots=True)
class Session:
    """A live session. `owner` is the connection it was last attached to."""

    id: int
    timeout_ms: int
    owner: int
    expires_ms: int = 0
    closing: bool = False


class Sessions:
    """All live sessions of a server, in buckets of one tick: expiry is always rounded up to the next tick."""

    def __init__(self, tick_ms: int, timeout_ms_min: int, timeout_ms_max: int, next_id: int) -> None:
        self.tick_ms = tick_ms
        self.timeout_ms_min = timeout_ms_min
        self.timeout_ms_max = timeout_ms_max
        self.next_id = next_id
        self.live: dict[int, Session] = {}
        self._buckets: dict[int, dict[int, None]] = {}

    def negotiate(self, wanted_ms: int) -> int:
        """The time-out a client gets for the one it asked for."""
        return max(self.timeout_ms_min, min(wanted_ms, self.timeout_ms_max))

    def create(self, timeout_ms: int, owner: int, now_ms: int) -> Session:
        """A new session under the next id."""
        session = self.track(self.next_id, timeout_ms, owner, now_ms)
        self.next_id = signed64(self.next_id + 1)
        return session

    def track(self, id: int, timeout_ms: int, owner: int, now_ms: int) -> Session:
        """Take on a session that is known from the log or from another server."""
        session = self.live.setdefault(id, Session(id, timeout_ms, owner))
        self.touch(session, now_ms)
        return session

    def touch(self, session: Session, now_ms: int) -> None:
        """The client was heard of: the session lives for another time-out, rounded up to a tick."""
        expires = ((now_ms + session.timeout_ms) // self.tick_ms + 1) * self.tick_ms
        if expires == session.expires_ms or session.closing:
            return
        self._leave_bucket(session)
        session.expires_ms = expires
        self._buckets.setdefault(expires, {})[session.id] = None

    def reattach(self, id: int, offered: bytes, timeout_ms: int, owner: int, now_ms: int) -> Session | None:
        """Move a session to another connection; nothing if it is unknown, closing, or the password is wrong."""
        session = self.live.get(id)
        if session is None or session.closing or offered != password(id):
            return None
        session.owner, session.timeout_ms = owner, timeout_ms
        self.touch(session, now_ms)
        return session

    def check(self, id: int, owner: int | None) -> None:
        """Refuse a request of a session that is gone (expired) or that lives elsewhere by now (moved)."""
        session = self.live.get(id)
        if session is None or session.closing:
            raise Refused(Code.SESSION_EXPIRED)
        if owner is not None and session.owner != owner:
            raise Refused(Code.SESSION_MOVED)

    def close(self, id: int) -> None:
        """No further request of this session is accepted; it is forgotten once its end is in the log."""
        session = self.live.get(id)
        if session is not None:
            session.closing = True
            self._leave_bucket(session)

    def forget(self, id: int) -> None:
        """The end of the session was applied."""
        session = self.live.pop(id, None)
        if session is not None:
            self._leave_bucket(session)

    def expired(self, now_ms: int) -> list[int]:
        """The sessions whose time is up, oldest bucket first. They stay until they are closed."""
        due = sorted(expires for expires in self._buckets if expires <= now_ms)
        return [id for expires in due for id in self._buckets[expires]]

    def _leave_bucket(self, session: Session) -> None:
        bucket = self._buckets.get(session.expires_ms)
        if bucket is not None:
            bucket.pop(session.id, None)
            if not bucket:
                del self._buckets[session.expires_ms]
