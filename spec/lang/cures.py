"""Cures that depend on what was found: what Python's habits are called in the language, and what a type offers."""

import difflib
from collections.abc import Iterable

from .domains import Bag, Bool, Int, Map, Optional, Range, Record, Seq, Set, Sort, Type, Union

# Python's own functions that people reach for, and what to write instead.
BUILTINS = {
    "abs": "write `x if x >= 0 else -x`",
    "bool": "write a comparison",
    "dict": "build a Map: `Map({k: … for k in Server})`",
    "enumerate": "loop over `range(len(…))`",
    "filter": "write a condition: `Set(x for x in … if …)`",
    "frozenset": "write `Set(…)`",
    "int": "numbers need no conversion; `Epoch(n)` converts to a Range type",
    "list": "build a Seq: `History(x for x in …)`, or a Set",
    "map": "write a generator: `Set(f(x) for x in …)`",
    "print": "a specification prints nothing; traces show every step",
    "range": "a range stands behind `for … in`; to compare, write `0 <= x < n`",
    "reversed": "loop over `range(len(…))` and count from the end",
    "set": "write `Set(…)`",
    "sorted": "use min or max with `key=`; a Set is gone through in the order of its type",
    "str": "strings are not values of the language; use an Enum",
    "tuple": "use a Record",
    "zip": "loop over `range(len(…))`",
}

_METHODS: dict[type, str] = {
    Set: "add, discard, update, clear; and |, &, -, <=, in, len",
    Seq: "append, extend, remove_first, clear, count, first, last; and [k], [a:b], +, in, len",
    Bag: "add, remove, clear, count; and in, len",
    Record: "replace, and its fields",
    Map: "[key], and assignment to [key]; loop over its key type to see all entries",
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A cure that names the most similar known name, if one is similar."""
    folded = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), list(folded), n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else None


def one_of(name: str, known: Iterable[str], what: str) -> str | None:
    """A cure that names the most similar name, or else all there are."""
    names = list(known)
    return nearest(name, names) or (f"{what}: {', '.join(names)}" if names else None)


def methods(kind: Type) -> str | None:
    """A cure that lists what values of a type can do."""
    found = _METHODS.get(type(kind))
    return f"it has {found}" if found else None


def truth(kind: Type) -> str | None:
    """A cure for a value that stands where a truth value belongs."""
    match kind:
        case Set() | Seq() | Bag():
            return "write `len(…) > 0`"
        case Optional():
            return "write `… is not None`"
        case Int() | Range():
            return "write `… != 0`"
        case _:
            return None


def number(kind: Type) -> str | None:
    """A cure for a value that stands where a number belongs."""
    return "write `sum(1 for x in … if …)`, or `1 if … else 0`" if isinstance(kind, Bool) else None


def fields(kind: Type) -> list[str]:
    """The names that may stand behind the dot of a value of this type."""
    match kind:
        case Record(_, own):
            return [name for name, _ in own]
        case Union(records):
            return [name for record in records for name, _ in record.fields]
        case Seq():
            return ["first", "last"]
        case _:
            return []


def no_field(kind: Type, name: str) -> str | None:
    """A cure for a field that is not there."""
    if isinstance(kind, Sort):
        return f"keep it in a map: `self.{name}[…]` with `{name}: Map[{kind.name}, …]`"
    return one_of(name, fields(kind), "it has") or methods(kind)
