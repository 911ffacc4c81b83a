"""The runtime's calls as Python sees them: structures as in report.h and search.h, and a running search.

Knows ctypes and the runtime; nothing of specifications, options or results.
"""

import ctypes
import os
from ctypes import CDLL, POINTER, Structure, byref, c_char_p, c_int, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NOBODY = 2**32 - 1
PROPERTY = 65536

# The reasons of search.h, in its order.
REASONS = (
    "running",
    "complete",
    "invariant",
    "step_invariant",
    "deadlock",
    "error",
    "states",
    "depth",
    "seconds",
    "memory",
    "interrupted",
    "disk",
    "paused",
)


class Settings(Structure):
    """How to search."""

    _fields_ = [
        *((name, c_uint32) for name in ("workers", "check_all", "deadlock", "symmetric", "exact", "unused")),
        *((name, c_uint64) for name in ("invariants", "steps", "witnesses", "states", "depth", "memory")),
        ("folder", c_char_p),
    ]


class Finding(Structure):
    """Where something was found."""

    _fields_ = [
        ("count", c_uint64),
        ("parent", c_uint64),
        *((name, c_uint32) for name in ("ordinal", "kind", "which", "site", "failed", "actions")),
        ("order", c_uint64),
    ]


_FIGURES = (
    *("distinct", "generated", "outside", "unreduced", "depth", "frontier"),
    *("memory", "table_bytes", "journal_bytes", "frontier_bytes", "spilled_bytes", "slots"),
    *("live_distinct", "live_generated"),
)


class Report(Structure):
    """The figures of a search."""

    _fields_ = [*((name, c_uint64) for name in _FIGURES), ("reason", c_uint32), ("error", c_uint32)]


@cache
def runtime(path: Path) -> CDLL:
    """The runtime, loaded."""
    found = CDLL(str(path))
    found.search_new.restype = c_void_p
    found.search_new.argtypes = [c_void_p, POINTER(Settings)]
    found.search_run.argtypes = [c_void_p]
    found.search_stop.argtypes = [c_void_p, c_int]
    found.search_stop.restype = None
    found.search_use.argtypes = [c_void_p, c_void_p]
    found.search_use.restype = None
    found.search_free.argtypes = [c_void_p]
    found.search_free.restype = None
    found.search_save.argtypes = [c_void_p, c_char_p, c_char_p, c_uint64]
    found.search_load.argtypes = [c_void_p, c_char_p]
    found.search_report.argtypes = [c_void_p, POINTER(Report)]
    found.search_report.restype = None
    found.search_totals.argtypes = [c_void_p]
    found.search_totals.restype = POINTER(c_uint64)
    found.search_findings.argtypes = [c_void_p, POINTER(Finding), POINTER(Finding)]
    found.search_findings.restype = None
    found.search_path.argtypes = [c_void_p, c_uint64, POINTER(c_uint32), c_uint64]
    found.search_path.restype = c_uint64
    found.model_steps.argtypes = [c_void_p, c_char_p, c_void_p, POINTER(c_uint32), c_uint32, POINTER(c_uint32)]
    found.model_steps.restype = c_uint32
    return found


@dataclass(frozen=True, slots=True)
class Model:
    """A generated model, loaded."""

    runtime: CDLL
    library: CDLL
    words: int

    @property
    def address(self) -> int:
        return ctypes.addressof(ctypes.c_char.in_dll(self.library, "model"))

    def steps(self, state: bytes | None) -> tuple[list[tuple[int, bytes]], int]:
        """The successors of a state (None: the initial states) as action and state; and the check that failed, or 0."""
        room = 64
        while True:
            states = ctypes.create_string_buffer(room * self.words * 8)
            actions, site = (c_uint32 * room)(), c_uint32()
            count = self.runtime.model_steps(self.address, state, states, actions, room, byref(site))
            if count <= room:
                break
            room = count
        size = self.words * 8
        return [(actions[i], states.raw[i * size : (i + 1) * size]) for i in range(count)], site.value


def load_model(runtime_path: Path, model_path: Path, words: int) -> Model:
    """Loads a model beside the runtime."""
    return Model(runtime(runtime_path), CDLL(str(model_path)), words)


class Running:
    """One search in C. `run` blocks, without holding the interpreter; `stop` and `report` work from other threads."""

    def __init__(self, model: Model, settings: Settings, properties: int, witnesses: int, actions: int) -> None:
        self._model, self._settings = model, settings  # the settings point to a text that has to stay alive
        self._properties, self._witnesses, self._actions = properties, witnesses, actions
        self._search = model.runtime.search_new(model.address, byref(settings))
        if not self._search:
            raise MemoryError("there is no memory for a search")

    def run(self) -> None:
        """Searches to the end."""
        self._model.runtime.search_run(self._search)

    def stop(self, reason: str) -> None:
        """Makes `run` return soon."""
        self._model.runtime.search_stop(self._search, REASONS.index(reason))

    def use(self, model: Model) -> None:
        """Goes on, while it is not running, with another compilation of the same model."""
        self._model = model
        self._model.runtime.search_use(self._search, model.address)

    def save(self, path: Path, header: bytes) -> int:
        """Writes the search, while it is not running, to a file; an errno, or 0."""
        return int(self._model.runtime.search_save(self._search, os.fsencode(path), header, len(header)))

    def load(self, path: Path) -> int:
        """Takes up, before it has run, the search in a file; an errno, -1 for a damaged file, or 0."""
        return int(self._model.runtime.search_load(self._search, os.fsencode(path)))

    def report(self) -> Report:
        """The figures; in the middle of a level only those called live are fresh."""
        found = Report()
        self._model.runtime.search_report(self._search, byref(found))
        return found

    def reason(self) -> str:
        """Why the search has ended."""
        return REASONS[self.report().reason]

    def totals(self) -> list[tuple[int, int]]:
        """Generated and new states per action."""
        numbers = self._model.runtime.search_totals(self._search)
        return [(numbers[2 * a], numbers[2 * a + 1]) for a in range(self._actions)]

    def findings(self) -> tuple[Finding, list[Finding], list[Finding]]:
        """What ended the search; what was found per property; what was found per witness."""
        stopped, found = Finding(), (Finding * (self._properties + self._witnesses))()
        self._model.runtime.search_findings(self._search, byref(stopped), found)
        return stopped, list(found)[: self._properties], list(found)[self._properties :]

    def path(self, index: int, depth: int) -> list[int]:
        """Which successor to take, from the initial states to a state."""
        ordinals = (c_uint32 * (depth + 1))()
        count = self._model.runtime.search_path(self._search, index, ordinals, depth + 1)
        return list(ordinals[:count])

    def close(self) -> None:
        """Gives the memory back."""
        if self._search:
            self._model.runtime.search_free(self._search)
            self._search = None
