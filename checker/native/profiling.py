"""What a model that was generated for profiling has counted, read out of its memory.

Knows the symbols of `runtime/profile.h`; nothing of how a profile is printed.
"""

import ctypes
import math
import time
from collections.abc import Sequence

from ...spec.lang import ir
from ..profile import Growth, Profile, Spent, instances
from .binding import Model, Report

REGISTERS, DOUBLINGS = 4096, 40


class Profiling:
    """The counters of one model, from now on."""

    def __init__(self, specification: ir.Specification, model: Model) -> None:
        self._spec, self._library = specification, model.library
        self._library.profile_clock.restype = ctypes.c_uint64
        self._parts = len(specification.actions), len(specification.properties)
        size = 2 * sum(self._parts)
        self._spent = (ctypes.c_uint64 * max(1, size)).in_dll(self._library, "profile_spent")
        rows = len(specification.variables) * REGISTERS
        self._values = (ctypes.c_uint8 * ((DOUBLINGS + 1) * rows)).in_dll(self._library, "profile_values")
        self._states = ctypes.c_uint64.in_dll(self._library, "profile_states")
        ctypes.memset(self._spent, 0, ctypes.sizeof(self._spent))
        ctypes.memset(self._values, 0, ctypes.sizeof(self._values))
        self._states.value = 0
        self._began = self._library.profile_clock(), time.monotonic(), time.process_time()

    def read(self, report: Report, totals: Sequence[tuple[int, int]]) -> Profile:
        """The profile of the search that has run meanwhile."""
        ticks, passed = self._library.profile_clock() - self._began[0], time.monotonic() - self._began[1]
        tick = passed / ticks if ticks else 0.0
        states, actions = self._states.value, []
        for number, action in enumerate(self._spec.actions):
            seconds, calls = self._spent[2 * number] * tick, self._spent[2 * number + 1]
            taken, new = totals[number]
            actions.append(Spent(action.name, seconds, calls, instances(action, states), taken, new))
        first = self._parts[0]
        properties = [
            Spent(one.name, self._spent[2 * at] * tick, self._spent[2 * at + 1])
            for at, one in enumerate(self._spec.properties, first)
        ]
        return Profile(
            seconds=max(time.process_time() - self._began[2], sum(one.seconds for one in (*actions, *properties))),
            actions=tuple(actions),
            properties=tuple(one for one in properties if one.calls),
            growth=tuple(self._growth(at, states) for at in range(len(self._spec.variables))),
            states=states,
            memory={
                "table": report.table_bytes,
                "traces": report.journal_bytes,
                "frontier": report.frontier_bytes,
            },
            load=report.distinct / report.slots if report.slots else None,
        )

    def _growth(self, variable: int, states: int) -> Growth:
        """The estimates at every doubling, and now."""
        doublings = max(0, min(DOUBLINGS, states.bit_length()))
        rows = [*range(doublings), *([DOUBLINGS] if states & (states - 1) else [])]
        count = len(self._spec.variables)
        found = []
        for row in rows:
            first = (row * count + variable) * REGISTERS
            found.append(estimate(bytes(self._values[first : first + REGISTERS])))
        return Growth(self._spec.variables[variable].name, tuple(found))


def estimate(registers: bytes) -> int:
    """How many different values have left these registers: HyperLogLog, counting linearly while most are empty."""
    empty = registers.count(0)
    total = sum(registers.count(rank) * 2.0**-rank for rank in range(54))
    found = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS**2 / total
    if found <= 2.5 * REGISTERS and empty:
        return round(REGISTERS * math.log(REGISTERS / empty))
    return round(found)
