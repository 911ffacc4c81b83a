"""A bound on the memory that Z3 holds in this process.

Z3 counts what it allocates, in all its contexts together, and gives a question up rather than pass the bound. This
is better than a limit of the operating system, at which Z3 ends the whole process. Knows nothing of questions.
"""

from typing import Any

import z3

OUT_OF_MEMORY = "the memory limit was reached"


def check(solver: Any, megabytes: int | None, *assumptions: Any) -> tuple[str, str]:
    """What a solver answers when Z3 may hold so much (None: as much as there is): sat, unsat or unknown, and why.

    Only questions are bounded: making a context or a term where there is no memory for it would end the process.
    """
    if megabytes is not None and holds_more_than(megabytes):
        return "unknown", OUT_OF_MEMORY
    try:
        z3.set_param("memory_max_size", megabytes or 0)
        found = str(solver.check(*assumptions))
        reason = str(solver.reason_unknown()) if found == "unknown" else ""
    except z3.Z3Exception as problem:
        found, reason = "unknown", str(problem)
    finally:
        z3.set_param("memory_max_size", 0)
    return found, OUT_OF_MEMORY if "memory" in reason else reason


def holds_more_than(megabytes: int) -> bool:
    """Whether Z3 holds more than this by now."""
    return bool(z3.Z3_get_estimated_alloc_size() > megabytes * 2**20)
