"""The types of the language: finite once the constants are bound, with value semantics.

A value is *plain* everywhere behind the reader: `bool`; `int` for Range, Enum, Sort (a position) and Set (a bit
mask over the item's values, in order); `None` or the item for an optional; `tuple` for Record (fields), Map
(one entry per key, in key order), Seq, Bag (sorted by `order_key`) and Union (position of the record, then the
record). Plain values are hashable, and two values of one type are equal exactly when their plain values are.
This module knows types and plain values, nothing of expressions, engines, or the classes a user writes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from typing import Any, assert_never

# A plain value. Its shape follows from its type alone, so it is not spelled out for Python's type checkers.
Plain = Any

WIDE = 2**62  # arithmetic that may leave ±WIDE is refused or stopped; it never wraps


@dataclass(frozen=True, slots=True)
class Bool:
    """False or True."""


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number in a computation: it lies in low..high, and is never stored."""

    low: int = -WIDE
    high: int = WIDE


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers from low to high, both included."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One of the named members of a Python Enum."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """Opaque identifiers; interchangeable unless ordered."""

    name: str
    size: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An immutable record; `ordered` records compare field by field, first field first."""

    name: str
    fields: tuple[tuple[str, "Type"], ...]
    ordered: bool = False

    def field(self, name: str) -> tuple[int, "Type"] | None:
        """Position and type of a field, or None where the record has no such field."""
        for position, (own, kind) in enumerate(self.fields):
            if own == name:
                return position, kind
        return None


@dataclass(frozen=True, slots=True)
class Union:
    """One of several records, told apart by their names."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Optional:
    """The item, or None."""

    item: "Type"


@dataclass(frozen=True, slots=True)
class Map:
    """A total function: one value for every value of the key type."""

    key: "Type"
    value: "Type"


@dataclass(frozen=True, slots=True)
class Set:
    """A subset of the item type's values."""

    item: "Type"


@dataclass(frozen=True, slots=True)
class Seq:
    """A sequence of at most `capacity` items; `name` is its class."""

    name: str
    item: "Type"
    capacity: int


@dataclass(frozen=True, slots=True)
class Bag:
    """A multiset of at most `capacity` items; `name` is its class."""

    name: str
    item: "Type"
    capacity: int


@dataclass(frozen=True, slots=True)
class Tuple:
    """Several values side by side, to be compared or ranked in one go; never stored."""

    items: tuple["Type", ...]


Type = Bool | Int | Range | Enumeration | Sort | Record | Union | Optional | Map | Set | Seq | Bag | Tuple

Permutations = Mapping[Sort, tuple[int, ...]]  # of each sort: where every element goes
_Renamer = Callable[[Plain, Permutations], Plain]


def cardinality(kind: Type) -> int:
    """How many values a type has."""
    match kind:
        case Bool():
            return 2
        case Int(low, high) | Range(_, low, high):
            return max(0, high - low + 1)
        case Enumeration(_, members):
            return len(members)
        case Sort(_, size):
            return size
        case Record(_, fields):
            return prod(cardinality(item) for _, item in fields)
        case Union(records):
            return sum(cardinality(record) for record in records)
        case Optional(item):
            return 1 + cardinality(item)
        case Map(key, value):
            return int(cardinality(value) ** cardinality(key))
        case Set(item):
            return int(2 ** cardinality(item))
        case Seq(_, item, capacity):
            return sum(cardinality(item) ** length for length in range(capacity + 1))
        case Bag(_, item, capacity):
            return _multisets(cardinality(item), capacity)
        case Tuple(items):
            return prod(cardinality(item) for item in items)
    assert_never(kind)


def _multisets(items: int, capacity: int) -> int:
    """How many multisets of at most `capacity` of `items` things there are: a binomial coefficient."""
    count = 1
    for size in range(1, capacity + 1):
        count = count * (items + size) // size
    return count


def values(kind: Type) -> Iterator[Plain]:
    """All values of a type in its order; `position` is the inverse. Not for Seq, Bag and Tuple."""
    match kind:
        case Bool():
            yield from (False, True)
        case Int(low, high) | Range(_, low, high):
            yield from range(low, high + 1)
        case Enumeration() | Sort() | Set():
            yield from range(cardinality(kind))
        case Record(_, fields):
            yield from product(*(tuple(values(item)) for _, item in fields))
        case Union(records):
            for tag, record in enumerate(records):
                yield from ((tag, fields) for fields in values(record))
        case Optional(item):
            yield None
            yield from values(item)
        case Map(key, value):
            yield from product(tuple(values(value)), repeat=cardinality(key))
        case Seq() | Bag() | Tuple():
            raise AssertionError(f"{describe(kind)} is not enumerated by value")
        case _:
            assert_never(kind)


