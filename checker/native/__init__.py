"""The native engine: the typed tree becomes C, a fixed C runtime explores it, ctypes drives both.

Its parts are imported when they are asked for: the compiler can be at work while the rest is.
"""

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...spec.lang import ir
    from ..model import Options
    from ..result import Result


def begin() -> None:
    """Has the runtime compiled, if it has to be and can be, while everything else is imported and read."""
    from .compiler import NoCompiler, begin_runtime

    with contextlib.suppress(NoCompiler):
        begin_runtime()


def check(specification: "ir.Specification", options: "Options") -> "Result":
    """Searches a specification's states. Raises compiler.NoCompiler where there is none."""
    from .engine import Native

    return Native(specification, options).run()
