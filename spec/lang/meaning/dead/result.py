"""Which values are dead, and states with the dead ones masked.

At first every cell is taken for dead whatever its controls hold. Actions and properties are followed until nothing
leaks any more; what is left is dead: two states that differ in it only take the same steps, to states that differ in
dead values only, and have the same properties. `docs/native.md` has the argument in full.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from ... import domains, ir
from ...domains import Plain, Type
from .facts import Taints
from .places import Cells, Control, Keys, controlling, divided, is_neutral, zero
from .values import TooLong
from .walk import Walk

BUDGET = 400_000  # steps of the analysis; what is not decided within them is taken for live
State = tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Dead:
    """Cells of a variable that are dead while their controls hold one of the cases; without controls, always."""

    variable: str
    axes: tuple[Type, ...]  # the types of the keys of a cell
    kind: Type  # of a cell
    controls: tuple[Control, ...]
    cases: frozenset[Keys]

    def __str__(self) -> str:
        return self.cell() + self.when()

    def cell(self) -> str:
        """`learners[i]`."""
        return self.variable + "".join(self._names())

    def _names(self) -> list[str]:
        return [f"[{chr(ord('i') + at)}]" for at in range(len(self.axes))]

    def when(self) -> str:
        """` unless role[i] is Role.LEADING`; nothing where it always is."""
        names = self._names()
        held = [one.variable + ("" if one.axis is None else names[one.axis]) for one in self.controls]
        if len(held) != 1:
            return f" depending on {' and '.join(held)}" if held else ""
        (control,) = self.controls
        every = list(domains.values(control.kind))
        dead = [value for value in every if (value,) in self.cases]
        live = [value for value in every if (value,) not in self.cases]
        word, few = ("while", dead) if len(dead) <= len(live) else ("unless", live)
        return f" {word} {held[0]} is {' or '.join(domains.show(control.kind, value) for value in few)}"


@dataclass(frozen=True, slots=True)
class DeadValues:
    """All dead cells of a specification, for some of its properties."""

    specification: ir.Specification = field(repr=False)
    dead: tuple[Dead, ...] = ()
    too_long: bool = False  # the analysis was given up

    def __bool__(self) -> bool:
        return bool(self.dead)

    def sentences(self) -> tuple[str, ...]:
        """What is dead and when: `learners[i], cepochs[i] unless role[i] is Role.LEADING`."""
        cells: dict[str, list[str]] = {}
        for one in self.dead:
            cells.setdefault(one.when(), []).append(one.cell())
        return tuple(f"{', '.join(own)}{when}" for when, own in cells.items())

    def mask(self) -> Callable[[State], State]:
        """The function that gives a state with every dead cell at its least value."""
        position = {variable.name: at for at, variable in enumerate(self.specification.variables)}
        masks = [(position[one.variable], _mask(one, position)) for one in self.dead]

        def masked(state: State) -> State:
            found = list(state)
            for at, mask in masks:
                found[at] = mask(state, state[at])
            return tuple(found)

        return masked


def _mask(one: Dead, position: dict[str, int]) -> Callable[[State, Plain], Plain]:
    """The masked value of one variable."""
    controls = [(position[control.variable], control.axis) for control in one.controls]
    slots = [None if c.axis is None else _positions(one.axes[c.axis]) for c in one.controls]
    nothing, cases = zero(one.kind), one.cases
    axes = [list(domains.values(axis)) for axis in one.axes]

    def masked(state: State, value: Plain, given: tuple[Plain, ...] = ()) -> Plain:
        if len(given) < len(axes):
            return tuple(masked(state, part, (*given, key)) for key, part in zip(axes[len(given)], value, strict=True))
        held = tuple(
            state[at] if slot is None or axis is None else state[at][slot[given[axis]]]
            for (at, axis), slot in zip(controls, slots, strict=True)
        )
        return nothing if held in cases else value

    return masked


def _positions(axis: Type) -> dict[Plain, int]:
    return {key: at for at, key in enumerate(domains.values(axis))}


# ------------------------------------------------------------------------------------------------- analysis


@lru_cache(maxsize=16)
def dead_values(
    specification: ir.Specification, properties: frozenset[str] | None = None, ghosts: bool = False
) -> DeadValues:
    """What is dead where these properties are checked (None: all), and ghosts are part of the identity or not."""
    readers = [one for one in specification.properties if properties is None or one.name in properties]
    readers += [one for one in specification.properties if one.kind in ("boundary", "terminal") and one not in readers]
    whole = {v.name for v in specification.variables if v.ghost and not ghosts}
    try:
        never = _analysed(specification, readers, {}, frozenset(whole))
        read = frozenset(v.name for v in specification.variables) - {one.variable for one in never}
        controls = controlling(specification.variables, frozenset(one.variable for one in never))
        found = _analysed(specification, readers, controls, frozenset(whole)) if read else never
    except TooLong:
        return DeadValues(specification, (), True)
    return DeadValues(specification, tuple(found))


def _analysed(
    specification: ir.Specification, readers: Sequence[ir.Property], controls: dict[str, Type], whole: Collection[str]
) -> list[Dead]:
    alien = frozenset(v.name for v in specification.variables if not is_neutral(v.type))
    cells = divided(specification.variables, controls, frozenset(whole) | alien)
    taints = Taints(cells, controls)
    walk = Walk(specification, taints, controls, BUDGET)
    properties = [partial(walk.property, one) for one in readers]
    _until_nothing_leaks(taints, [*properties, *(partial(walk.action, action) for action in specification.actions)])
    return [dead for one in cells.values() if (dead := _simplest(one, taints.dead)) is not None]


def _until_nothing_leaks(taints: Taints, parts: Sequence[Callable[[], None]]) -> None:
    """Follows every part, and again those that looked at something which has turned out not to be dead."""
    again = [True] * len(parts)
    looked = [0] * len(parts)
    while any(again):
        for at, part in enumerate(parts):
            if not again[at]:
                continue
            before, taints.looked, again[at] = taints.dead, 0, False
            part()
            looked[at] = taints.looked
            gone = before & ~taints.dead
            again = [one or bool(seen & gone) for one, seen in zip(again, looked, strict=True)]


def _simplest(cells: Cells, bits: int) -> Dead | None:
    """What is known of one variable, without controls and keys that make no difference."""
    cases = {case for case, bit in cells.cases.items() if bit & bits}
    if not cases:
        return None
    controls = list(cells.controls)
    for control in list(controls):
        at = controls.index(control)
        rest = {(*case[:at], *case[at + 1 :]) for case in cases}
        every = list(domains.values(control.kind))
        if all((*case[:at], value, *case[at:]) in cases for case in rest for value in every):
            cases = rest
            controls.remove(control)
    axes, kind = list(cells.axes), cells.kind
    while axes and not any(control.axis == len(axes) - 1 for control in controls):
        kind = domains.Map(axes.pop(), kind)
    return Dead(cells.variable, tuple(axes), kind, tuple(controls), frozenset(cases))