def position(kind: Type, plain: Plain) -> int:
    """Where a value stands in `values(kind)`: its bit in a Set, its slot in a Map."""
    match kind:
        case Bool() | Enumeration() | Sort() | Set():
            return int(plain)
        case Int(low, _) | Range(_, low, _):
            return int(plain) - low
        case Record(_, fields):
            return _mixed_radix([(item, part) for (_, item), part in zip(fields, plain, strict=True)])
        case Union(records):
            tag, fields = plain
            return sum(cardinality(record) for record in records[:tag]) + position(records[tag], fields)
        case Optional(item):
            return 0 if plain is None else 1 + position(item, plain)
        case Map(_, value):
            return _mixed_radix([(value, part) for part in plain])
        case Seq() | Bag() | Tuple():
            raise AssertionError(f"{describe(kind)} has no positions")
    assert_never(kind)


def _mixed_radix(digits: list[tuple[Type, Plain]]) -> int:
    number = 0
    for kind, plain in digits:
        number = number * cardinality(kind) + position(kind, plain)
    return number


def order_key(kind: Type) -> Callable[[Plain], Any] | None:
    """A sort key for plain values of a type, for Bag's canonical order; None where plain values sort as they are."""
    match kind:
        case Bool() | Int() | Range() | Enumeration() | Sort() | Set():
            return None
        case Optional(item):
            inner = order_key(item)
            return lambda plain: () if plain is None else (inner(plain) if inner else plain,)
        case Record(_, fields):
            return _key_of_parts([order_key(item) for _, item in fields])
        case Tuple(items):
            return _key_of_parts([order_key(item) for item in items])
        case Union(records):
            keys = [order_key(record) for record in records]
            return lambda plain: (plain[0], key(plain[1]) if (key := keys[plain[0]]) else plain[1])
        case Map(_, item) | Seq(_, item, _) | Bag(_, item, _):
            inner = order_key(item)
            return (lambda plain: tuple(map(inner, plain))) if inner else None
    assert_never(kind)


def _key_of_parts(keys: list[Callable[[Plain], Any] | None]) -> Callable[[Plain], Any] | None:
    if not any(keys):
        return None
    return lambda plain: tuple(key(part) if key else part for key, part in zip(keys, plain, strict=True))


def sorts_within(kind: Type) -> frozenset[Sort]:
    """The unordered sorts whose elements occur in values of a type: what symmetry would have to rename."""
    match kind:
        case Bool() | Int() | Range() | Enumeration():
            return frozenset()
        case Sort(_, _, ordered):
            return frozenset() if ordered else frozenset([kind])
        case Record(_, fields):
            return frozenset[Sort]().union(*(sorts_within(item) for _, item in fields))
        case Union(items) | Tuple(items):
            return frozenset[Sort]().union(*(sorts_within(item) for item in items))
        case Optional(item) | Set(item) | Seq(_, item, _) | Bag(_, item, _):
            return sorts_within(item)
        case Map(key, value):
            return sorts_within(key) | sorts_within(value)
    assert_never(kind)


def rename(kind: Type, plain: Plain, permutations: Permutations) -> Plain:
    """The value with every element of every sort replaced: element `e` becomes `permutations[sort][e]`."""
    inner = renamer(kind)
    return plain if inner is None else inner(plain, permutations)


