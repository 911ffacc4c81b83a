"""A trace: what happened, as data, together with the specification it happened in.

Steps are counted from 1, the initial state; a trace's length is the number of its states, which is what engines
call depth. This module knows neither files, nor engines, nor how a trace is shown.
"""

from dataclasses import dataclass
from typing import Literal

from ..spec.lang import domains, ir
from ..spec.lang.domains import Plain

State = tuple[Plain, ...]
Label = tuple[str, tuple[Plain, ...]]
DEADLOCK = "deadlock"  # the property that every engine checks unless told otherwise


@dataclass(frozen=True, slots=True)
class Step:
    """A state, and the label of the step that led to it."""

    label: Label
    state: State


@dataclass(frozen=True, slots=True)
class Failure:
    """A run-time check of the specification that failed: in a step from the last state, or of a property in it."""

    during: str  # the step's label, or the property's name
    place: str  # file:line:column
    message: str


@dataclass(frozen=True, slots=True)
class Parting:
    """What a log has next, where that is not a step of the specification.

    `label` is the step that the line stands for, None where there is none. If it can happen, `differences` say how the
    log tells of another effect; if they are empty, it cannot.
    """

    line: str
    label: Label | None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """The log that a trace was read from: its name, and the line of every step (of the initial state: none).

    `left_out` counts the lines that are no business of the specification's.
    """

    name: str
    lines: tuple[str, ...]
    left_out: int = 0
    parting: Parting | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A behaviour from an initial state on, and what its end shows.

    `source` is what the command line calls the specification. `verdict` is about `property` in the last state (for
    a step invariant: in the last step), which may be "deadlock". With a `failure` no property was decided.
    """

    specification: ir.Specification
    source: str
    steps: tuple[Step, ...]
    verdict: Literal["violated", "reached", "undecided"]
    property: str | None
    failure: Failure | None = None
    engine: str = ""
    seed: int | None = None
    log: Log | None = None

    def property_node(self) -> ir.Property | None:
        """The property that the trace is about; None for a deadlock, and where there is none."""
        return next((one for one in self.specification.properties if one.name == self.property), None)


def action_of(specification: ir.Specification, name: str) -> ir.Action | None:
    """The action, or initial action, of this name; None for the "init" of a specification that has none."""
    every = (*specification.initial, *specification.actions)
    return next((action for action in every if action.name == name), None)


def show_label(specification: ir.Specification, label: Label) -> str:
    """A step's name for people: `prepare(rm1)`."""
    name, arguments = label
    action = action_of(specification, name)
    if action is None or not arguments:
        return name
    shown = (domains.show(param.type, value) for param, value in zip(action.params, arguments, strict=True))
    return f"{name}({', '.join(shown)})"


def configuration(specification: ir.Specification) -> str:
    """The configuration as it stands on a command line: `managers=3 --variant commit-early`."""
    constants = [f"{name}={value}" for name, value in specification.constants]
    variants = [f"--variant {name}" for name in specification.variants]
    return " ".join([*constants, *variants, *(f"--split {name}" for name in specification.splits)])
