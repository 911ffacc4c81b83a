"""From a request to a report: the engine is called, what it found is replayed, and the traces are stored."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ...spec.lang import ir
from ...traces.replay import replay
from ...traces.store import write
from ...traces.trace import Failure, Step, Trace, show_label
from .. import engines
from ..engines import slow_because
from ..model import Progress
from ..output.report import Report, Shown
from ..result import Result, Steps
from ..subject import CLUSTER, SERVICES
from .mistakes import Mistake
from .request import Request


def search(request: Request, specification: ir.Specification, progress: Callable[[Progress], None] | None) -> Result:
    """The engine's answer."""
    options = request.options(specification, progress)
    if request.specification == CLUSTER:
        from ..implementation.command import explore

        return explore(request, specification, options)
    if request.specification in SERVICES:
        from ..conformance.command import compare

        return compare(request, specification, options)
    try:
        return engines.check(specification, options, request.engine)
    except engines.NoEngine as problem:
        raise Mistake(str(problem)) from None


def report_on(request: Request, specification: ir.Specification, result: Result) -> Report:
    """The result with its traces replayed and stored; a trace that does not replay is a fault of ours."""
    traces = [replay(trace) for trace in _traces(request, specification, result)]
    shown = tuple(Shown(trace, _stored(request, trace, number)) for number, trace in enumerate(traces))
    note = slow_because() if request.engine == "auto" and result.engine == "reference" else _not_kept(result)
    command, code = request.command(request.specification), request.exit_code(result)
    return Report(specification, request.specification, command, result, shown, note, request.expect, code)


def _not_kept(result: Result) -> str | None:
    if result.bounds.get("reduction"):
        return "interleavings that make no difference were left out; reduction=0 takes them all"
    from ..native.compiler import cache_problem

    return cache_problem() if result.engine == "native" else None


def _traces(request: Request, specification: ir.Specification, result: Result) -> Iterator[Trace]:
    """The counterexample, or with --check-all one for each property; and the way to an error, if there is one."""
    if result.reason == "asymmetry":
        return
    found: list[tuple[str | None, Steps]] = [(one.property, one.steps) for one in result.violations]
    if not found and result.error is None and result.steps:
        found = [(result.property, result.steps)]
    for name, steps in found:
        yield _trace(request, specification, result, steps, name, None)
    if result.error is not None and result.steps:
        failed = result.failed
        during = show_label(specification, failed) if isinstance(failed, tuple) else failed or "a step"
        failure = Failure(during, str(result.error.span), result.error.message)
        yield _trace(request, specification, result, result.steps, None, failure)


def _trace(
    request: Request,
    specification: ir.Specification,
    result: Result,
    steps: Steps,
    name: str | None,
    failure: Failure | None,
) -> Trace:
    return Trace(
        specification,
        request.specification,
        tuple(Step(label, state) for label, state in steps),
        "violated" if failure is None else "undecided",
        name,
        failure,
        result.engine,
        request.seed,
    )


def _stored(request: Request, trace: Trace, number: int) -> Path | None:
    """Where the trace was written: the first where --trace says; None where the folder cannot be written."""
    try:
        return write(trace, request.trace if number == 0 else None)
    except OSError as problem:
        if request.trace is not None and number == 0:
            raise Mistake(f"the trace cannot be written to {request.trace}: {problem.strerror}") from None
        return None