@cache
def renamer(kind: Type) -> _Renamer | None:
    """What renames values of a type; None where there is nothing to rename."""
    if not sorts_within(kind):
        return None
    match kind:
        case Sort():
            return lambda plain, permutations: permutations[kind][plain] if kind in permutations else plain
        case Record(_, fields):
            return _renamer_of_parts([item for _, item in fields])
        case Tuple(items):
            return _renamer_of_parts(items)
        case Union(records):
            each = [_renamer(record) for record in records]
            return lambda plain, permutations: (plain[0], each[plain[0]](plain[1], permutations))
        case Optional(item):
            inner = _renamer(item)
            return lambda plain, permutations: None if plain is None else inner(plain, permutations)
        case Set(item):
            return _renamer_of_set(item)
        case Map(key, value):
            return _renamer_of_map(key, value)
        case Seq(_, item, _):
            inner = _renamer(item)
            return lambda plain, permutations: tuple([inner(part, permutations) for part in plain])
        case Bag(_, item, _):
            inner, order = _renamer(item), order_key(item)
            return lambda plain, permutations: tuple(sorted([inner(part, permutations) for part in plain], key=order))
        case Bool() | Int() | Range() | Enumeration():
            return None
    assert_never(kind)


def _renamer(kind: Type) -> _Renamer:
    return renamer(kind) or (lambda plain, _: plain)


def _renamer_of_parts(kinds: Iterable[Type]) -> _Renamer:
    each = [_renamer(kind) for kind in kinds]
    return lambda plain, permutations: tuple(
        [inner(part, permutations) for inner, part in zip(each, plain, strict=True)]
    )


def _renamer_of_set(item: Type) -> _Renamer:
    members, inner = list(values(item)), _renamer(item)

    def renamed(plain: int, permutations: Permutations) -> int:
        mask = 0
        while plain:
            low = plain & -plain
            mask |= 1 << position(item, inner(members[low.bit_length() - 1], permutations))
            plain ^= low
        return mask

    return renamed


def _renamer_of_map(key: Type, value: Type) -> _Renamer:
    keys, inner, moved = list(values(key)), _renamer(value), _renamer(key)

    def renamed(plain: Plain, permutations: Permutations) -> Plain:
        whole: list[Plain] = [None] * len(plain)
        for old, entry in zip(keys, plain, strict=True):
            whole[position(key, moved(old, permutations))] = inner(entry, permutations)
        return tuple(whole)

    return renamed


def describe(kind: Type) -> str:
    """The type as a user writes it."""
    match kind:
        case Bool():
            return "bool"
        case Int():
            return "int"
        case Range(name) | Enumeration(name) | Sort(name) | Record(name) | Seq(name) | Bag(name):
            return name
        case Union(records):
            return " | ".join(record.name for record in records)
        case Optional(item):
            return f"{describe(item)} | None"
        case Map(key, value):
            return f"Map[{describe(key)}, {describe(value)}]"
        case Set(item):
            return f"Set[{describe(item)}]"
        case Tuple(items):
            return f"({', '.join(describe(item) for item in items)})"
    assert_never(kind)


def a(kind: Type) -> str:
    """The type in a sentence: `a Server`, `an Epoch`."""
    shown = describe(kind)
    return f"an {shown}" if shown[0] in "AEIOaeio" else f"a {shown}"


def show(kind: Type, plain: Plain) -> str:
    """A value as a user would write it: `Phase.WORKING`, `server1`, `{rm1, rm2}`, `Txn(epoch=1)`."""
    match kind:
        case Bool() | Int() | Range():
            return str(plain)
        case Enumeration(name, members):
            return f"{name}.{members[plain]}"
        case Sort(name):
            return f"{name.lower()}{plain + 1}"
        case Record(name, fields):
            parts = (f"{own}={show(item, part)}" for (own, item), part in zip(fields, plain, strict=True))
            return f"{name}({', '.join(parts)})"
        case Union(records):
            return show(records[plain[0]], plain[1])
        case Optional(item):
            return "None" if plain is None else show(item, plain)
        case Map(key, value):
            pairs = zip(values(key), plain, strict=True)
            return f"{{{', '.join(f'{show(key, k)}: {show(value, v)}' for k, v in pairs)}}}"
        case Set(item):
            return f"{{{', '.join(show(item, member) for member in members_of(kind, plain))}}}"
        case Seq(_, item, _):
            return f"[{', '.join(show(item, part) for part in plain)}]"
        case Bag(_, item, _):
            return f"⟅{', '.join(show(item, part) for part in plain)}⟆"
        case Tuple(items):
            return f"({', '.join(show(item, part) for item, part in zip(items, plain, strict=True))})"
    assert_never(kind)


def members_of(kind: Set, mask: int) -> Iterator[Plain]:
    """The members of a set, in the order of the item type."""
    return (value for bit, value in enumerate(values(kind.item)) if mask >> bit & 1)
