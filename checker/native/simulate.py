"""Random walks in C, for spaces that nobody can exhaust: what they find is replayed.

The same seed finds the same thing with any number of threads. A run without a finding says nothing about the states
that no walk met: its verdict is always undecided. Knows the engine's parts; nothing of the command line.
"""

import ctypes
import time
from collections.abc import Mapping
from ctypes import POINTER, Structure, byref, c_double, c_int, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass, field, replace
from typing import Any

from ...spec.lang import ir
from ...spec.lang.domains import Plain
from ..model import Options, properties_of
from ..result import DEADLOCK, Result
from .beside import await_end, beside, ended
from .binding import PROPERTY, REASONS
from .engine import ENGINE, Prepared, bounds, peak_memory, prepare
from .generate.layout import StateLayout, mask
from .replay import Replay


class _Walk(Structure):
    _fields_ = [("number", c_uint64), *((n, c_uint32) for n in ("kind", "which", "length", "site", "failed"))]


class _Walks(Structure):
    _fields_ = [
        *((name, c_uint64) for name in ("walks", "seed", "invariants", "step_invariants")),
        *((name, c_uint32) for name in ("depth", "workers", "deadlock")),
        ("stop", c_int),
        ("view", POINTER(c_uint64)),
        ("next", c_uint64),
        ("steps", c_uint64),
        ("found", _Walk),
        ("actions", c_uint32),
        ("weights", POINTER(c_double)),
        ("taken", POINTER(c_uint64)),
        ("path", POINTER(c_uint32)),
        ("walkers", c_void_p),
        ("model", c_void_p),
        ("mask", c_void_p),
        *((name, POINTER(c_uint64)) for name in ("keys", "counts", "states")),
        ("beyond", c_uint64),
        *((name, c_uint32) for name in ("used", "slots", "words", "unused")),
    ]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What random walks have met: a Result (never "holds"), how much was walked, and steps taken per action.

    `covered` counts the visits of every value that the variable asked for has had; `beyond` those of further values,
    for which there was no room.
    """

    result: Result
    walks: int
    steps: int
    actions: Mapping[str, int]
    covered: Mapping[Plain, int] = field(default_factory=dict)
    beyond: int = 0


def simulate(
    specification: ir.Specification, options: Options, walks: int = 100_000, depth: int = 100, by: str | None = None
) -> Simulation:
    """Takes at most `walks` walks of at most `depth` states from `options.seed`; ends at the first violation.

    `by` names a variable whose values are the abstract states to count.
    """
    began = time.monotonic()
    options = replace(options, symmetry=False, identity="state")
    prepared = prepare(specification, options)
    runtime = prepared.model.runtime
    runtime.walks_new.restype, runtime.walks_new.argtypes = POINTER(_Walks), [c_void_p, POINTER(_Walks)]
    asked = _asked(specification, options)
    view = None if by is None else _view(prepared.program.state, by)
    wanted = _Walks(
        walks=walks,
        seed=options.seed & (2**64 - 1),
        invariants=asked["invariant"],
        step_invariants=asked["step_invariant"],
        depth=depth,
        workers=options.workers,
        deadlock=options.deadlock,
        view=view,
    )
    running = runtime.walks_new(prepared.model.address, byref(wanted))
    try:
        interrupted = _wait(running, runtime, options, began)
        found = _answer(specification, options, prepared, running.contents, interrupted, began)
        return found if by is None else _covered(found, prepared.program.state, by, running.contents)
    finally:
        runtime.walks_free(running)


def _view(state: StateLayout, variable: str) -> Any:
    """The bits of a variable, as words of a state."""
    kind = next(own.type for own in state.variables if own.name == variable)
    bits = mask(kind) << state.offset(variable)
    return (c_uint64 * state.words)(*(bits >> at & (2**64 - 1) for at in range(0, 64 * state.words, 64)))


def _covered(found: Simulation, state: StateLayout, variable: str, walks: _Walks) -> Simulation:
    """With the visits of every value that the variable has had."""
    at = [own.name for own in state.variables].index(variable)
    counts: dict[Plain, int] = {}
    for slot in range(walks.slots):
        if walks.counts[slot]:
            words = walks.states[slot * state.words : (slot + 1) * state.words]
            value = state.decode(b"".join(word.to_bytes(8, "little") for word in words))[at]
            counts[value] = counts.get(value, 0) + walks.counts[slot]
    return replace(found, covered=counts, beyond=walks.beyond)


def _asked(specification: ir.Specification, options: Options) -> dict[ir.Kind, int]:
    """The properties to check, as bits in order of declaration."""
    found: dict[ir.Kind, int] = {}
    kinds: tuple[ir.Kind, ...] = ("invariant", "step_invariant")
    for kind in kinds:
        chosen = properties_of(specification, kind, options)
        own = [one for one in specification.properties if one.kind == kind]
        found[kind] = sum(1 << bit for bit, one in enumerate(own) if one in chosen)
    return found


def _wait(running: Any, runtime: ctypes.CDLL, options: Options, began: float) -> bool:
    """Until the walks have ended; says whether Ctrl-C or the time limit ended them."""
    limit, stopped = options.limits.seconds, False
    walking = beside(lambda: runtime.walks_run(running))
    try:
        while not ended(walking, 0.05):
            if limit is not None and time.monotonic() - began > limit:
                stopped = True
                runtime.walks_stop(running)
    except KeyboardInterrupt:
        stopped = True
        runtime.walks_stop(running)
        await_end(walking)
    return stopped


def _answer(
    specification: ir.Specification,
    options: Options,
    prepared: Prepared,
    walks: _Walks,
    interrupted: bool,
    began: float,
) -> Simulation:
    taken = {name: walks.taken[number] for number, name in enumerate(prepared.program.actions)}
    more: dict[str, Any] = {"verdict": "undecided", "reason": "interrupted" if interrupted else "walks"}
    if walks.found.kind:
        more = _finding(specification, prepared, walks)
    result = Result(
        engine=f"{ENGINE}, random walks",
        bounds={**bounds(specification, options), "walks": walks.walks, "depth": walks.depth, "seed": options.seed},
        generated=walks.steps,
        actions=taken,
        seconds=time.monotonic() - began,
        peak_memory=peak_memory(),
        **more,
    )
    return Simulation(result, min(walks.next, walks.walks), walks.steps, taken)


def _finding(specification: ir.Specification, prepared: Prepared, walks: _Walks) -> dict[str, Any]:
    found = walks.found
    replay = Replay(specification, prepared.program, prepared.model)
    steps = replay.steps(list(walks.path[: found.length]))
    kind = REASONS[found.kind]
    if kind == "error":
        error, failed = replay.error(steps, found.failed, PROPERTY)
        return {"verdict": "undecided", "reason": "error", "steps": steps, "error": error, "failed": failed}
    own = [one for one in specification.properties if one.kind == kind]
    name = DEADLOCK if kind == "deadlock" else own[found.which].name
    return {"verdict": "violated", "reason": kind, "property": name, "steps": steps, "depth": len(steps)}
