"""Which engine checks a specification: the one that was asked for, or the one that ends soonest.

By default the reference engine starts at once while the C compiler works; a space that is still growing when the
model is compiled goes to the native engine, from the beginning. The user sees one run. This module knows both engines
and nothing of how results are shown.
"""

import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Any, Literal, assert_never

from ..spec.lang import ir
from . import native, reference
from .model import Limits, Options, Progress
from .native import compiler
from .native.beside import beside
from .native.checkpoint import CheckpointRefused
from .native.compiler import NoCompiler, find_compiler
from .native.engine import Native, begin_first, build, is_cached, write
from .result import Result

Engine = Literal["auto", "native", "reference"]
SLICE = 0.1  # seconds for the reference engine while two compilers need two processors; then it waits for one of them
PAUSE = 0.5  # seconds after which it looks around
SELF_TESTED = 64  # states on which a declared symmetry is tested before the native engine relies on it


class NoEngine(Exception):
    """The engine that was asked for cannot run here; the text says why."""


def check(specification: ir.Specification, options: Options, engine: Engine = "auto") -> Result:
    """The answer of the engine; "auto" takes the one that ends soonest. Raises NoEngine."""
    match engine:
        case "reference":
            return reference.check(specification, options)
        case "native":
            try:
                return _asymmetry(specification, options) or native.check(specification, options)
            except (NoCompiler, CheckpointRefused) as problem:
                raise NoEngine(str(problem)) from None
        case "auto":
            return _soonest(specification, options)
    assert_never(engine)


def slow_because() -> str | None:
    """One line that says why only the reference engine runs here and what to do about it; None where both run."""
    try:
        find_compiler()
    except NoCompiler as problem:
        return f"running in Python, slowly: {problem}"
    return None


def _asymmetry(specification: ir.Specification, options: Options) -> Result | None:
    """What the reference engine's self-test finds on the first states, as the native engine relies on the symmetry."""
    if not options.symmetry:
        return None
    first = reference.check(specification, replace(options, limits=Limits(states=SELF_TESTED), progress=None))
    return first if first.reason == "asymmetry" else None


class _Compiled(Exception):
    """The model is compiled, and the search in Python has not ended."""


def _soonest(specification: ir.Specification, options: Options) -> Result:
    if slow_because() is not None:
        return reference.check(specification, options)
    if options.checkpoint is not None:
        return check(specification, options, "native")
    quickly = not options.profile
    runtime, program = compiler.begin_runtime(), write(specification, options, quickly)
    if is_cached(program):
        return _asymmetry(specification, options) or Native(specification, options, build(program, quickly)).run()
    model = beside(lambda: build(program, quickly))
    compilers: list[Future[Any]] = [runtime, begin_first(program) if quickly else model]

    def progress(done: Progress) -> None:
        if done.seconds > SLICE and (os.cpu_count() or 1) <= 2 and not any(one.done() for one in compilers):
            wait(compilers, PAUSE, FIRST_COMPLETED)
        if done.distinct >= SELF_TESTED and model.done() and model.exception() is None:
            raise _Compiled
        if options.progress is not None:
            options.progress(done)

    try:
        return reference.check(specification, replace(options, progress=progress))
    except _Compiled:
        return Native(specification, options, model.result()).run()
