"""Annotations as types: `Map[Server, Epoch]` in a user's class is a `domains.Map` once the constants are bound.

Also the direct meaning's side of it: checking that a Python value conforms to an annotation, all values of one,
and the plain value of a Python value. This module knows the vocabulary and the types, not the tree.
"""

import types
import typing
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import product
from typing import Any

from . import domains
from .errors import EvaluationError
from .values import Bag, Map, Seq, Set
from .vocabulary import Constant, Range, Record, Sort, field_hints

SET_LIMIT = 4096  # a set is one bit per value of its item type
DEPTH_LIMIT = 16


class HintError(Exception):
    """An annotation is not a type of the language: what is wrong, and what to write instead."""

    def __init__(self, code: str, message: str, cure: str) -> None:
        super().__init__(f"{code}: {message}; {cure}")
        self.code, self.message, self.cure = code, message, cure


def domain_of(hint: Any, depth: int = 0) -> domains.Type:
    """The type that an annotation means, with the constants as they are bound now.

    Raises HintError where it means none.
    """
    if depth > DEPTH_LIMIT:
        raise HintError("E203", "this type contains itself", "types are finite: give records no way back to themselves")
    if hint is bool:
        return domains.Bool()
    if hint is int and depth:
        raise HintError("E207", "int has no bounds", "use a Range: `class Epoch(Range, low=0, high=n)`")
    if hint is int:
        return domains.Int()
    if isinstance(hint, type) and not typing.get_origin(hint):
        return _class_domain(hint, depth + 1)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        return _union_domain(arguments, depth + 1)
    if origin is Map:
        return _map_domain(domain_of(arguments[0], depth + 1), domain_of(arguments[1], depth + 1))
    if origin is Set:
        return _set_domain(domain_of(arguments[0], depth + 1))
    if origin in (Seq, Bag):
        cure = f"write `class Name({origin.__name__}[Item], capacity=n)` and use Name"
        raise HintError("E204", f"a {origin.__name__} needs a class with a capacity", cure)
    raise _unknown(hint)


def _unknown(hint: Any) -> HintError:
    name = getattr(hint, "__name__", None) or repr(hint)
    cures = {
        "list": "write `class Name(Seq[Item], capacity=n)` and use Name",
        "dict": "use Map[Key, Value]",
        "set": "use Set[Item]",
        "frozenset": "use Set[Item]",
        "str": "use an Enum",
        "float": "use a Range: arithmetic is exact",
        "tuple": "use a Record",
    }
    origin = typing.get_origin(hint)
    cure = cures.get(getattr(origin, "__name__", name), "use bool, an Enum, Range, Sort, Record, Map, Set, Seq or Bag")
    return HintError("E201", f"{name} is not a type of the language", cure)


def _class_domain(hint: type, depth: int) -> domains.Type:
    name = hint.__name__
    if issubclass(hint, Enum):
        if not len(hint):
            raise HintError("E205", f"{name} has no members", "give the Enum at least one member")
        return domains.Enumeration(name, tuple(member.name for member in hint))
    if issubclass(hint, Range) and hint is not Range:
        low, high = int(hint._low), int(hint._high)
        if low > high:
            raise HintError(
                "E205", f"{name} has no values: low={low} is above high={high}", "give it at least one value"
            )
        return domains.Range(name, low, high)
    if issubclass(hint, Sort) and hint is not Sort:
        if int(hint._size) < 1:
            raise HintError("E205", f"{name} has no elements: size={int(hint._size)}", "give it at least one element")
        return domains.Sort(name, int(hint._size), hint._ordered)
    if issubclass(hint, Record) and hint is not Record:
        fields = tuple((field, domain_of(item, depth + 1)) for field, item in field_hints(hint).items())
        return domains.Record(name, fields, hint._ordered)
    if issubclass(hint, Seq | Bag) and hint._capacity is not None:
        item = domain_of(item_hint(hint), depth + 1)
        capacity = int(hint._capacity)
        if capacity < 0:
            raise HintError("E205", f"{name} has a negative capacity, {capacity}", "give it a capacity of 0 or more")
        if issubclass(hint, Seq):
            return domains.Seq(name, item, capacity)
        return domains.Bag(name, item, capacity)
    raise _unknown(hint)


def item_hint(collection: type) -> Any:
    """The item annotation of a Seq or Bag class."""
    for base in collection.__mro__:
        for generic in vars(base).get("__orig_bases__", ()):
            if typing.get_origin(generic) in (Seq, Bag):
                return typing.get_args(generic)[0]
    raise HintError(
        "E204", f"{collection.__name__} does not say what it holds", "write `class Name(Seq[Item], capacity=n)`"
    )


def _union_domain(arguments: tuple[Any, ...], depth: int) -> domains.Type:
    items = [domain_of(item, depth) for item in arguments if item is not types.NoneType]
    flat = [r for item in items for r in (item.records if isinstance(item, domains.Union) else (item,))]
    if len(flat) == 1:
        return domains.Optional(flat[0])
    if not all(isinstance(item, domains.Record) for item in flat):
        cure = "wrap the values in records, or use `T | None`"
        raise HintError("E202", "only records can be joined with `|`", cure)
    records = sorted({item.name: item for item in flat if isinstance(item, domains.Record)}.items())
    union = domains.Union(tuple(record for _, record in records))
    return domains.Optional(union) if types.NoneType in arguments else union


def _map_domain(key: domains.Type, value: domains.Type) -> domains.Type:
    if not is_enumerable(key) or domains.cardinality(key) > SET_LIMIT:
        shown = domains.describe(key)
        raise HintError("E206", f"{shown} cannot be a map's key", f"use a key type with at most {SET_LIMIT} values")
    return domains.Map(key, value)


