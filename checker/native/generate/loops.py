"""Bindings and collections in C: quantifiers, comprehensions, sums, best of, and what sets and sequences do.

Collections are built in storage of their own and copied from there. Knows values and expressions; not statements.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from ....spec.lang import domains, ir
from ....spec.lang.domains import WIDE, Type
from ....spec.lang.meaning import effects
from ....spec.lang.meaning.failing import may_fail
from . import kinds, layout
from .scope import Scope, captured, replay, retyped
from .text import Body, inner
from .values import (
    Parts,
    Place,
    Scalar,
    Value,
    assign,
    copied,
    declare,
    entry,
    equal,
    item_of,
    length,
    load,
    name,
    store,
    store_length,
    truth,
    within,
    zeroed,
)

# ---------------------------------------------------------------------------------------------------- binders


def over(scope: Scope, binder: ir.Binder, inside: Callable[[], None]) -> None:
    """A loop over a binder's domain, with the conditions as guards around `inside`."""
    body = scope.body
    depth = body.depth
    opened(scope, binder)
    for condition in binder.conditions:
        body.line(f"if (!({inner(scope.scalar(condition))})) continue;")
    inside()
    while body.depth > depth:
        body.close()


def nested(scope: Scope, binders: tuple[ir.Binder, ...], inside: Callable[[], None]) -> None:
    """Loops over all bindings, in order; names bound outside come back afterwards."""
    outer = dict(scope.names)

    def step(rest: tuple[ir.Binder, ...]) -> None:
        if rest:
            over(scope, rest[0], lambda: step(rest[1:]))
        else:
            inside()

    step(binders)
    scope.names.clear()
    scope.names.update(outer)


def opened(scope: Scope, binder: ir.Binder) -> None:
    """Opens the loop and binds the name."""
    body = scope.body
    match binder.domain:
        case ir.Every(kind):
            index = body.fresh(binder.name)
            body.open(f"for (u64 {index} = 0; {index} < {domains.cardinality(kind)}; {index}++)")
            item: Value = kinds.at_position(body, kind, index)
        case ir.Interval(low, high):
            number = domains.Int()
            first = load(name(body, scope.value(low), "low"))
            last = load(name(body, scope.value(high), "high"))
            index = body.fresh(binder.name)
            body.open(f"for (i64 {index} = {first}; {index} < {last}; {index}++)")
            item = Scalar(number, index)
        case domain:
            item = _each(scope, scope.value(domain), binder.name)
    item = retyped(item, binder.type)
    scope.names[binder.name] = _used(body, name(body, item, binder.name))


def _used(body: Body, value: Value) -> Value:
    """The value, with a note to the compiler that it may not be needed."""
    if isinstance(value, Scalar) and value.c.isidentifier():
        body.line(f"(void){value.c};")
    return value


def opened_distinct(scope: Scope, param: ir.Param, drawn: ir.Expr) -> None:
    """Opens a loop over the distinct items of a collection, as they rank, and binds the parameter."""
    body, whole = scope.body, scope.value(drawn)
    if isinstance(whole.kind, domains.Set):
        scope.names[param.name] = name(body, _each(scope, whole, param.name), param.name)
        return
    assert isinstance(whole.kind, domains.Seq | domains.Bag)
    item = whole.kind.item
    if isinstance(whole.kind, domains.Seq):
        bag = zeroed(body, domains.Bag("drawn", item, whole.kind.capacity), "drawn")
        depth = body.depth
        add(body, bag, _each(scope, whole, param.name), param.span)
        while body.depth > depth:
            body.close()
        whole = bag
    index, last = body.fresh("i"), body.fresh("last")
    body.line(f"const u64 {last} = {length(whole)};")
    body.open(f"for (u64 {index} = 0; {index} < {last}; {index}++)")
    found = name(body, entry(whole, item, index), param.name)
    body.line(f"if ({index} > 0 && {equal(found, entry(whole, item, f'({index} - 1)'))}) continue;")
    scope.names[param.name] = found


