"""What the reference engine spends its time on: its actions and properties, each within a stopwatch.

Also keeps every value that a variable has had, to see which set of values grows. Knows nothing of the search.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...spec.lang import ir
from ...spec.lang.meaning.compile import State, Steps
from ..profile import Growth, Profile, Spent, instances


class Profiling:
    """Stopwatches for one search."""

    def __init__(self, specification: ir.Specification) -> None:
        self._spec = specification
        names = [one.name for one in specification.actions] + [one.name for one in specification.properties]
        self._seconds = dict.fromkeys(names, 0.0)
        self._calls = dict.fromkeys(self._seconds, 0)
        self._values: list[set[Any]] = [set() for _ in specification.variables]
        self._sizes: list[list[int]] = [[] for _ in specification.variables]
        self._states = 0
        self._began = time.thread_time()

    def actions(self, actions: list[tuple[str, Steps]]) -> list[tuple[str, Steps]]:
        """The same actions, timed; the first of them also looks at the state."""
        return [(name, self._timed(name, steps, not at)) for at, (name, steps) in enumerate(actions)]

    def property(self, name: str, test: Callable[..., bool]) -> Callable[..., bool]:
        """The same property, timed."""
        return self._timed(name, test, False)

    def _timed(self, name: str, function: Callable[..., Any], looks: bool) -> Callable[..., Any]:
        def timed(*given: State) -> Any:
            if looks:
                self._look(given[0])
            with self._watch(name):
                return function(*given)

        return timed

    @contextmanager
    def _watch(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        try:
            yield
        finally:
            self._seconds[name] += time.thread_time() - began
            self._calls[name] += 1

    def _look(self, state: State) -> None:
        self._states += 1
        doubled = not self._states & (self._states - 1)
        for values, sizes, value in zip(self._values, self._sizes, state, strict=True):
            values.add(value)
            if doubled:
                sizes.append(len(values))

    def read(self, generated: dict[str, int], new: dict[str, int], memory: int) -> Profile:
        """What was found."""
        now = bool(self._states & (self._states - 1))
        return Profile(
            seconds=time.thread_time() - self._began,
            actions=tuple(
                Spent(
                    one.name,
                    self._seconds[one.name],
                    self._calls[one.name],
                    instances(one, self._states),
                    generated[one.name],
                    new[one.name],
                )
                for one in self._spec.actions
            ),
            properties=tuple(
                Spent(one.name, self._seconds[one.name], self._calls[one.name])
                for one in self._spec.properties
                if self._calls[one.name]
            ),
            growth=tuple(
                Growth(variable.name, (*sizes, len(values)) if now else tuple(sizes))
                for variable, values, sizes in zip(self._spec.variables, self._values, self._sizes, strict=True)
            ),
            states=self._states,
            memory={"process": memory},
        )
