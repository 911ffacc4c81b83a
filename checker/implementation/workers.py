"""Expanders in processes: each has a share of the frontier, and worlds move between them only to even out the shares.

Who expands what has no influence on any count: the search numbers worlds by parent and label, not by arrival.
"""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol, cast

from .budget import Budget, Found
from .expansion import Batch, Expander
from .how import How


class Crew(Protocol):
    """All expanders together; the n-th item of every list is of the n-th."""

    def take(self, shares: Sequence[Sequence[tuple[int, Found]]]) -> None: ...
    def expand(self, most: int) -> list[Batch]: ...
    def advance(self, numbers: Sequence[Sequence[tuple[int, int]]]) -> None: ...
    def close(self) -> None: ...


class Alone:
    """One expander, in this process."""

    def __init__(self, budget: Budget, how: How, first: Found) -> None:
        self.expander = Expander(budget, how, first)

    def take(self, shares: Sequence[Sequence[tuple[int, Found]]]) -> None:
        """Adds worlds to the share."""
        for number, found in shares[0]:
            self.expander.take(number, found)

    def expand(self, most: int) -> list[Batch]:
        """Expands a part of the share."""
        return [self.expander.expand(most)]

    def advance(self, numbers: Sequence[Sequence[tuple[int, int]]]) -> None:
        """Goes to the next level."""
        self.expander.advance(numbers[0])

    def close(self) -> None:
        """Nothing to end."""


class Processes:
    """One expander in each of several processes."""

    def __init__(self, budget: Budget, how: How, first: Found, count: int) -> None:
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = cast(Any, context).Process(target=_serve, args=(theirs, budget, how, first), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def take(self, shares: Sequence[Sequence[tuple[int, Found]]]) -> None:
        """Adds worlds to the shares."""
        self._ask("take", shares)

    def expand(self, most: int) -> list[Batch]:
        """Expands a part of every share, at the same time."""
        return self._ask("expand", [most] * len(self._pipes))

    def advance(self, numbers: Sequence[Sequence[tuple[int, int]]]) -> None:
        """Goes to the next level, and evens out the shares."""
        self._ask("advance", numbers)
        sizes = [len(share) for share in numbers]
        fair = sum(sizes) // len(sizes)
        surplus = [max(0, size - fair - fair // 4 - 8) for size in sizes]
        if not any(surplus):
            return
        moving = [one for given in self._ask("give", surplus) for one in given]
        shares: list[list[tuple[int, Found]]] = []
        for size in sizes:
            lacking = max(0, fair - size)
            shares.append(moving[:lacking])
            moving = moving[lacking:]
        shares[-1] += moving
        self.take(shares)

    def close(self) -> None:
        """Ends the processes."""
        for pipe in self._pipes:
            pipe.send(("stop", None))
            pipe.close()
        for process in self._processes:
            process.join()

    def _ask(self, what: str, arguments: Sequence[Any]) -> list[Any]:
        for pipe, argument in zip(self._pipes, arguments, strict=True):
            pipe.send((what, argument))
        return [pipe.recv() for pipe in self._pipes]


def _serve(pipe: Connection, budget: Budget, how: How, first: Found) -> None:
    """The life of one process: answers until the other side hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the search ends, and with it the pipe
    crew = Alone(budget, how, first)
    expander = crew.expander
    answers: dict[str, Callable[[Any], Any]] = {
        "take": lambda share: crew.take([share]),
        "give": expander.give,
        "expand": expander.expand,
        "advance": expander.advance,
    }
    while True:
        try:
            what, argument = pipe.recv()
            if what == "stop":
                return
            pipe.send(answers[what](argument))
        except (EOFError, OSError):
            return