def _each(scope: Scope, whole: Value, stem: str) -> Value:
    """Opens a loop over the items of a collection; gives the item."""
    body = scope.body
    if not scope.stable:
        whole = copied(body, whole, "domain")
    match whole.kind:
        case domains.Set(item):
            return kinds.at_position(body, item, opened_bits(body, whole))
        case domains.Seq(_, item, _) | domains.Bag(_, item, _):
            whole = name(body, whole)
            index, last = body.fresh("i"), body.fresh("last")
            body.line(f"const u64 {last} = {length(whole)};")
            body.open(f"for (u64 {index} = 0; {index} < {last}; {index}++)")
            return entry(whole, item, index)
        case domains.Tuple(items):
            assert isinstance(whole, Parts)
            return _each_part(body, whole, items[0], stem)
    raise AssertionError(f"{domains.describe(whole.kind)} has no items")


def opened_bits(body: Body, whole: Value) -> str:
    """Opens a loop over the members of a set; gives the position."""
    index, rest = body.fresh("member"), body.fresh("rest")
    if layout.small(whole.kind):
        body.open(f"for (u64 {rest} = {load(whole)}; {rest} != 0; {rest} &= {rest} - 1)")
        body.line(f"const u64 {index} = lowest({rest});")
        body.line(f"(void){index};")
        return index
    assert isinstance(whole, Place)
    word = body.fresh("word")
    body.open(f"for (u64 {word} = 0; {word} < {layout.size(whole.kind)}; {word}++)")
    body.open(f"for (u64 {rest} = {whole.address}[{word}]; {rest} != 0; {rest} &= {rest} - 1)")
    body.line(f"const u64 {index} = {word} * 64 + lowest({rest});")
    body.line(f"(void){index};")
    return index


def _each_part(body: Body, whole: Parts, kind: Type, stem: str) -> Value:
    """Opens a loop over the items of a tuple, which have one type (numbers may differ in range)."""
    words = layout.size(kind)
    row = body.storage(words * len(whole.items), "row")
    wide = domains.Int() if layout.numeric(kind) else kind
    for position, part in enumerate(whole.items):
        place = Place(wide, row, position * words)
        body.line(f"clear({place.address}, {words});")
        store(body, place, Scalar(wide, load(part)) if layout.numeric(kind) else part)
    index = body.fresh(stem)
    body.open(f"for (u64 {index} = 0; {index} < {len(whole.items)}; {index}++)")
    return Place(wide, row, 0, index if words == 1 else f"{index} * {words}")


def bound(scope: Scope, e: ir.Comprehension | ir.Quantified | ir.Sum | ir.Best) -> Value:
    """The value of an expression that ranges over bindings."""
    match e:
        case ir.Comprehension(binders, item):
            return _comprehension(scope, e, binders, item)
        case ir.Quantified():
            return _quantified(scope, e)
        case ir.Sum(binders, item):
            return _sum(scope, e, binders, item)
        case ir.Best():
            return _best(scope, e)


def _quantified(scope: Scope, e: ir.Quantified) -> Value:
    body, op = scope.body, e.op
    binders, test = _tested_early(scope, e)
    result, done = body.variable("u64", op), body.fresh("done")
    body.line(f"{result} = {int(op == 'all')};")

    def inside() -> None:
        found = scope.scalar(test)
        condition = inner(found) if op == "any" else f"!{found}" if found.startswith("(") else f"!({found})"
        body.line(f"if ({condition}) {{ {result} = {int(op == 'any')}; goto {done}; }}")

    nested(scope, binders, inside)
    body.line(f"{done}:;")
    return truth(result)


