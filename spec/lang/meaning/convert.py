"""The same value at another type, and the order of values within one type.

Knows types and plain values; nothing of expressions or states.
"""

from .. import domains
from ..domains import Plain, Type


class Mismatch(Exception):
    """A value that the other type does not have; the text says which, in a user's words."""


def convert(source: Type, target: Type, plain: Plain) -> Plain:
    """The value of type `source` as a value of type `target`; raises Mismatch where the target has no such value."""
    if source == target:
        return plain
    match source, target:
        case domains.Optional(item), domains.Optional(wanted):
            return None if plain is None else convert(item, wanted, plain)
        case domains.Optional(item), _:
            if plain is None:
                raise Mismatch(f"this is None, not a value of {domains.describe(target)}")
            return convert(item, target, plain)
        case _, domains.Optional(wanted):
            return convert(source, wanted, plain)
        case domains.Union(records), _:
            return _from_record(records[plain[0]], target, plain[1])
        case domains.Record(), _:
            return _from_record(source, target, plain)
        case _, domains.Range(name, low, high):
            if not low <= plain <= high:
                raise Mismatch(f"{int(plain)} is outside {name}, which is {low}..{high}")
            return int(plain)
        case _, domains.Int():
            return int(plain)
        case _, domains.Seq(name, _, capacity) | domains.Bag(name, _, capacity):
            if len(plain) > capacity:
                raise Mismatch(f"{name} holds at most {capacity} items, not {len(plain)}")
            return plain
    return plain


def _from_record(record: domains.Record, target: Type, fields: Plain) -> Plain:
    if isinstance(target, domains.Union) and record in target.records:
        return target.records.index(record), fields
    if record == target:
        return fields
    raise Mismatch(f"{domains.show(record, fields)} is not a {domains.describe(target)}")


def fits(source: Type, target: Type, plain: Plain) -> bool:
    """Whether `convert` would succeed."""
    try:
        convert(source, target, plain)
    except Mismatch:
        return False
    return True


def rank(kind: Type, plain: Plain) -> Plain:
    """A key that orders the values of a type."""
    key = domains.order_key(kind)
    return key(plain) if key else plain
