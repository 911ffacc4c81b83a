"""What makes a behaviour simpler: fewer steps, fewer faults, fewer servers, fewer changes of who acts.

An action is a fault when a word of its name says so, or when the caller names it. Who acts is the first argument that
is an element of a Sort, or of the Range that lanes are of; servers are all such arguments.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ...spec.lang import ir
from ...spec.lang.domains import Sort
from ..export.diagram import main_type
from ..trace import Label, Step, action_of

Objective = Literal["steps", "faults", "switches", "servers"]
FAULTS = frozenset(
    ("crash", "restart", "fail", "lose", "lost", "drop", "duplicate", "disconnect", "partition", "timeout", "expire")
)
Element = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a behaviour costs; the objective decides which of these counts first, then the steps do."""

    steps: int
    faults: int
    switches: int
    servers: int

    def key(self, objective: Objective) -> tuple[int, ...]:
        """Compares behaviours: the smaller is the simpler."""
        return (getattr(self, objective), self.steps, self.faults, self.switches)


class Measure:
    """Costs in one specification."""

    def __init__(self, specification: ir.Specification, faults: Collection[str] = ()) -> None:
        self._specification, self._main = specification, main_type(specification)
        names = [action.name for action in specification.actions]
        self.faults = [name for name in names if name in faults or (not faults and FAULTS & set(name.split("_")))]

    def cost(self, steps: Sequence[Step]) -> Cost:
        """The cost of a behaviour; its initial state is free."""
        labels = [step.label for step in steps[1:]]
        lanes = [lane for label in labels if (lane := self.lane(label)) is not None]
        switches = sum(one != other for one, other in pairwise(lanes))
        servers = {element for label in labels for element in self.elements(label)}
        return Cost(len(steps), sum(label[0] in self.faults for label in labels), switches, len(servers))

    def lane(self, label: Label) -> Element | None:
        """Who acts; None where nobody in particular does."""
        return next(iter(self.elements(label)), None)

    def elements(self, label: Label) -> list[Element]:
        """The elements of Sorts, and of the type of the lanes, among the arguments, in order."""
        action = action_of(self._specification, label[0])
        params = action.params if action is not None and label[1] else ()
        return [
            (param.type.name, value)
            for param, value in zip(params, label[1], strict=False)
            if isinstance(param.type, Sort) or (self._main is not None and param.type == self._main)
        ]