def _tested_early(scope: Scope, e: ir.Quantified) -> tuple[tuple[ir.Binder, ...], ir.Expr]:
    """The binders and the test of a quantifier, with conditions tested as soon as all the names in them are bound.

    `any(a(i) and b(i, j) for i … for j …)` becomes `any(b(i, j) for i … if a(i) for j …)`. That is the same where
    nothing in it can stop: else a condition might be tested that was not, or one left out that would have stopped.
    """
    if len(e.binders) == 1 or not _never_stops(scope, e):
        return e.binders, e.body
    op: Literal["and", "or"] = "and" if e.op == "any" else "or"
    test = e.body
    items = test.items if isinstance(test, ir.Logic) and test.op == op else (test,)
    last = len(e.binders) - 1
    rest = tuple(item for item in items if _place(e.binders, item) == last)
    early = [item for item in items if _place(e.binders, item) < last]
    conditions = [item if op == "and" else ir.Not(item, type=item.type, span=item.span) for item in early]
    if not rest:
        return _earlier(e.binders, conditions), ir.Literal(op == "and", type=domains.Bool(), span=test.span)
    left = rest[0] if len(rest) == 1 else ir.Logic(op, rest, type=test.type, span=test.span)
    return _earlier(e.binders, conditions), left


def _earlier(binders: tuple[ir.Binder, ...], conditions: list[ir.Expr]) -> tuple[ir.Binder, ...]:
    """The binders, with these conditions and their own where all names are bound."""
    places: list[list[ir.Expr]] = [[] for _ in binders]
    for here, binder in enumerate(binders):
        for item in (item for condition in binder.conditions for item in _conjuncts(condition)):
            places[_place(binders[: here + 1], item)].append(item)
    for item in conditions:
        places[_place(binders, item)].append(item)
    return tuple(replace(binder, conditions=tuple(given)) for binder, given in zip(binders, places, strict=True))


def _conjuncts(condition: ir.Expr) -> tuple[ir.Expr, ...]:
    return condition.items if isinstance(condition, ir.Logic) and condition.op == "and" else (condition,)


def _place(binders: tuple[ir.Binder, ...], item: ir.Expr) -> int:
    """The binder after which all names in an expression are bound; the first one if there are none."""
    named = _names(item)
    return max((place for place, binder in enumerate(binders) if binder.name in named), default=0)


def _names(node: object) -> set[str]:
    """All local names in an expression, also those that it binds itself."""
    own = {node.name} if isinstance(node, ir.Local | ir.Binder) else set()
    return own.union(*map(_names, effects.parts(node)))


def _never_stops(scope: Scope, node: object) -> bool:
    if isinstance(node, ir.Call) and scope.helpers[node.function].name in scope.body.unit.stopping:
        return False
    return not may_fail(node) and all(_never_stops(scope, part) for part in effects.parts(node))


def _sum(scope: Scope, e: ir.Sum, binders: tuple[ir.Binder, ...], item: ir.Expr) -> Value:
    body = scope.body
    total = body.variable("i64", "total")
    body.line(f"{total} = 0;")

    def inside() -> None:
        part = scope.scalar(item)
        if isinstance(e.type, domains.Int) and e.type.high < WIDE:
            body.line(f"{total} += (i64){part};")
        else:
            body.check(f"add_wide({total}, (i64){part}, &{total})", e.span)

    nested(scope, binders, inside)
    return Scalar(e.type, total)


def _best(scope: Scope, e: ir.Best) -> Value:
    body = scope.body
    found = body.variable("u64", "found")
    rank_kind = e.key.type if e.key is not None else e.body.type
    best, rank = declare(body, e.body.type, "best"), declare(body, rank_kind, "rank")
    body.line(f"{found} = 0;")

    def inside() -> None:
        candidate = name(body, scope.value(e.body), "candidate")
        place = candidate
        if e.key is not None and e.key_name is not None:
            scope.names[e.key_name] = candidate
            place = name(body, scope.value(e.key), "rank")
        better, lines = captured(body, lambda: truth(_ahead(body, e.op, place, rank)))
        body.open(f"if ({found})")
        replay(body, lines, 1)
        body.line(f"if (!{load(better)}) continue;")
        body.close()
        body.line(f"{found} = 1;")
        assign(body, best, candidate)
        assign(body, rank, place)

    nested(scope, e.binders, inside)
    return _best_or_default(scope, e, found, best)


