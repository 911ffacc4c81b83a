"""What C does with whole types: enumerate and number their values, order them, convert between them.

Functions that belong to a type (its order, its positions) are written once per model, on first need.
Knows types, layouts and values; nothing of expressions or states.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ....spec.lang import domains, ir
from ....spec.lang.domains import Type
from . import layout
from .text import Body, Unit
from .values import (
    Parts,
    Place,
    Scalar,
    Value,
    code,
    entry,
    field,
    from_raw,
    held,
    is_some,
    length,
    load,
    name,
    payload,
    raw,
    some,
    store,
    store_length,
    tag,
    within,
    zeroed,
)

_Check = Callable[[str], None]  # writes the test of a C condition under which a conversion fails

# -------------------------------------------------------------------------------------------------- positions


def position(body: Body, kind: Type, value: Value) -> str:
    """Where a value of exactly this type stands among all of them, as a u64."""
    if layout.dense(kind):
        return raw(value)
    if not layout.small(kind):
        raise AssertionError(f"{domains.describe(kind)} has too many values to be numbered")
    return f"{_positions(body.unit, kind)}({raw(value)})"


def at_position(body: Body, kind: Type, index: str) -> Scalar:
    """The value at a position."""
    if layout.dense(kind):
        return from_raw(kind, index)
    codes = [layout.encode(kind, plain) for plain in domains.values(kind)]
    return from_raw(kind, f"{body.unit.constant(codes)}[{index}]")


def _positions(unit: Unit, kind: Type) -> str:
    """A function from a code to its position, by mixed radix as `domains.position` has it."""
    key = ("position", kind)
    if key not in unit.made:
        unit.made[key] = f"position_{len(unit.made) + 1}"
        body = Body(unit, "return 0;")
        value = from_raw(kind, "code")
        body.line("(void)code;")
        body.line(f"return {_radix(body, kind, value)};")
        unit.top.append(body.render(f"OWN u64 {unit.made[key]}(u64 code)"))
    return unit.made[key]


def _radix(body: Body, kind: Type, value: Value) -> str:
    match kind:
        case domains.Record(_, fields):
            digits = [(item, field(value, kind, at)) for at, (_, item) in enumerate(fields)]
        case domains.Map(key, item):
            digits = [(item, entry(value, item, str(at))) for at in range(domains.cardinality(key))]
        case domains.Optional(item):
            inside = position(body, item, some(value))
            return f"({is_some(value)} ? 1 + {inside} : 0)"
        case domains.Union(records):
            result, before = "0", 0
            for at, record in enumerate(records):
                place = f"{before} + {position(body, record, payload(value, record))}"
                result = f"({tag(value)} == {at} ? {place} : {result})"
                before += domains.cardinality(record)
            return result
        case _:
            raise AssertionError(f"{domains.describe(kind)} is dense")
    number = "0"
    for item, digit in digits:
        scaled = f"{number} * {domains.cardinality(item)} + " if number != "0" else ""
        number = f"({scaled}{position(body, item, digit)})"
    return number


@contextmanager
def every(body: Body, kind: Type, stem: str) -> Iterator[Value]:
    """A loop over all values of a type, in order."""
    index = body.fresh(stem)
    body.open(f"for (u64 {index} = 0; {index} < {domains.cardinality(kind)}; {index}++)")
    yield name(body, at_position(body, kind, index), stem)
    body.close()


# ------------------------------------------------------------------------------------------------------ order


def less(body: Body, left: Value, right: Value) -> str:
    """Whether one value ranks before another: `domains.order_key`, not subset."""
    if isinstance(left, Parts) and isinstance(right, Parts):
        return f"({_compare_parts(body, left, right)} < 0)"
    if layout.numeric(left.kind) or (layout.small(left.kind) and layout.monotone(left.kind)):
        return f"({load(left)} < {load(right)})"
    return f"({compared(body, left, right)} < 0)"


def compared(body: Body, left: Value, right: Value) -> str:
    """Negative, zero or positive, as the first ranks before, with or after the second."""
    if isinstance(left, Parts) and isinstance(right, Parts):
        return _compare_parts(body, left, right)
    if layout.numeric(left.kind) or (layout.small(left.kind) and layout.monotone(left.kind)):
        a, b = load(name(body, left)), load(name(body, right))
        return f"(({a} > {b}) - ({a} < {b}))"
    first, second = held(body, left), held(body, right)
    return f"{_order(body.unit, left.kind)}({_aligned(body, first)}, {_aligned(body, second)})"


def _aligned(body: Body, place: Place) -> str:
    """The address of a value that begins at bit 0 of its word."""
    if layout.small(place.kind) and place.at_bit != "0":
        return held(body, Scalar(place.kind, load(place))).address
    if layout.small(place.kind) and layout.width(place.kind) < layout.SMALL:
        return held(body, Scalar(place.kind, load(place))).address
    return place.address


def _compare_parts(body: Body, left: Parts, right: Parts) -> str:
    result = body.variable("int", "order")
    body.line(f"{result} = 0;")
    for depth, (a, b) in enumerate(zip(left.items, right.items, strict=True)):
        if depth:
            body.open(f"if ({result} == 0)")
        body.line(f"{result} = {compared(body, a, b)};")
    for _ in left.items[1:]:
        body.close()
    return result


def _order(unit: Unit, kind: Type) -> str:
    key = ("order", kind)
    if key not in unit.made:
        unit.made[key] = f"order_{len(unit.made) + 1}"
        body = Body(unit, "return 0;")
        left, right = Place(kind, "a", stable=True), Place(kind, "b", stable=True)
        _write_order(body, kind, left, right)
        unit.top.append(body.render(f"OWN int {unit.made[key]}(const u64 *a, const u64 *b)"))
    return unit.made[key]


def _write_order(body: Body, kind: Type, left: Place, right: Place) -> None:
    match kind:
        case domains.Record(_, fields):
            for at in range(len(fields)):
                _decide(body, field(left, kind, at), field(right, kind, at))
            body.line("return 0;")
        case domains.Map(key, item):
            body.open(f"for (u64 i = 0; i < {domains.cardinality(key)}; i++)")
            _decide(body, entry(left, item, "i"), entry(right, item, "i"))
            body.close()
            body.line("return 0;")
        case domains.Seq(_, item, _) | domains.Bag(_, item, _):
            a, b = f"{length(left)}", f"{length(right)}"
            body.open(f"for (u64 i = 0; i < {a} && i < {b}; i++)")
            _decide(body, entry(left, item, "i"), entry(right, item, "i"))
            body.close()
            body.line(f"return ({a} > {b}) - ({a} < {b});")
        case domains.Optional():
            body.line(f"if (!{is_some(left)} || !{is_some(right)}) return {is_some(left)} - {is_some(right)};")
            body.line(f"return {compared(body, some(left), some(right))};")
        case domains.Union(records):
            body.line(f"if ({tag(left)} != {tag(right)}) return {tag(left)} < {tag(right)} ? -1 : 1;")
            for at, record in enumerate(records):
                body.open(f"if ({tag(left)} == {at})")
                body.line(f"return {compared(body, payload(left, record), payload(right, record))};")
                body.close()
            body.line("return 0;")
        case domains.Set():
            body.open(f"for (int i = {layout.size(kind) - 1}; i >= 0; i--)")
            body.line("if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;")
            body.close()
            body.line("return 0;")
        case _:
            raise AssertionError(f"{domains.describe(kind)} is compared by its code")


def _decide(body: Body, left: Value, right: Value) -> None:
    body.open("")
    body.line(f"const int order = {compared(body, left, right)};")
    body.line("if (order != 0) return order;")
    body.close()


# ------------------------------------------------------------------------------------------------- converting


def convert(body: Body, value: Value, target: Type, span: ir.Span) -> Value:
    """The value at another type; a check that fails stops."""
    return _convert(body, value, target, lambda failing: body.check(failing, span))


def misfit(body: Body, value: Value, target: Type) -> str:
    """The C condition that a value cannot be converted to a type."""
    failed = body.variable("int", "misfit")
    body.line(f"{failed} = 0;")
    source = value.kind
    if isinstance(source, domains.Optional) and not isinstance(target, domains.Optional):
        body.line(f"{failed} = !{is_some(value)};")
        if source.item != target:
            body.open(f"if (!{failed})")
            body.line(f"{failed} = {misfit(body, some(value), target)};")
            body.close()
    elif isinstance(source, domains.Union) and isinstance(target, domains.Record | domains.Union):
        fitting = [target] if isinstance(target, domains.Record) else list(target.records)
        tags = [f"{tag(value)} != {at}" for at, record in enumerate(source.records) if record in fitting]
        body.line(f"{failed} = {' && '.join(tags) or '1'};")
    elif isinstance(target, domains.Range):
        body.line(f"{failed} = {within(value, target) or '0'};")
    else:
        body.line(f"{failed} = {int(source != target)};")
    return failed


def _convert(body: Body, value: Value, target: Type, check: _Check) -> Value:
    source = value.kind
    if source == target:
        return value
    match source, target:
        case domains.Optional(), domains.Optional():
            return _optional_to_optional(body, value, target, check)
        case domains.Optional(), _:
            value = name(body, value)
            check(f"!{is_some(value)}")
            return _convert(body, some(value), target, check)
        case _, domains.Optional(item):
            return wrapped(body, _convert(body, value, item, check), target)
        case domains.Union(), domains.Record():
            value = name(body, value)
            tags = [f"{tag(value)} != {at}" for at, record in enumerate(source.records) if record == target]
            check(" && ".join(tags) or "1")
            return payload(value, target)
        case domains.Record(), domains.Union():
            return tagged(body, value, source, target)
        case domains.Union(), domains.Union():
            return _retagged(body, value, target, check)
        case _, domains.Range():
            value = name(body, value)
            outside = within(value, target)
            if outside:
                check(outside)
            return Scalar(target, load(value))
        case _, domains.Int():
            return Scalar(target, load(value) if layout.numeric(source) else f"(i64)({load(value)})")
        case domains.Tuple(), domains.Tuple(items):
            assert isinstance(value, Parts)
            parts = zip(value.items, items, strict=True)
            return Parts(target, tuple(_convert(body, part, item, check) for part, item in parts))
        case ((domains.Seq() | domains.Bag()), (domains.Seq() | domains.Bag())):
            return _recollected(body, value, target, check)
    raise AssertionError(f"no conversion from {domains.describe(source)} to {domains.describe(target)}")


def wrapped(body: Body, value: Value, target: domains.Optional) -> Value:
    """The optional value that is this item."""
    if layout.small(target):
        return Scalar(target, f"({raw(value)} + 1)")
    place = zeroed(body, target)
    body.line(f"{place.address}[0] = 1;")
    store(body, place.part(target.item, layout.WORD), value)
    return place


def _optional_to_optional(body: Body, value: Value, target: domains.Optional, check: _Check) -> Value:
    value = name(body, value)
    result = zeroed(body, target)
    body.open(f"if ({is_some(value)})")
    store(body, result, wrapped(body, _convert(body, some(value), target.item, check), target))
    body.close()
    return result


def tagged(body: Body, value: Value, source: domains.Record, target: domains.Union) -> Value:
    """The value of a union that is this record."""
    number = target.records.index(source)
    if layout.small(target):
        return Scalar(target, f"({raw(value)} | {code(target, number << layout.tag_offset(target)).c})")
    place = zeroed(body, target)
    store(body, place.part(source, 0), value)
    body.line(f"{place.address}[{layout.size(target) - 1}] = {number};")
    return place


def _retagged(body: Body, value: Value, target: domains.Union, check: _Check) -> Value:
    source = value.kind
    assert isinstance(source, domains.Union)
    value = name(body, value)
    missing = [f"{tag(value)} == {at}" for at, record in enumerate(source.records) if record not in target.records]
    if missing:
        check(" || ".join(missing))
    result = zeroed(body, target)
    for at, record in enumerate(source.records):
        if record in target.records:
            body.open(f"if ({tag(value)} == {at})")
            store(body, result, tagged(body, payload(value, record), record, target))
            body.close()
    return result


def _recollected(body: Body, value: Value, target: domains.Seq | domains.Bag, check: _Check) -> Value:
    """A sequence at another capacity, or with items of another type."""
    source = value.kind
    assert isinstance(source, domains.Seq | domains.Bag)
    value, result = held(body, value), zeroed(body, target)
    count = body.fresh("count")
    body.line(f"const u64 {count} = {length(value)};")
    if source.capacity > target.capacity:
        check(f"{count} > {target.capacity}")
    index = body.fresh("i")
    body.open(f"for (u64 {index} = 0; {index} < {count}; {index}++)")
    item = _convert(body, entry(value, source.item, index), target.item, check)
    store(body, entry_place(result, target.item, index), item)
    body.close()
    store_length(body, result, count)
    return result


def entry_place(place: Place, item: Type, index: str) -> Place:
    """The place of an entry, to be written."""
    found = entry(place, item, index)
    assert isinstance(found, Place)
    return found