def _set_domain(item: domains.Type) -> domains.Type:
    if not is_enumerable(item) or domains.cardinality(item) > SET_LIMIT:
        shown = domains.describe(item)
        cure = f"use an item type with at most {SET_LIMIT} values, or a Bag with a capacity"
        raise HintError("E206", f"{shown} has too many values for a set", cure)
    return domains.Set(item)


def is_enumerable(kind: domains.Type) -> bool:
    """Whether the values of a type can be counted off: no sequence, bag or unbounded number inside."""
    match kind:
        case domains.Bool() | domains.Range() | domains.Enumeration() | domains.Sort():
            return True
        case domains.Record(_, fields):
            return all(is_enumerable(item) for _, item in fields)
        case domains.Union(records):
            return all(is_enumerable(record) for record in records)
        case domains.Optional(item) | domains.Set(item):
            return is_enumerable(item)
        case domains.Map(key, value):
            return is_enumerable(key) and is_enumerable(value)
        case _:
            return False


def values_of(hint: Any) -> Iterator[Any]:
    """All values of an annotation as Python values, in order."""
    if hint is bool:
        yield from (False, True)
    elif isinstance(hint, type) and not typing.get_origin(hint):
        yield from hint._values() if hasattr(hint, "_values") else list(typing.cast(Iterable[Any], hint))
    else:
        arguments = typing.get_args(hint)
        match domain_of(hint):
            case domains.Optional() | domains.Union():
                yield from _union_values(arguments)
            case domains.Set():
                yield from _subsets(list(values_of(arguments[0])))
            case domains.Map():
                keys, entries = list(values_of(arguments[0])), list(values_of(arguments[1]))
                yield from (Map(dict(zip(keys, row, strict=True))) for row in product(entries, repeat=len(keys)))
            case kind:
                raise AssertionError(f"{domains.describe(kind)} is not enumerated")


def _union_values(arguments: tuple[Any, ...]) -> Iterator[Any]:
    if types.NoneType in arguments:
        yield None
    rest = [item for item in arguments if item is not types.NoneType]
    for item in sorted(rest, key=lambda item: getattr(item, "__name__", "")):
        yield from values_of(item)


def _subsets(items: list[Any]) -> Iterator[Set[Any]]:
    for mask in range(2 ** len(items)):
        yield Set(item for bit, item in enumerate(items) if mask >> bit & 1)


def default_of(hint: Any, *given: Any) -> Any:
    """The initial value of a variable of this annotation from what `state(…)` was given, if anything."""
    if typing.get_origin(hint) is Map:
        key, value = typing.get_args(hint)
        chosen: Any = given[0] if given else None
        is_function = callable(chosen) and not isinstance(chosen, type)
        return Map({k: default_of(value, *((chosen(k),) if is_function else given)) for k in values_of(key)})
    if given:
        return conform(hint, given[0])
    if typing.get_origin(hint) is Set:
        return Set()
    if isinstance(hint, type) and issubclass(hint, Seq | Bag):
        return hint()
    raise HintError("E301", f"{hint!r} has no initial value", "give one: `state(value)`")


def conform(hint: Any, value: Any) -> Any:
    """The value, checked against an annotation. Raises EvaluationError where it does not fit."""
    plain_of(domain_of(hint), value)
    return int(value) if isinstance(value, Constant) else value


def plain_of(kind: domains.Type, value: Any) -> domains.Plain:
    """The plain value of a Python value. Raises EvaluationError where the value is not of the type."""
    match kind, value:
        case domains.Bool(), bool():
            return value
        case ((domains.Range(_, low, high) | domains.Int(low, high)), _) if (
            _is_number(value) and low <= int(value) <= high
        ):
            return int(value)
        case domains.Enumeration(_, members), Enum() if value.name in members:
            return members.index(value.name)
        case domains.Sort(name, size), Sort() if type(value).__name__ == name and value._position < size:
            return value._position
        case domains.Record(name, fields), Record() if type(value).__name__ == name:
            return tuple(plain_of(item, getattr(value, field)) for field, item in fields)
        case domains.Union(records), Record():
            for tag, record in enumerate(records):
                if record.name == type(value).__name__:
                    return tag, plain_of(record, value)
        case domains.Optional(item), _:
            return None if value is None else plain_of(item, value)
        case _:
            return _plain_collection(kind, value)
    raise EvaluationError(None, f"{value!r} is not {domains.a(kind)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Constant) and not isinstance(value, bool)


def _plain_collection(kind: domains.Type, value: Any) -> domains.Plain:
    match kind, value:
        case domains.Map(key, item), Map():
            entries = sorted(
                (domains.position(key, plain_of(key, k)), plain_of(item, v)) for k, v in value._content.items()
            )
            if [where for where, _ in entries] == list(range(domains.cardinality(key))):
                return tuple(entry for _, entry in entries)
        case domains.Set(item), (Set() | set() | frozenset()):
            return sum(1 << domains.position(item, plain_of(item, member)) for member in value)
        case domains.Seq(_, item, capacity), Seq() if len(value) <= capacity:
            return tuple(plain_of(item, member) for member in value)
        case domains.Bag(_, item, capacity), Bag() if len(value) <= capacity:
            return tuple(sorted((plain_of(item, member) for member in value), key=domains.order_key(item)))
        case _:
            pass
    raise EvaluationError(None, f"{value!r} is not {domains.a(kind)}")