def _ahead(body: Body, op: str, candidate: Value, best: Value) -> str:
    return kinds.less(body, best, candidate) if op == "max" else kinds.less(body, candidate, best)


def _best_or_default(scope: Scope, e: ir.Best, found: str, best: Value) -> Value:
    body = scope.body
    if e.default is None:
        body.check(f"!{found}", e.span)
        return kinds.convert(body, best, e.type, e.span)
    result, default = declare(body, e.type, "best"), e.default
    body.open(f"if ({found})")
    assign(body, result, kinds.convert(body, best, e.type, e.span))
    body.close("else")
    assign(body, result, kinds.convert(body, scope.value(default), e.type, e.span))
    body.close()
    return result


def _comprehension(scope: Scope, e: ir.Comprehension, binders: tuple[ir.Binder, ...], item: ir.Expr) -> Value:
    body, place = scope.body, zeroed(scope.body, e.type, "result")

    def inside() -> None:
        found = name(body, scope.value(item))
        if isinstance(e.type, domains.Map):
            key = scope.names[binders[0].name]
            where = kinds.position(body, e.type.key, key)
            store(body, kinds.entry_place(place, e.type.value, where), retyped(found, e.type.value))
        else:
            add(body, place, found, e.span)

    nested(scope, binders, inside)
    return finished(body, place)


def finished(body: Body, place: Place) -> Value:
    """The value that has been built."""
    return name(body, place, "whole")


# -------------------------------------------------------------------------------------------------- collections


def add(body: Body, place: Place, item: Value, span: ir.Span) -> None:
    """Adds an item to a Set, at the end of a Seq, or where it ranks in a Bag."""
    kind = place.kind
    match kind:
        case domains.Set(wanted):
            _set_bit(body, place, kinds.position(body, wanted, retyped(item, wanted)), "|=", "")
        case domains.Seq(_, wanted, capacity) | domains.Bag(_, wanted, capacity):
            count = body.fresh("count")
            body.line(f"const u64 {count} = {length(place)};")
            body.check(f"{count} >= {capacity}", span)
            item = retyped(item, wanted)
            where = count if isinstance(kind, domains.Seq) else make_room(body, place, wanted, item, count)
            store(body, kinds.entry_place(place, wanted, where), item)
            store_length(body, place, f"{count} + 1")
        case _:
            raise AssertionError(f"{domains.describe(kind)} does not grow")


def make_room(body: Body, place: Place, kind: Type, item: Value, count: str) -> str:
    """Moves the items of a bag that rank after this one; gives the free position."""
    where = body.fresh("where")
    body.line(f"u64 {where} = {count};")
    body.open(f"for (; {where} > 0; {where}--)")
    previous = entry(place, kind, f"({where} - 1)")
    body.line(f"if (!{kinds.less(body, item, previous)}) break;")
    store(body, kinds.entry_place(place, kind, where), previous)
    body.close()
    return where


def set_bit(body: Body, place: Place, position: str) -> None:
    """Adds the member at a position to a Set."""
    _set_bit(body, place, position, "|=", "")


def _set_bit(body: Body, place: Place, position: str, op: str, negate: str) -> None:
    if layout.small(place.kind):
        shift = f"({position} + {place.at_bit})" if place.at_bit != "0" else f"({position})"
        body.line(f"{place.pointer}[{place.at_word}] {op} {negate}(UINT64_C(1) << {shift});")
        return
    body.open("")
    body.line(f"const u64 position = {position};")
    body.line(f"{place.address}[position / 64] {op} {negate}(UINT64_C(1) << (position % 64));")
    body.close()


