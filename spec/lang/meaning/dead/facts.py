"""What is known at one point of an action: what controls hold, and which values depend on something dead.

A value's *taint* is the set of bits (see `places.py`) whose cells it depends on; it is empty for values that the same
step has in all states that differ in dead cells only. This module knows cells and controls; nothing of expressions.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

from ... import domains, ir
from ...domains import Plain, Type
from .places import Cells, Keys, Values

Place = tuple[str, Keys, bool]  # an entry of a control, in this state or in the one before the step
MOST_VALUES = 16  # that a known value may have
MOST_PATHS = 48  # that are told apart in an action


class Known(NamedTuple):  # and no dataclass, because very many are made
    """What is known of a value: its taint, what it may be, and the control whose value before the action it is."""

    taint: int = 0
    among: Values | None = None
    origin: Place | None = None

    def tainted(self, taint: int) -> "Known":
        """The same value, depending on more."""
        return Known(self.taint | taint, self.among, self.origin) if taint & ~self.taint else self


NOTHING = Known()
NOWHERE = ir.Span("", 0, 0, 0, 0)


class Path(NamedTuple):  # and no dataclass, because paths are copied all the time
    """One way through an action so far.

    `facts` says what controls held before the action (what is missing may be anything), `now` what those hold that
    were written; `written` the taint of cells that were written. `under` is the taint of getting here at all.
    `sure` holds values that cannot fail to be of a type: they were tested for None, or for a record.
    `previous` means that the state before the step is what is read.
    """

    facts: Mapping[Place, Values] = MappingProxyType({})
    now: Mapping[tuple[str, Keys], Values] = MappingProxyType({})
    written: Mapping[tuple[str, Keys], int] = MappingProxyType({})
    locals: Mapping[str, Known] = MappingProxyType({})
    sure: frozenset[tuple[ir.Expr, Type]] = frozenset()
    under: int = 0
    previous: bool = False

    def bound(self, name: str, value: Known) -> "Path":
        """With a local name."""
        sure = self.sure and frozenset(
            one for one in self.sure if one[0] != ir.Local(name, type=one[0].type, span=NOWHERE)
        )
        return Path(self.facts, self.now, self.written, {**self.locals, name: value}, sure, self.under, self.previous)

    def below(self, under: int) -> "Path":
        """Where getting here depends on these."""
        if under == self.under:
            return self
        return Path(self.facts, self.now, self.written, self.locals, self.sure, under, self.previous)

    def narrowed(self, place: Place, among: Values) -> "Path | None":
        """With one fact more; None where it cannot be."""
        known = self.facts.get(place)
        both = among if known is None else known & among
        return self._replace(facts={**self.facts, place: both}) if both else None


class Taints:
    """The taint of cells, given which bits are still taken for dead.

    `looked` collects dead bits on which an answer depended: while all of them are dead, it stays as it was.
    """

    def __init__(self, cells: Mapping[str, Cells], controls: Mapping[str, Type]) -> None:
        self.cells = cells
        self.dead = sum(one.bits for one in cells.values())
        self.looked = 0
        kinds = {name: kind.value if isinstance(kind, domains.Map) else kind for name, kind in controls.items()}
        self._every = {name: frozenset(domains.values(kind)) for name, kind in kinds.items()}
        self._matching: dict[tuple[str, tuple[Values, ...]], int] = {}
        self._moved: dict[tuple[str, tuple[Values, ...], tuple[Values | None, ...]], tuple[tuple[int, int], ...]] = {}

    def still(self, bits: int) -> int:
        """Those of these bits that are dead."""
        found = bits & self.dead
        self.looked |= found
        return found

    def any_dead(self, bits: int) -> bool:
        """Whether any of these bits is dead: one of them is enough to go on saying so."""
        found = bits & self.dead
        self.looked |= found & -found
        return found != 0

    def all_dead(self, bits: int) -> bool:
        """Whether all of these bits are dead; once one is not, it never will be."""
        if bits & ~self.dead:
            return False
        self.looked |= bits
        return True

    def held(self, path: Path, control: str, keys: Keys) -> Values:
        """What an entry of a control may have held before the action."""
        return path.facts.get((control, keys, path.previous), self._every[control])

    def holds(self, path: Path, control: str, keys: Keys) -> Values:
        """What it may hold now."""
        found = None if path.previous else path.now.get((control, keys))
        return self.held(path, control, keys) if found is None else found

    def every(self, control: str) -> Values:
        """All values of an entry of a control."""
        return self._every[control]

    def active(self, variable: str) -> Cells | None:
        """The cells of a variable, if any of them may be dead at all."""
        found = self.cells.get(variable)
        return found if found is not None and self.any_dead(found.bits) else None

    def of(self, path: Path, cells: Cells, keys: Keys) -> int:
        """The taint of a cell's value."""
        written = None if path.previous else path.written.get((cells.variable, keys))
        return self.before(path, cells, keys) if written is None else self.still(written)

    def before(self, path: Path, cells: Cells, keys: Keys) -> int:
        """The taint of the value that a cell had before the action."""
        held = tuple(self.held(path, control.variable, control.keys(keys)) for control in cells.controls)
        return self.still(self._bits(cells, held))

    def divide(self, path: Path, cells: Cells, keys: Keys) -> tuple[Place, list[Values]] | None:
        """A control that decides whether a cell was dead before the action, with the values that decide alike."""
        if (cells.variable, keys) in path.written or path.previous:
            return None
        held = [self.held(path, control.variable, control.keys(keys)) for control in cells.controls]
        dead = [self.any_dead(cells.cases[case]) for case in product(*held)]
        if all(dead) or not any(dead):
            return None
        for at, control in enumerate(cells.controls):
            alike: dict[tuple[bool, ...], set[Plain]] = {}
            for value in sorted(held[at], key=str):
                rest = product(*held[:at], [value], *held[at + 1 :])
                alike.setdefault(tuple(self.any_dead(cells.cases[case]) for case in rest), set()).add(value)
            if len(alike) > 1:
                place = control.variable, control.keys(keys), False
                return place, [frozenset(values) for values in alike.values()]
        raise AssertionError("some control decides")

    def leaks(self, path: Path) -> int:
        """The bits that do not stay dead when an action ends here."""
        return sum_of(self._leak(path, cells, keys) for cells, keys in self._touched(path))

    def _touched(self, path: Path) -> Iterator[tuple[Cells, Keys]]:
        """The cells that were written, or one of whose controls was."""
        for cells in self.cells.values():
            if not cells.bits & self.dead:
                continue  # and never will be
            for keys, controls in cells.controlled:
                if (cells.variable, keys) in path.written or not path.now.keys().isdisjoint(controls):
                    self.any_dead(cells.bits)
                    yield cells, keys

    def _leak(self, path: Path, cells: Cells, keys: Keys) -> int:
        """A cell that is tainted has to be dead after the action."""
        taint = self.of(path, cells, keys)
        if not taint:
            return 0
        held = tuple(self.held(path, control.variable, control.keys(keys)) for control in cells.controls)
        now = tuple(path.now.get((control.variable, control.keys(keys))) for control in cells.controls)
        if (cells.variable, keys) in path.written:
            after = tuple(before if new is None else new for before, new in zip(held, now, strict=True))
            return 0 if self.all_dead(self._bits(cells, after)) else taint
        return sum_of(self.still(begin) for begin, end in self._moves(cells, held, now) if not self.all_dead(end))

    def _moves(
        self, cells: Cells, held: tuple[Values, ...], now: tuple[Values | None, ...]
    ) -> tuple[tuple[int, int], ...]:
        """The cases that a cell may have had, those together that lead to the same, and what they lead to, as bits."""
        key = cells.variable, held, now
        found = self._moved.get(key)
        if found is None:
            ends = product(
                *(
                    [frozenset([one]) for one in old] if new is None else [new]
                    for old, new in zip(held, now, strict=True)
                )
            )
            begins = product(
                *(
                    [frozenset([one]) for one in old] if new is None else [old]
                    for old, new in zip(held, now, strict=True)
                )
            )
            found = self._moved[key] = tuple(
                (self._bits(cells, begin), self._bits(cells, end)) for begin, end in zip(begins, ends, strict=True)
            )
        return found

    def _bits(self, cells: Cells, held: tuple[Values, ...]) -> int:
        """The bits of all cases in which each control holds one of these values."""
        key = cells.variable, held
        found = self._matching.get(key)
        if found is None:
            found = self._matching[key] = cells.matching(held)
        return found


