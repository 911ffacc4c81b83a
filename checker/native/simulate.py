"""Random walks in C, for spaces that nobody can exhaust: what they find is replayed and shortened.

The same seed finds the same thing with any number of threads. A run without a finding says nothing about the states
that no walk met: its verdict is always undecided. Knows the engine's parts; nothing of the command line.
"""

import ctypes
import threading
import time
from collections.abc import Callable, Mapping
from ctypes import POINTER, Structure, byref, c_double, c_int, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass, replace
from typing import Any

from ...spec.lang import ir
from ...spec.lang.meaning.interpret import Enabled, Interpreter
from ..model import Options, properties_of
from ..result import DEADLOCK, Label, Result, State, Steps
from .binding import PROPERTY, REASONS
from .engine import ENGINE, Prepared, bounds, peak_memory, prepare
from .replay import Replay


class _Walk(Structure):
    _fields_ = [("number", c_uint64), *((n, c_uint32) for n in ("kind", "which", "length", "site", "failed"))]


class _Walks(Structure):
    _fields_ = [
        *((name, c_uint64) for name in ("walks", "seed", "invariants", "step_invariants")),
        *((name, c_uint32) for name in ("depth", "workers", "deadlock")),
        ("stop", c_int),
        ("next", c_uint64),
        ("steps", c_uint64),
        ("found", _Walk),
        ("actions", c_uint32),
        ("weights", POINTER(c_double)),
        ("taken", POINTER(c_uint64)),
        ("path", POINTER(c_uint32)),
        ("walkers", c_void_p),
        ("model", c_void_p),
    ]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What random walks have met: a Result (never "holds"), how much was walked, and steps taken per action."""

    result: Result
    walks: int
    steps: int
    actions: Mapping[str, int]


def simulate(specification: ir.Specification, options: Options, walks: int = 100_000, depth: int = 100) -> Simulation:
    """Takes at most `walks` walks of at most `depth` states from `options.seed`; ends at the first violation."""
    began = time.monotonic()
    options = replace(options, symmetry=False, identity="state")
    prepared = prepare(specification, options)
    runtime = prepared.model.runtime
    runtime.walks_new.restype, runtime.walks_new.argtypes = POINTER(_Walks), [c_void_p, POINTER(_Walks)]
    asked = _asked(specification, options)
    wanted = _Walks(
        walks=walks,
        seed=options.seed & (2**64 - 1),
        invariants=asked["invariant"],
        step_invariants=asked["step_invariant"],
        depth=depth,
        workers=options.workers,
        deadlock=options.deadlock,
    )
    running = runtime.walks_new(prepared.model.address, byref(wanted))
    try:
        interrupted = _wait(running, runtime, options, began)
        return _answer(specification, options, prepared, running.contents, interrupted, began)
    finally:
        runtime.walks_free(running)


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
    thread = threading.Thread(target=runtime.walks_run, args=(running,), daemon=True)
    thread.start()
    limit, stopped = options.limits.seconds, False
    try:
        while thread.is_alive():
            thread.join(0.05)
            if limit is not None and time.monotonic() - began > limit:
                stopped = True
                runtime.walks_stop(running)
    except KeyboardInterrupt:
        stopped = True
        runtime.walks_stop(running)
    thread.join()
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
    steps = shortened(specification, steps, violates(specification, kind, name))
    return {"verdict": "violated", "reason": kind, "property": name, "steps": steps, "depth": len(steps)}


# ---------------------------------------------------------------------------------------------------- shortening


def violates(specification: ir.Specification, kind: str, name: str) -> Callable[[Steps], bool]:
    """Whether a trace ends with the violation of a property."""
    interpreter = Interpreter(specification)
    terminals = [one.name for one in specification.properties if one.kind == "terminal"]

    def test(steps: Steps) -> bool:
        state = steps[-1][1]
        if kind == "step_invariant":
            return len(steps) > 1 and not interpreter.holds(name, state, steps[-2][1])
        if kind == "deadlock":
            return not interpreter.successors(state) and not any(interpreter.holds(t, state) for t in terminals)
        return not interpreter.holds(name, state)

    return test


def shortened(specification: ir.Specification, steps: Steps, violated: Callable[[Steps], bool]) -> Steps:
    """A trace to the same violation from which no single step can be left out; every attempt is replayed."""
    interpreter, size = Interpreter(specification), len(steps) // 2
    while size > 0:
        start = 1
        while start + size <= len(steps):
            shorter = _replayed(interpreter, steps[:start], [label for label, _ in steps[start + size :]])
            if shorter is not None and violated(shorter):
                steps = shorter
            else:
                start += size
        size //= 2
    return steps


def _replayed(interpreter: Interpreter, steps: Steps, labels: list[Label]) -> Steps | None:
    """The trace that goes on with these steps; None where one of them cannot happen."""
    found: list[tuple[Label, State]] = list(steps)
    for label in labels:
        after = interpreter.attempt(*label, found[-1][1])
        if not isinstance(after, Enabled):
            return None
        found.append((label, after.state))
    return tuple(found)
