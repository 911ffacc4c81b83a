"""`quorate check impl:znodes`, `impl:sessions`, `impl:watches`: the data service takes every step of a specification.

The configuration is the specification's, variants included: the service must part from a specification that is wrong.
A divergence is kept as a trace of the specification, whose last step the service took differently.
"""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...spec.lang import ir
from ...traces.store import write
from ...traces.text import render_trace
from ...traces.trace import Step, Trace
from ..commands.arguments import find_class, read_specification
from ..commands.mistakes import Mistake
from ..result import Result
from .search import Conformance, Implementation, every_step
from .sessions import SessionService
from .watches import WatchService
from .znodes import ZnodeService

if TYPE_CHECKING:
    from ..commands.request import Request

SERVICES: dict[str, Callable[[ir.Specification], Implementation]] = {
    "impl:znodes": ZnodeService,
    "impl:sessions": SessionService,
    "impl:watches": WatchService,
}
PROPERTY = "conformance"
_UNUSED = ("property_", "check_all", "checkpoint", "resume", "html", "max_states", "max_depth", "timeout", "memory")


def run(request: "Request") -> tuple[Result, dict[str, str]]:
    """The result, and the reports that were asked for, by format. Raises Mistake."""
    name = request.specification
    for option in _UNUSED:
        if getattr(request, option):
            given = option.strip("_").replace("_", "-")
            raise Mistake(f"--{given} is for searches, and {name} is a comparison; leave it out")
    unknown = set(request.output_format) - {"text", "json"}
    if unknown:
        raise Mistake(f"{name} is reported as text or json, not as {min(unknown)}")
    source = name.removeprefix("impl:")
    specification = read_specification(find_class(source), request.constants, request.variant, request.split)
    began = time.monotonic()
    found = every_step(specification, lambda: SERVICES[name](specification))
    result = _result(specification, found, time.monotonic() - began)
    texts = {"text": _text(request, specification, found), "json": _json(name, found)}
    return result, {format: texts[format] for format, _ in request.outputs()}


def _result(specification: ir.Specification, found: Conformance, seconds: float) -> Result:
    divergence = found.divergence
    return Result(
        "holds" if divergence is None else "violated",
        "complete" if divergence is None else "divergence",
        None if divergence is None else PROPERTY,
        found.complete,
        distinct=found.states,
        generated=found.steps,
        bounds=dict(specification.constants),
        properties=(PROPERTY,),
        seconds=seconds,
        steps=None if divergence is None else divergence.steps,
    )


def _text(request: "Request", specification: ir.Specification, found: Conformance) -> str:
    constants = " ".join(f"{name}={value}" for name, value in specification.constants)
    title = " ".join([request.specification, constants, *(f"with {name}" for name in specification.variants)])
    counts = f"  {found.states:,} states of the specification, {found.steps:,} steps taken by the service\n"
    if found.divergence is None:
        verdict = f"{title}: every step of the specification is the service's\n"
        return verdict if request.quiet else verdict + counts
    verdict = f"{title}: parts from the specification\n"
    if request.quiet:
        return verdict
    steps = tuple(Step(label, state) for label, state in found.divergence.steps)
    source = request.specification.removeprefix("impl:")
    trace = Trace(specification, source, steps, "undecided", None, engine=PROPERTY)
    told = f"in the service, after the last step: {found.divergence.difference}\n"
    try:
        kept = f"trace in:    {write(trace, request.trace)}   (see quorate trace --help)\n"
    except OSError as problem:
        if request.trace is not None:
            raise Mistake(f"the trace cannot be written to {request.trace}: {problem.strerror}") from None
        kept = ""
    return f"{verdict}{counts}\n{render_trace(trace)}{told}{kept}"


def _json(name: str, found: Conformance) -> str:
    divergence = found.divergence
    document = {
        "schema": 1,
        "specification": name,
        "verdict": "holds" if divergence is None else "violated",
        "states": found.states,
        "steps": found.steps,
        "difference": None if divergence is None else divergence.difference,
    }
    return json.dumps(document, indent=2) + "\n"
