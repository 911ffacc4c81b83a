"""Symbolic values: the shape follows from the type, the leaves are truth values and numbers.

bool: a truth value; numbers, Enum, Sort: a number; Optional: (present, item); Record, Tuple, Map: a tuple of parts;
Union: (tag, a tuple with the fields of every record); Set: a tuple of truth values, one per possible member; Seq and
Bag: (length, a tuple of `capacity` items). Slots and fields that are not in use hold the type's blank value, and a Bag
is sorted, so two values are equal exactly when their leaves are. Knows types, not expressions.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, assert_never

import z3

from ...spec.lang import domains
from ...spec.lang.domains import (
    Bag,
    Bool,
    Enumeration,
    Int,
    Map,
    Optional,
    Plain,
    Range,
    Record,
    Seq,
    Set,
    Sort,
    Tuple,
    Type,
    Union,
)
from .terms import Truth, choose, compare, conj, disj, iff, neg, pick, width

Value = Any


def parts(kind: Type) -> list[Type]:
    """The types of the parts of a compound value, in the order in which `build` gets them."""
    match kind:
        case Optional(item):
            return [Bool(), item]
        case Record(_, fields):
            return [item for _, item in fields]
        case Tuple(items):
            return list(items)
        case Union(records):
            return [Int(0, len(records) - 1), *records]
        case Map(key, value):
            return [value] * domains.cardinality(key)
        case Set(item):
            return [Bool()] * domains.cardinality(item)
        case Seq(_, item, capacity) | Bag(_, item, capacity):
            return [Int(0, capacity), *[item] * capacity]
        case Bool() | Int() | Range() | Enumeration() | Sort():
            return []
    assert_never(kind)


def bounds(kind: Type) -> tuple[int, int]:
    """The smallest and largest number of a scalar type."""
    match kind:
        case Int(low, high) | Range(_, low, high):
            return low, high
        case Enumeration() | Sort():
            return 0, domains.cardinality(kind) - 1
        case _:
            raise AssertionError(f"{domains.describe(kind)} is no scalar")


def made(kind: Type, leaf: Callable[[Type], Any]) -> Value:
    """A value whose leaves come from a function of their types, in a fixed order."""
    inner = parts(kind)
    return tuple(made(part, leaf) for part in inner) if inner or _is_compound(kind) else leaf(kind)


def _is_compound(kind: Type) -> bool:
    return not isinstance(kind, Bool | Int | Range | Enumeration | Sort)


def leaves(kind: Type, value: Value) -> Iterator[tuple[Type, Any]]:
    """The leaves with their types, in the order of `made`."""
    if not _is_compound(kind):
        yield kind, value
        return
    for part, inner in zip(parts(kind), value, strict=True):
        yield from leaves(part, inner)


def fresh(kind: Type, name: str) -> Value:
    """A value of which nothing is known yet; `well_typed` says what must be."""
    count = iter(range(10**9))

    def leaf(scalar: Type) -> Any:
        own = f"{name}.{next(count)}"
        if isinstance(scalar, Bool):
            return z3.Bool(own)
        return z3.BitVec(own, width(*bounds(scalar)))

    return made(kind, leaf)


def blank(kind: Type) -> Value:
    """What unused slots hold: the first value of the type."""
    return made(kind, lambda scalar: False if isinstance(scalar, Bool) else bounds(scalar)[0])


def known(kind: Type, plain: Plain) -> Value:
    """A plain value."""
    match kind:
        case Bool():
            return bool(plain)
        case Int() | Range() | Enumeration() | Sort():
            return int(plain)
        case Optional(item):
            return (plain is not None, blank(item) if plain is None else known(item, plain))
        case Record() | Tuple() | Map():
            return tuple(known(part, inner) for part, inner in zip(parts(kind), plain, strict=True))
        case Union(records):
            tag, fields = plain
            return (tag, *(known(r, fields) if n == tag else blank(r) for n, r in enumerate(records)))
        case Set(item):
            return tuple(bool(plain >> bit & 1) for bit in range(domains.cardinality(item)))
        case Seq(_, item, capacity) | Bag(_, item, capacity):
            return listed(item, capacity, [known(item, part) for part in plain])
    assert_never(kind)


def listed(item: Type, capacity: int, items: Sequence[Value]) -> Value:
    """A sequence of exactly these items."""
    return (len(items), *items, *[blank(item)] * (capacity - len(items)))


def plain_of(kind: Type, value: Value, leaf: Callable[[Any], Any]) -> Plain:
    """The plain value, where `leaf` gives the number or truth value of a leaf."""
    match kind:
        case Bool() | Int() | Range() | Enumeration() | Sort():
            return leaf(value)
        case Optional(item):
            return plain_of(item, value[1], leaf) if leaf(value[0]) else None
        case Record() | Tuple() | Map():
            return tuple(plain_of(part, inner, leaf) for part, inner in zip(parts(kind), value, strict=True))
        case Union(records):
            tag = leaf(value[0])
            return tag, plain_of(records[tag], value[1 + tag], leaf)
        case Set():
            return sum(1 << bit for bit, member in enumerate(value) if leaf(member))
        case Seq(_, item, _) | Bag(_, item, _):
            return tuple(plain_of(item, inner, leaf) for inner in value[1 : 1 + leaf(value[0])])
    assert_never(kind)


def select(kind: Type, test: Truth, then: Value, otherwise: Value) -> Value:
    """One of two values of a type."""
    if isinstance(test, bool):
        return then if test else otherwise
    if then is otherwise:
        return then
    if isinstance(kind, Bool):
        return choose(test, then, otherwise)
    if not _is_compound(kind):
        return pick(test, then, otherwise)
    zipped = zip(parts(kind), then, otherwise, strict=True)
    return tuple(select(part, test, first, second) for part, first, second in zipped)


def equal(kind: Type, left: Value, right: Value) -> Truth:
    """Whether two values of a type are the same. Numbers may have different types."""
    if left is right:
        return True
    if isinstance(kind, Bool):
        return iff(left, right)
    if not _is_compound(kind):
        return compare("==", left, right)
    return conj(*(equal(part, a, b) for part, a, b in zip(parts(kind), left, right, strict=True)))


def less(kind: Type, left: Value, right: Value) -> Truth:
    """Whether a value comes before another in the order of the language: the order of plain values."""
    if isinstance(kind, Bool):
        return conj(neg(left), right)
    if not _is_compound(kind):
        return compare("<", left, right)
    pairs: list[tuple[Type, Any, Any]]
    if isinstance(kind, Set):  # bit masks: the highest member that differs decides
        pairs = [(Bool(), a, b) for a, b in reversed(list(zip(left, right, strict=True)))]
    elif isinstance(kind, Seq | Bag):  # item by item; where one ends, the shorter comes first
        used = [(compare("<", n, left[0]), compare("<", n, right[0])) for n in range(kind.capacity)]
        items = zip(left[1:], right[1:], strict=True)
        pairs = [
            (Optional(kind.item), (here, a), (there, b)) for (here, there), (a, b) in zip(used, items, strict=True)
        ]
    else:
        pairs = list(zip(parts(kind), left, right, strict=True))
    result: Truth = False
    for part, a, b in reversed(pairs):
        result = disj(less(part, a, b), conj(equal(part, a, b), result))
    return result


def well_typed(kind: Type, value: Value) -> Truth:
    """That the leaves are a value of the type: numbers within bounds, unused slots blank, bags sorted."""
    match kind:
        case Bool():
            return True
        case Int() | Range() | Enumeration() | Sort():
            low, high = bounds(kind)
            return conj(compare("<=", low, value), compare("<=", value, high))
        case Optional(item):
            present, inner = value
            return conj(well_typed(item, inner), disj(present, equal(item, inner, blank(item))))
        case Union(records):
            inside = well_typed(Int(0, len(records) - 1), value[0])
            blanks = (
                disj(compare("==", value[0], n), equal(record, value[1 + n], blank(record)))
                for n, record in enumerate(records)
            )
            own = (well_typed(record, value[1 + n]) for n, record in enumerate(records))
            return conj(inside, *blanks, *own)
        case Seq(_, item, capacity) | Bag(_, item, capacity):
            return conj(well_typed(Int(0, capacity), value[0]), _items_well_typed(kind, item, value))
        case Record() | Tuple() | Map() | Set():
            return conj(*(well_typed(part, inner) for part, inner in zip(parts(kind), value, strict=True)))
    assert_never(kind)


def _items_well_typed(kind: Type, item: Type, value: Value) -> Truth:
    length, items = value[0], value[1:]
    own = [well_typed(item, inner) for inner in items]
    dead = [disj(compare("<", n, length), equal(item, inner, blank(item))) for n, inner in enumerate(items)]
    ordered: list[Truth] = []
    if isinstance(kind, Bag):
        for n in range(1, len(items)):
            ordered.append(disj(compare("<=", length, n), neg(less(item, items[n], items[n - 1]))))
    return conj(*own, *dead, *ordered)
