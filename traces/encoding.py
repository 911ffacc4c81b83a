"""Plain values as JSON that people can read, and back: `"rm1"`, `"PREPARED"`, `{"epoch": 1, "by": "rm1"}`.

A Map is a list of pairs, a Union an object with the record's name as its one key. What comes back from a file is
hostile: `decode` checks every part against its type and never guesses. Knows types and values, nothing of traces.
"""

from typing import Any, assert_never

from ..spec.lang import domains
from ..spec.lang.domains import Plain, Type


class Foreign(ValueError):
    """JSON that is not a value of the type; the text says which part."""


def encode(kind: Type, plain: Plain) -> Any:
    """The JSON form of a plain value."""
    match kind:
        case domains.Bool() | domains.Int() | domains.Range():
            return plain
        case domains.Enumeration(_, members):
            return members[plain]
        case domains.Sort():
            return domains.show(kind, plain)
        case domains.Record(_, fields):
            return {name: encode(item, part) for (name, item), part in zip(fields, plain, strict=True)}
        case domains.Union(records):
            record = records[plain[0]]
            return {record.name: encode(record, plain[1])}
        case domains.Optional(item):
            return None if plain is None else encode(item, plain)
        case domains.Map(key, value):
            pairs = zip(domains.values(key), plain, strict=True)
            return [[encode(key, k), encode(value, v)] for k, v in pairs]
        case domains.Set(item):
            return [encode(item, member) for member in domains.members_of(kind, plain)]
        case domains.Seq(_, item, _) | domains.Bag(_, item, _):
            return [encode(item, part) for part in plain]
        case domains.Tuple(items):
            return [encode(item, part) for item, part in zip(items, plain, strict=True)]
    assert_never(kind)


def decode(kind: Type, data: Any) -> Plain:
    """The plain value of a JSON form; raises Foreign where it is none of this type."""
    match kind:
        case domains.Bool():
            return _expected(data, isinstance(data, bool), kind)
        case domains.Int(low, high) | domains.Range(_, low, high):
            return _expected(data, type(data) is int and low <= data <= high, kind)
        case domains.Enumeration(_, members):
            return _named(kind, members, data)
        case domains.Sort(_, size):
            return _named(kind, tuple(domains.show(kind, element) for element in range(size)), data)
        case domains.Record(_, fields):
            given = _expected(data, isinstance(data, dict) and list(data) == [name for name, _ in fields], kind)
            return tuple(decode(item, given[name]) for name, item in fields)
        case domains.Union(records):
            given = _expected(data, isinstance(data, dict) and len(data) == 1, kind)
            (name, fields) = next(iter(given.items()))
            tag = _named(kind, tuple(record.name for record in records), name)
            return tag, decode(records[tag], fields)
        case domains.Optional(item):
            return None if data is None else decode(item, data)
        case domains.Map(key, value):
            return _decoded_map(kind, key, value, data)
        case domains.Set(item):
            return _decoded_set(kind, item, data)
        case domains.Seq(_, item, capacity) | domains.Bag(_, item, capacity):
            items = _expected(data, isinstance(data, list) and len(data) <= capacity, kind)
            parts = tuple(decode(item, part) for part in items)
            return parts if isinstance(kind, domains.Seq) else _sorted(kind, parts, data)
        case domains.Tuple():
            raise Foreign("a tuple is never stored")
    assert_never(kind)


def _expected(data: Any, met: bool, kind: Type) -> Any:
    if not met:
        text = repr(data)
        raise Foreign(f"{text if len(text) <= 60 else text[:60] + '…'} is not a value of {domains.describe(kind)}")
    return data


def _named(kind: Type, names: tuple[str, ...], data: Any) -> int:
    return names.index(_expected(data, isinstance(data, str) and data in names, kind))


def _decoded_map(kind: Type, key: Type, value: Type, data: Any) -> Plain:
    keys = list(domains.values(key))
    pairs = _expected(data, isinstance(data, list) and len(data) == len(keys), kind)
    entries = []
    for expected, pair in zip(keys, pairs, strict=True):
        own = _expected(pair, isinstance(pair, list) and len(pair) == 2, kind)
        _expected(own[0], decode(key, own[0]) == expected, key)
        entries.append(decode(value, own[1]))
    return tuple(entries)


def _decoded_set(kind: Type, item: Type, data: Any) -> int:
    mask = 0
    for member in _expected(data, isinstance(data, list), kind):
        mask |= 1 << domains.position(item, decode(item, member))
    return mask


def _sorted(kind: domains.Bag, parts: tuple[Plain, ...], data: Any) -> Plain:
    _expected(data, parts == tuple(sorted(parts, key=domains.order_key(kind.item))), kind)
    return parts
