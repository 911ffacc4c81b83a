"""Sequences in C: joined, cut, shortened. A short one is a number, and moved as a whole by shifts.

Knows values, expressions' scopes and how collections are built; not statements.
"""

from ....spec.lang import domains, ir
from . import kinds, layout
from .loops import finished
from .scope import Scope, retyped
from .text import Body
from .values import (
    Place,
    Scalar,
    Value,
    copied,
    entry,
    from_raw,
    held,
    length,
    load,
    name,
    raw,
    store,
    store_length,
    zeroed,
)


def remove_at(body: Body, place: Place, where: str) -> None:
    """Takes the item at a position out of a Seq or Bag that has one there."""
    kind = place.kind
    assert isinstance(kind, domains.Seq | domains.Bag)
    count, index = body.fresh("count"), body.fresh("i")
    body.line(f"const u64 {count} = {length(place)};")
    if layout.small(kind) and where == "0":
        stride, lengths = layout.array(kind).stride, layout.length_width(kind)
        items = (
            f"get({load(place)}, {lengths + stride}, {(kind.capacity - 1) * stride})" if kind.capacity > 1 else "0ull"
        )
        store(body, place, Scalar(kind, f"(({items} << {lengths}) | ({count} - 1))"))
        return
    body.open(f"for (u64 {index} = {where}; {index} + 1 < {count}; {index}++)")
    store(body, kinds.entry_place(place, kind.item, index), entry(place, kind.item, f"({index} + 1)"))
    body.close()
    erase(body, kinds.entry_place(place, kind.item, f"({count} - 1)"))
    store_length(body, place, f"({count} - 1)")


def erase(body: Body, place: Place) -> None:
    """Sets all bits of a value to zero."""
    if layout.small(place.kind):
        store(body, place, from_raw(place.kind, "0ull"))
    else:
        body.line(f"clear({place.address}, {layout.size(place.kind)});")


def concat(scope: Scope, e: ir.Concat, left: Value, right: Value) -> Value:
    """Two sequences joined, in the type of the expression."""
    body, place = scope.body, zeroed(scope.body, e.type, "joined")
    for whole in (left, right):
        extend(body, place, whole, e.span)
    return finished(body, place)


def extend(body: Body, place: Place, whole: Value, span: ir.Span) -> None:
    """Appends the items of a sequence to one; longer than the capacity stops."""
    source = whole.kind
    assert isinstance(place.kind, domains.Seq) and isinstance(source, domains.Seq)
    whole = copied(body, whole)
    old, more = body.fresh("old"), body.fresh("more")
    body.line(f"const u64 {old} = {length(place)}, {more} = {length(whole)};")
    body.check(f"{old} + {more} > {place.kind.capacity}", span)
    if layout.small(place.kind) and layout.small(source) and place.kind.item == source.item:
        items = f"({raw(whole)} >> {layout.length_width(source)})"
        begin = f"({layout.length_width(place.kind)} + {old} * {layout.array(place.kind).stride})"
        store(body, place, Scalar(place.kind, f"(({load(place)} + {more}) | ({items} << {begin}))"))
        return
    index = body.fresh("i")
    body.open(f"for (u64 {index} = 0; {index} < {more}; {index}++)")
    item = retyped(entry(whole, source.item, index), place.kind.item)
    store(body, kinds.entry_place(place, place.kind.item, f"({old} + {index})"), item)
    body.close()
    store_length(body, place, f"({old} + {more})")


def slice_of(scope: Scope, whole: Value, low: ir.Expr | None, high: ir.Expr | None) -> Value:
    """Items low..high-1 of a sequence; bounds beyond the length mean the length."""
    body, kind = scope.body, whole.kind
    assert isinstance(kind, domains.Seq)
    whole = name(body, whole) if layout.small(kind) else held(body, whole)
    count = body.fresh("count")
    body.line(f"const i64 {count} = (i64){length(whole)};")
    first = _slice_bound(scope, low, count, "0")
    last = _slice_bound(scope, high, count, count)
    if layout.small(kind):
        return _short_slice(body, whole, kind, first, last)
    place, index = zeroed(body, kind, "slice"), body.fresh("i")
    body.open(f"for (i64 {index} = {first}; {index} < {last}; {index}++)")
    target = kinds.entry_place(place, kind.item, f"(u64)({index} - {first})")
    store(body, target, entry(whole, kind.item, f"(u64){index}"))
    body.close()
    store_length(body, place, f"({last} > {first} ? (u64)({last} - {first}) : 0)")
    return finished(body, place)


def _short_slice(body: Body, whole: Value, kind: domains.Seq, first: str, last: str) -> Value:
    kept, stride, lengths = body.fresh("kept"), layout.array(kind).stride, layout.length_width(kind)
    body.line(f"const u64 {kept} = {last} > {first} ? (u64)({last} - {first}) : 0;")
    begin = lengths if first == "0" else f"{lengths} + (u64){first} * {stride}"
    return name(
        body, from_raw(kind, f"((get({raw(whole)}, {begin}, {kept} * {stride}) << {lengths}) | {kept})"), "slice"
    )


def _slice_bound(scope: Scope, bound: ir.Expr | None, count: str, otherwise: str) -> str:
    if bound is None:
        return otherwise
    body = scope.body
    number = load(name(body, scope.value(bound), "bound"))
    assert isinstance(bound.type, domains.Int | domains.Range)
    if bound.type.low < 0:
        body.check(f"{number} < 0", bound.span)
    clipped = body.fresh("clipped")
    body.line(f"const i64 {clipped} = {number} < {count} ? {number} : {count};")
    return clipped
