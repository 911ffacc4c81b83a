"""Which engine searches: the one place that knows them all."""

from typing import Literal

from ..spec.lang import ir
from .model import Options
from .reference import check as check_with_reference
from .result import Result

Engine = Literal["auto", "native", "reference"]


class NoEngine(Exception):
    """The engine that was asked for cannot run here; the text says why."""


def check(specification: ir.Specification, options: Options, engine: Engine = "auto") -> Result:
    """The answer of the engine; "auto" takes the fastest that runs here. Raises NoEngine."""
    if engine == "native":
        raise NoEngine("the native engine is not there yet; use --engine reference")
    return check_with_reference(specification, options)
