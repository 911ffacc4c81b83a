"""Work in a thread of its own, which does not keep the process from ending, and how to wait for it.

Nobody joins such a thread: Python takes a thread for ended whose `join` is interrupted by Ctrl-C, while it still runs.
"""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

_Made = TypeVar("_Made")


def beside(work: Callable[[], _Made]) -> Future[_Made]:
    """Begins the work."""
    future: Future[_Made] = Future()

    def make() -> None:
        try:
            future.set_result(work())
        except BaseException as problem:
            future.set_exception(problem)

    threading.Thread(target=make, daemon=True).start()
    return future


def ended(work: Future[_Made], seconds: float) -> bool:
    """Waits for the work that long; whether it has ended. Ctrl-C ends the waiting."""
    return bool(wait([work], seconds).done)


def await_end(work: Future[_Made]) -> None:
    """Until the work, which has been told to stop, has ended; pressing Ctrl-C again does not hurry it."""
    while not work.done():
        with contextlib.suppress(KeyboardInterrupt):
            wait([work])
