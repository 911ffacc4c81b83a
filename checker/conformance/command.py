"""`quorate check impl:znodes`, `impl:sessions`, `impl:watches`: the data service takes every step of a specification.

The configuration is the specification's, variants included: the service must part from a specification that is wrong.
A divergence is a violation of `conformance`, and its trace one of the specification with the service beside it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...spec.lang import ir
from ..commands.arguments import find_class, read_specification
from ..commands.mistakes import Mistake
from ..model import Options
from ..reference.search import peak_memory
from ..result import Result
from .beside import PROPERTY, Beside, with_service
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
_UNUSED = ("check_all", "checkpoint", "resume", "exact", "profile", "identity")


def compared(source: str, words: Iterable[str], variants: Iterable[str], splits: Iterable[str]) -> ir.Specification:
    """The tree of a specification with the service beside it; raises Mistake or Refused."""
    plain = read_specification(find_class(source.removeprefix("impl:")), words, variants, splits)
    return with_service(plain, lambda: SERVICES[source](plain))


def compare(request: "Request", specification: ir.Specification, options: Options) -> Result:
    """What comes of taking every step. Raises Mistake."""
    for name in _UNUSED:
        if getattr(request, name):
            given = name.replace("_", "-")
            raise Mistake(f"--{given} is for searches, and {request.specification} is a comparison; leave it out")
    if request.engine != "auto":
        raise Mistake(f"{request.specification} has an engine of its own; leave --engine out")
    beside = specification.performer
    assert isinstance(beside, Beside)
    began = time.monotonic()
    if options.properties == ():
        return Result("holds", "complete", complete=True, engine=PROPERTY)
    found = every_step(beside.specification, beside.start, options.limits, options.progress)
    return _result(specification, beside, options, found, time.monotonic() - began)


def _result(
    specification: ir.Specification, beside: Beside, options: Options, found: Conformance, seconds: float
) -> Result:
    divergence, names = found.divergence, [one.name for one in specification.actions]
    verdict = Result(
        "holds" if divergence is None else "violated",
        "complete" if divergence is None else "divergence",
        None if divergence is None else PROPERTY,
        found.complete,
        steps=None if divergence is None else beside.shown(divergence.steps),
    )
    if found.stopped is not None:
        verdict = Result("undecided", found.stopped)
    return replace(
        verdict,
        distinct=found.states,
        generated=found.steps,
        depth=found.depth,
        actions={name: Counter(found.actions)[name] for name in names},
        bounds={**dict(specification.constants), **options.limits.words()},
        properties=(PROPERTY,),
        engine=PROPERTY,
        seconds=seconds,
        peak_memory=peak_memory(),
    )
