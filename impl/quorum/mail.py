"""Notifications to the members of an election: only the newest one to each counts, and it need not arrive.

Every member dials every other for what it has to say; what it hears comes on connections that others dialled.
Source: `QuorumCnxManager` (whose send queues also hold one message).
"""

import asyncio
import time

from .links import ELECTION, Link

LETTER_S_MAX = 2.0  # the node says it again when it still matters
PAUSE_S, PAUSE_S_MAX = 0.02, 0.5
CONNECT_S_MAX = 2.0


class Mailbox:
    """What is to be said to one peer."""

    def __init__(self, sid: int, peer: int, place: tuple[str, int], fingerprint: int) -> None:
        self._sid, self._peer, self._place, self._fingerprint = sid, peer, place, fingerprint
        self._letter: tuple[bytes, float] | None = None
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None

    def post(self, frame: bytes) -> None:
        """Say this; it replaces what could not be said yet."""
        if self._link is not None and self._link.open:
            self._link.send(frame)
            return
        self._letter = frame, time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._deliver())

    def close(self) -> None:
        """Say no more."""
        if self._task is not None:
            self._task.cancel()
        if self._link is not None:
            self._link.hang_up()

    def greeted(self, link: Link) -> bool:
        return True

    def frame(self, link: Link, frame: bytes) -> None:
        """Nobody answers on this connection."""

    def lost(self, link: Link) -> None:
        if link is self._link:
            self._link = None

    async def _deliver(self) -> None:
        pause = PAUSE_S
        while self._letter is not None and time.monotonic() - self._letter[1] < LETTER_S_MAX:
            link = await self._connected()
            if link is None:
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_S_MAX)
                continue
            self._link = link
            (frame, _), self._letter = self._letter, None
            link.send(frame)
            return
        self._letter = None

    async def _connected(self) -> Link | None:
        link = Link(self, ELECTION, self._fingerprint, lambda why: None)
        link.dial(self._peer, self._sid)
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await asyncio.get_running_loop().create_connection(lambda: link, *self._place)
        except OSError:
            return None
        return link