def sum_of(taints: Iterable[int]) -> int:
    """All these taints as one."""
    found = 0
    for taint in taints:
        found |= taint
    return found


# ------------------------------------------------------------------------------------------------- joining


def either(one: Known, other: Known) -> Known:
    """What is known of a value that is one or the other."""
    among = None if one.among is None or other.among is None else one.among | other.among
    if among is not None and len(among) > MOST_VALUES:
        among = None
    return Known(one.taint | other.taint, among, one.origin if one.origin == other.origin else None)


def joined(taints: Taints, paths: list[Path]) -> list[Path]:
    """The paths, those joined into one that know the same of controls; all of them where there are too many."""
    if len(paths) < 2:
        return paths
    found: dict[object, Path] = {}
    for path in paths:
        key = frozenset(path.facts.items()), frozenset(path.now.items()), path.under
        found[key] = _one(taints, found[key], path) if key in found else path
    if len(found) <= MOST_PATHS:
        return list(found.values())
    return [as_one(taints, list(found.values()))]


def as_one(taints: Taints, paths: list[Path]) -> Path:
    """What is known whichever of some paths was taken."""
    whole, *rest = paths
    for path in rest:
        whole = _one(taints, whole, path)
    return whole


def _one(taints: Taints, first: Path, second: Path) -> Path:
    """What is known whichever of two paths was taken."""
    facts = {place: first.facts[place] | second.facts[place] for place in first.facts if place in second.facts}
    path = first._replace(
        facts=facts,
        now={
            place: taints.holds(first, *place) | taints.holds(second, *place) for place in {**first.now, **second.now}
        },
        locals={
            name: either(first.locals[name], second.locals[name]) for name in first.locals if name in second.locals
        },
        sure=first.sure & second.sure,
        under=first.under | second.under,
    )
    written = {}
    for variable, keys in {**first.written, **second.written}:
        cells = taints.cells[variable]
        written[variable, keys] = taints.of(first, cells, keys) | taints.of(second, cells, keys)
    return path._replace(written=written)
