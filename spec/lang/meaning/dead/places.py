"""Which parts of the state may be dead, and on what it depends: cells, controls, and one bit for every question.

A *cell* is a variable, or one entry of it where it is a Map (of Maps). A *control* is a variable of few values that
guards test, whole or its entry for the same key as the cell's. For every cell variable and every combination of what
its controls hold there is one bit: whether the cell is dead then. This module knows types; nothing of expressions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from ... import domains, ir
from ...domains import Plain, Type

Keys = tuple[Plain, ...]
Values = frozenset[Plain]

MOST_CELLS = 128  # of one variable; one with more is divided less, or not at all
MOST_CASES = 1024  # combinations of what the controls of a cell may hold


@dataclass(frozen=True, slots=True)
class Control:
    """What a cell's being dead may depend on: a variable, or its entry at the cell's key number `axis`."""

    variable: str
    kind: Type
    axis: int | None

    def keys(self, cell: Keys) -> Keys:
        """The entry of the control that belongs to a cell."""
        return () if self.axis is None else (cell[self.axis],)


@dataclass(frozen=True)
class Cells:
    """The cells of one variable, and the bits that say when they are dead: one for every case."""

    variable: str
    kind: Type  # of one cell
    axes: tuple[Type, ...]  # the types of its keys
    controls: tuple[Control, ...]
    first: int  # its first bit

    @cached_property
    def choices(self) -> tuple[tuple[Plain, ...], ...]:
        """What each control may hold."""
        return tuple(tuple(domains.values(control.kind)) for control in self.controls)

    @cached_property
    def cases(self) -> dict[Keys, int]:
        """Every combination of what the controls hold, with its bit."""
        return {case: 1 << self.first + at for at, case in enumerate(product(*self.choices))}

    @cached_property
    def bits(self) -> int:
        """All bits of this variable."""
        return sum(self.cases.values())

    @cached_property
    def keys(self) -> tuple[Keys, ...]:
        """The keys of all its cells, in order."""
        return tuple(product(*(tuple(domains.values(axis)) for axis in self.axes)))

    @cached_property
    def controlled(self) -> tuple[tuple[Keys, tuple[tuple[str, Keys], ...]], ...]:
        """The keys of all its cells with the entries of controls that belong to each."""
        return tuple((keys, tuple((one.variable, one.keys(keys)) for one in self.controls)) for keys in self.keys)

    def matching(self, held: tuple[Values, ...]) -> int:
        """The bits of all cases in which each control holds one of these values."""
        return sum(self.cases[case] for case in product(*held))


def divided(
    variables: tuple[ir.Variable, ...], controls: Mapping[str, Type], whole: frozenset[str]
) -> dict[str, Cells]:
    """The cells of the variables, but for the controls and those that have to stay as they are."""
    found: dict[str, Cells] = {}
    first = 0
    for variable in variables:
        if variable.name in controls or variable.name in whole:
            continue
        axes, kind = _axes(variable.type)
        own = _controls(axes, controls)
        found[variable.name] = Cells(variable.name, kind, axes, own, first)
        first += prod(len(tuple(domains.values(control.kind))) for control in own)
    return found


def _axes(kind: Type) -> tuple[tuple[Type, ...], Type]:
    """The keys by which a variable is divided into cells, and the type of one cell."""
    axes: list[Type] = []
    while isinstance(kind, domains.Map):
        axes.append(kind.key)
        if prod(domains.cardinality(axis) for axis in axes) > MOST_CELLS:
            return tuple(axes[:-1]), kind
        kind = kind.value
    return tuple(axes), kind


def _controls(axes: tuple[Type, ...], controls: Mapping[str, Type]) -> tuple[Control, ...]:
    """The controls of cells with these keys, as long as the cases are few: entries before whole variables."""
    found: list[Control] = []
    for control in (*_entries(axes, controls), *_wholes(controls)):
        cases = prod(domains.cardinality(one.kind) for one in (*found, control))
        if cases <= MOST_CASES:
            found.append(control)
    return tuple(found)


def _entries(axes: tuple[Type, ...], controls: Mapping[str, Type]) -> Iterator[Control]:
    for name, kind in controls.items():
        for at, axis in enumerate(axes):
            if isinstance(kind, domains.Map) and kind.key == axis:
                yield Control(name, kind.value, at)


def _wholes(controls: Mapping[str, Type]) -> Iterator[Control]:
    return (Control(name, kind, None) for name, kind in controls.items() if not isinstance(kind, domains.Map))


def controlling(variables: tuple[ir.Variable, ...], left_out: frozenset[str]) -> dict[str, Type]:
    """The variables that can be controls: of few values, or Maps to few values from a type with few keys."""
    found = {v.name: v.type for v in variables if v.name not in left_out and not v.ghost}
    return {name: kind for name, kind in found.items() if _is_control(kind)}


def _is_control(kind: Type) -> bool:
    match kind:
        case domains.Map(key, value):
            return domains.cardinality(key) <= MOST_CELLS and not isinstance(value, domains.Map) and _is_control(value)
        case domains.Optional(item):
            return isinstance(item, domains.Enumeration | domains.Bool)
    return isinstance(kind, domains.Enumeration | domains.Bool)


def zero(kind: Type) -> Plain:
    """The value that stands for a dead one: the least, all of whose bits are zero in C."""
    match kind:
        case domains.Bool():
            return False
        case domains.Range(_, low, _) | domains.Int(low, _):
            return low
        case domains.Enumeration() | domains.Sort() | domains.Set():
            return 0
        case domains.Optional():
            return None
        case domains.Record(_, fields):
            return tuple(zero(item) for _, item in fields)
        case domains.Union(records):
            return 0, zero(records[0])
        case domains.Map(key, value):
            return (zero(value),) * domains.cardinality(key)
        case domains.Seq() | domains.Bag():
            return ()
        case domains.Tuple():
            raise AssertionError("tuples are never stored")


def is_neutral(kind: Type) -> bool:
    """Whether `zero` names no element of an unordered sort: then it is the same under every renaming."""
    match kind:
        case domains.Sort(_, size, ordered):
            return ordered or size == 1
        case domains.Record(_, fields):
            return all(is_neutral(item) for _, item in fields)
        case domains.Union(records):
            return is_neutral(records[0])
        case domains.Map(_, value):
            return is_neutral(value)
    return True
