"""From a request to a report: the engine is called, what it found is replayed, and the traces are stored."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError
from ...traces.replay import replay
from ...traces.store import write
from ...traces.trace import Failure, Step, Trace, show_label
from .. import engines
from ..engines import slow_because
from ..model import Progress
from ..output.report import Report, Shown
from ..result import Result, Steps
from .mistakes import Mistake
from .request import Request


def search(request: Request, specification: ir.Specification, progress: Callable[[Progress], None] | None) -> Result:
    """The engine's answer."""
    try:
        return engines.check(specification, request.options(specification, progress), request.engine)
    except engines.NoEngine as problem:
        raise Mistake(str(problem)) from None


def report_on(request: Request, specification: ir.Specification, result: Result) -> Report:
    """The result with its traces replayed and stored; a trace that does not replay is a fault of ours."""
    traces = [replay(trace) for trace in _traces(request, specification, result)]
    shown = tuple(Shown(trace, _stored(request, trace, number)) for number, trace in enumerate(traces))
    note = slow_because() if request.engine == "auto" and result.engine == "reference" else None
    return Report(specification, request.specification, request.command(request.specification), result, shown, note)


def _traces(request: Request, specification: ir.Specification, result: Result) -> Iterator[Trace]:
    if result.reason == "asymmetry":
        return
    if result.violations:
        for violation in result.violations:
            yield _trace(request, specification, result, violation.steps, violation.property)
    elif result.steps:
        yield _trace(request, specification, result, result.steps, result.property)


def _trace(request: Request, specification: ir.Specification, result: Result, steps: Steps, name: str | None) -> Trace:
    return Trace(
        specification,
        request.specification,
        tuple(Step(label, state) for label, state in steps),
        "undecided" if result.error is not None else "violated",
        None if result.error is not None else name,
        _failure(specification, result.error, result.failed),
        result.engine,
        request.seed,
    )


def _failure(
    specification: ir.Specification, error: EvaluationError | None, failed: tuple[str, tuple[object, ...]] | str | None
) -> Failure | None:
    if error is None:
        return None
    during = show_label(specification, failed) if isinstance(failed, tuple) else failed or "a step"
    return Failure(during, str(error.span), error.message)


def _stored(request: Request, trace: Trace, number: int) -> Path | None:
    """Where the trace was written: the first where --trace says; None where the folder cannot be written."""
    try:
        return write(trace, request.trace if number == 0 else None)
    except OSError as problem:
        if request.trace is not None and number == 0:
            raise Mistake(f"the trace cannot be written to {request.trace}: {problem.strerror}") from None
        return None
