"""Z3 within limits: what it does not decide in the time or the memory there is, is given up, and says why.

Knows solvers and limits; knows nothing of specifications.
"""

import time
from typing import Any, Literal

import z3

from ..model import Limits
from ..z3_memory import OUT_OF_MEMORY, check, holds_more_than


class Gave(Exception):
    """The solver gave up: the limit that was reached, if one was, and why in words."""

    def __init__(self, why: str, limit: Literal["seconds", "memory", "depth"] = "depth") -> None:
        super().__init__(why)
        self.limit = limit


class Patience:
    """How much time is left, from now on, and whether Z3 holds too much."""

    def __init__(self, limits: Limits) -> None:
        self.deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        self.megabytes = None if limits.memory is None else max(1, limits.memory // 2**20)

    def check(self) -> None:
        """Raises Gave where a limit is reached."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise Gave("the time limit was reached", "seconds")
        if self.megabytes is not None and holds_more_than(self.megabytes):
            raise Gave(OUT_OF_MEMORY, "memory")

    def milliseconds(self) -> int | None:
        """The time that is left, at least one; None without a limit. Raises Gave."""
        self.check()
        return None if self.deadline is None else max(1, int((self.deadline - time.monotonic()) * 1000))


class Solver:
    """One solver for bit-vectors. All questions share the time."""

    def __init__(self, seed: int, patience: Patience) -> None:
        self.patience = patience
        self.z3 = z3.SolverFor("QF_BV")
        self.z3.set("random_seed", seed % 2**31)

    def add(self, *conditions: Any) -> None:
        """What is true from now on."""
        self.z3.add(*conditions)

    def model(self, *assumptions: Any) -> Any:
        """A model in which these are true as well, or None. Raises Gave where the solver does not know."""
        left = self.patience.milliseconds()
        if left is not None:
            self.z3.set("timeout", left)
        found, reason = check(self.z3, self.patience.megabytes, *assumptions)
        if found == "unknown":
            self._give_up(reason)
        return self.z3.model() if found == "sat" else None

    def _give_up(self, reason: str) -> None:
        if "keyboard" in reason:
            raise KeyboardInterrupt
        if reason == OUT_OF_MEMORY:
            raise Gave(OUT_OF_MEMORY, "memory")
        if reason in ("timeout", "canceled"):
            raise Gave("the time limit was reached", "seconds")
        raise Gave(f"Z3 gave up: {reason}")


def is_true(model: Any, condition: Any) -> bool:
    """The truth value that a model gives to a condition."""
    return bool(z3.is_true(model.eval(condition, model_completion=True)))