def discard(body: Body, place: Place, item: Value) -> None:
    """Takes an item out of a Set, if it is there."""
    assert isinstance(place.kind, domains.Set)
    wanted = place.kind.item
    _set_bit(body, place, kinds.position(body, wanted, retyped(item, wanted)), "&=", "~")


def collect(scope: Scope, e: ir.Collect, items: list[Value]) -> Value:
    """A Set, Seq, Bag or Tuple of these items."""
    if isinstance(e.type, domains.Tuple):
        pairs = zip(items, e.type.items, strict=True)
        return Parts(e.type, tuple(retyped(item, kind) for item, kind in pairs))
    place = zeroed(scope.body, e.type, "whole")
    for item in items:
        add(scope.body, place, item, e.span)
    return finished(scope.body, place)


def contains(scope: Scope, item: Value, container: Value) -> Value:
    """Whether an item is in a Set, Seq, Bag or Tuple."""
    body = scope.body
    match container.kind:
        case domains.Set(wanted):
            return _contains_bit(body, item, container, wanted)
        case domains.Tuple():
            assert isinstance(container, Parts)
            item = name(body, item)
            return truth(f"({' || '.join(equal(item, part) for part in container.items) or '0'})")
    return truth(f"({load(count(scope, container, item))} != 0)")


def _contains_bit(body: Body, item: Value, container: Value, wanted: Type) -> Value:
    guard = ""
    if isinstance(wanted, domains.Range):
        item = name(body, item)
        outside = within(item, wanted)
        guard = f"!({outside}) && " if outside else ""
    where = kinds.position(body, wanted, retyped(item, wanted))
    if layout.small(container.kind):
        return truth(f"({guard}(({load(container)} >> {_enclosed(where)}) & 1))")
    assert isinstance(container, Place)
    return truth(f"({guard}has({container.address}, {where}))")


def _enclosed(c: str) -> str:
    return c if c.replace("_", "").isalnum() else f"({c})"


def count(scope: Scope, container: Value, item: Value) -> Value:
    """How often an item occurs in a Seq or Bag."""
    body = scope.body
    assert isinstance(container.kind, domains.Seq | domains.Bag)
    container, item = name(body, container), name(body, item)
    total, index = body.variable("i64", "occurs"), body.fresh("i")
    body.line(f"{total} = 0;")
    body.open(f"for (u64 {index} = 0; {index} < {length(container)}; {index}++)")
    body.line(f"{total} += {equal(entry(container, item_of(container.kind), index), item)};")
    body.close()
    return Scalar(domains.Int(0, WIDE), total)


def set_algebra(scope: Scope, op: str, left: Value, right: Value) -> Value:
    """Union, intersection and difference of sets."""
    body, sign = scope.body, "& ~" if op == "-" else op
    if layout.small(left.kind):
        return Scalar(left.kind, f"({load(left)} {sign}{' ' if op != '-' else ''}{load(right)})")
    assert isinstance(left, Place) and isinstance(right, Place)
    place, index = Place(left.kind, body.storage(layout.size(left.kind), "set")), body.fresh("w")
    body.open(f"for (int {index} = 0; {index} < {layout.size(left.kind)}; {index}++)")
    body.line(f"{place.address}[{index}] = {left.address}[{index}] {sign} {right.address}[{index}];")
    body.close()
    return place


def compare_sets(scope: Scope, op: str, left: Value, right: Value) -> Value:
    """Subset, for `<=` and its kin."""
    low, high = (left, right) if op in ("<", "<=") else (right, left)
    if layout.small(low.kind):
        low, high = name(scope.body, low), name(scope.body, high)
        subset = f"(({load(low)} & ~{load(high)}) == 0)"
    else:
        assert isinstance(low, Place) and isinstance(high, Place)
        subset = f"subset({low.address}, {high.address}, {layout.size(low.kind)})"
    return truth(subset if op in ("<=", ">=") else f"({subset} && !{equal(low, high)})")
