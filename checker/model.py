"""What every engine is asked: which properties, which identity of states, which limits; and how it reports progress.

All engines are called as `check(specification, options) -> Result`. This module knows neither engines nor results.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..spec.lang import ir
from ..spec.lang.meaning.dead import DeadValues, dead_values
from ..spec.lang.meaning.ghosts import ghost_readers

Identity = Literal["state", "ghosts", "label"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a search stops before it is complete; a search that was stopped is undecided. None means no limit."""

    states: int | None = None  # distinct states
    depth: int | None = None  # states at this depth are checked and not expanded; an initial state has depth 1
    seconds: float | None = None  # wall time
    memory: int | None = None  # bytes of the whole process

    def words(self) -> dict[str, int | float]:
        """The limits that there are, as a result names them."""
        given = {
            "max_states": self.states,
            "max_depth": self.depth,
            "max_seconds": self.seconds,
            "max_memory": self.memory,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is."""

    distinct: int
    generated: int
    depth: int
    frontier: int  # states found and not yet expanded
    seconds: float
    memory: int  # bytes


@dataclass(frozen=True, slots=True)
class Options:
    """How a specification is checked.

    `identity` says when two states are the same: without ghosts ("state", the default), with ghosts ("ghosts"), or
    with ghosts and the label of the step that led there ("label"). `properties` names those to check; None means all.
    Boundaries and terminals always apply.
    """

    identity: Identity = "state"
    symmetry: bool = True
    dead_values: bool = False  # states that differ only in values that nothing can read any more are the same
    check_all: bool = False  # go on after a violation, and group what is found
    deadlock: bool = True
    properties: tuple[str, ...] | None = None
    limits: Limits = field(default_factory=Limits)
    exact: bool = False  # the native engine compares states in full instead of by fingerprint; the other always does
    profile: bool = False  # measure what takes the time, and which sets of values grow
    workers: int = 1
    seed: int = 0  # of whatever an engine samples; it never changes a count
    progress: Callable[[Progress], None] | None = field(default=None, compare=False)
    checkpoint: Path | None = None  # where the native engine writes its search, now and then and when it is stopped
    checkpoint_seconds: float = 600.0  # between two of them
    resume: bool = False  # go on from the checkpoint


def dead_values_of(specification: ir.Specification, options: Options) -> DeadValues:
    """What is dead in a run: nothing where it was not asked for."""
    if not options.dead_values:
        return DeadValues(specification)
    chosen = None if options.properties is None else frozenset(options.properties)
    return dead_values(specification, chosen, options.identity != "state")


def identity_for(specification: ir.Specification, properties: tuple[str, ...] | None) -> Identity:
    """The coarsest identity under which every property that is checked is true of all states that are one, or of none.

    Ghosts belong to it as soon as one of them is read: states that differ in ghosts only have the same steps, and yet
    an invariant over what has happened may be true of one and false of the other.
    """
    readers = ghost_readers(specification)
    return "ghosts" if any(properties is None or name in properties for name in readers) else "state"


def properties_of(specification: ir.Specification, kind: ir.Kind, options: Options) -> list[ir.Property]:
    """The properties of one kind in order of declaration; of invariants and witnesses only those chosen."""
    chosen = options.properties
    always = chosen is None or kind in ("boundary", "terminal")
    return [p for p in specification.properties if p.kind == kind and (always or p.name in (chosen or ()))]
