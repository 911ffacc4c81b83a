"""Expressions of the tree in C, evaluated from left to right.

What needs statements of its own (a loop, a check, a branch) writes them into the function at hand and gives back
where the value is; all else is a C expression. Loops over bindings are in `loops`.
"""

from dataclasses import replace

from ....spec.lang import domains, ir
from ....spec.lang.domains import WIDE, Type
from . import kinds, layout, loops, sequences
from .scope import Scope, captured, replay, retyped
from .text import Body, inner
from .values import (
    Parts,
    Place,
    Scalar,
    Value,
    all_of,
    assign,
    code,
    ctype,
    declare,
    entry,
    equal,
    held,
    is_some,
    item_of,
    length,
    load,
    name,
    payload,
    raw,
    some,
    store,
    tag,
    truth,
    zeroed,
)
from .values import field as field_of


def value(scope: Scope, e: ir.Expr) -> Value:
    """The value of an expression."""
    match e:
        case ir.Literal() | ir.Read() | ir.Local() | ir.Field() | ir.At() | ir.End() | ir.Slice() | ir.Convert():
            return _place(scope, e)
        case ir.Not(item):
            return truth(f"(!{scope.scalar(item)})")
        case ir.Negate(item):
            return _checked(scope, e, f"(-({scope.scalar(item)}))", "negate", scope.scalar(item), "0")
        case ir.Logic(op, items):
            return _logic(scope, op, items)
        case ir.Compare(op, left, right):
            return _compare(scope, op, left, right)
        case ir.Arithmetic():
            return _arithmetic(scope, e)
        case ir.SetAlgebra(op, left, right):
            return loops.set_algebra(scope, op, scope.value(left), scope.value(right))
        case ir.Concat(left, right):
            return sequences.concat(scope, e, scope.value(left), scope.value(right))
        case ir.IfElse(test, then, otherwise):
            return _if_else(scope, e.type, test, then, otherwise)
        case ir.Contains(item, container):
            return loops.contains(scope, scope.value(item), scope.value(container))
        case ir.Size(item):
            return _size(scope, scope.value(item))
        case ir.Count(container, item):
            return loops.count(scope, scope.value(container), scope.value(item))
        case ir.Is(item, record):
            return _is(scope, scope.value(item), record)
        case ir.Make(fields):
            return _make(scope, e.type, [scope.value(item) for item in fields])
        case ir.Replace(item, changes):
            return _replace(scope, item, changes)
        case ir.Collect(items):
            return loops.collect(scope, e, [scope.value(item) for item in items])
        case ir.Comprehension() | ir.Quantified() | ir.Sum() | ir.Best():
            return loops.bound(scope, e)
        case ir.Call():
            return _call(scope, e)


_Place = ir.Literal | ir.Read | ir.Local | ir.Field | ir.At | ir.End | ir.Slice | ir.Convert


def _place(scope: Scope, e: _Place) -> Value:
    match e:
        case ir.Literal(plain):
            return literal(scope.body, e.type, plain)
        case ir.Read(variable, before):
            return scope.variable(variable, before)
        case ir.Local(local):
            return scope.names[local]
        case ir.Field(item, own):
            return _field(scope, e, scope.value(item), own)
        case ir.At(item, key):
            return at(scope, scope.value(item), scope.value(key), e.span)
        case ir.End(item, which):
            return _end(scope, e, scope.value(item), which)
        case ir.Slice(item, low, high):
            return sequences.slice_of(scope, scope.value(item), low, high)
        case ir.Convert(item):
            return kinds.convert(scope.body, scope.value(item), e.type, e.span)


def literal(body: Body, kind: Type, plain: domains.Plain) -> Value:
    """A value known now."""
    if isinstance(kind, domains.Tuple):
        return Parts(kind, tuple(literal(body, *pair) for pair in zip(kind.items, plain, strict=True)))
    number = layout.encode(kind, plain)
    if layout.small(kind):
        return code(kind, number)
    words = [number >> (64 * w) & (2**64 - 1) for w in range(layout.size(kind))]
    return Place(kind, body.unit.constant(words), stable=True)


def _field(scope: Scope, e: ir.Field, item: Value, own: str) -> Value:
    kind = item.kind
    if isinstance(kind, domains.Record):
        found = kind.field(own)
        assert found is not None
        return field_of(item, kind, found[0])
    assert isinstance(kind, domains.Union)
    body = scope.body
    item = name(body, item)
    result = declare(body, e.type, own)
    having = [(at, record, found) for at, record in enumerate(kind.records) if (found := record.field(own))]
    if len(having) < len(kind.records):
        body.check(" && ".join(f"{tag(item)} != {at}" for at, _, _ in having) or "1", e.span)
    for at, record, (position, _) in having:
        body.open(f"if ({tag(item)} == {at})")
        part = field_of(payload(item, record), record, position)
        assign(body, result, kinds.convert(body, part, e.type, e.span))
        body.close()
    return result


def at(scope: Scope, whole: Value, key: Value, span: ir.Span) -> Value:
    """The entry of a Map, or an item of a Seq, whose position is checked."""
    body = scope.body
    if isinstance(whole.kind, domains.Map):
        return entry(whole, whole.kind.value, kinds.position(body, whole.kind.key, retyped(key, whole.kind.key)))
    assert isinstance(whole.kind, domains.Seq)
    if isinstance(whole, Scalar):
        whole = name(body, whole)
    index = load(name(body, key))
    body.check(f"{index} < 0 || {index} >= (i64){length(whole)}", span)
    return entry(whole, item_of(whole.kind), f"(u64){index}" if not index.isdigit() else index)


def _end(scope: Scope, e: ir.End, whole: Value, which: str) -> Value:
    body = scope.body
    assert isinstance(whole.kind, domains.Seq)
    whole = name(body, whole)
    count = load(name(body, Scalar(domains.Bool(), length(whole)), "count"))
    body.check(f"{count} == 0", e.span)
    return entry(whole, item_of(whole.kind), "0" if which == "first" else f"({count} - 1)")


# -------------------------------------------------------------------------------------------------- operators


def _logic(scope: Scope, op: str, items: tuple[ir.Expr, ...]) -> Value:
    body = scope.body
    sign = " && " if op == "and" else " || "
    known = [scope.scalar(items[0])]
    for item in items[1:]:
        right, lines = captured(body, lambda: scope.value(item))  # noqa: B023
        if lines:
            variable = body.variable("u64", op)
            body.line(f"{variable} = {inner(_joined(known, sign))};")
            body.open(f"if ({variable})" if op == "and" else f"if (!{variable})")
            replay(body, lines, 1)
            body.line(f"{variable} = {load(right)};")
            body.close()
            known = [variable]
        else:
            known.append(load(right))
    return truth(_joined(known, sign))


def _joined(tests: list[str], sign: str) -> str:
    return tests[0] if len(tests) == 1 else f"({sign.join(tests)})"


def _compare(scope: Scope, op: str, left: ir.Expr, right: ir.Expr) -> Value:
    body = scope.body
    first, second = scope.value(left), scope.value(right)
    if op in ("==", "!="):
        test = equal(first, second)
        return truth(test if op == "==" else f"(!{test})")
    if isinstance(first.kind, domains.Set):
        return loops.compare_sets(scope, op, first, second)
    if layout.numeric(first.kind):
        return truth(f"({load(first)} {op} {load(second)})")
    low, high = (first, second) if op in ("<", ">=") else (second, first)
    before = kinds.less(body, low, high)
    return truth(before if op in ("<", ">") else f"(!{before})")


def _arithmetic(scope: Scope, e: ir.Arithmetic) -> Value:
    left, right = scope.scalar(e.left), scope.scalar(e.right)
    left = f"INT64_C({left})" if left.isdigit() else left  # two literals would be computed in 32 bits
    if e.op in ("+", "-", "*"):
        safe = f"({left} {e.op} {right})"
        return _checked(scope, e, safe, {"+": "add", "-": "subtract", "*": "multiply"}[e.op], left, right)
    divisor = e.right.type
    assert isinstance(divisor, domains.Int | domains.Range)
    right = load(name(scope.body, Scalar(divisor, right), "divisor"))
    if divisor.low <= 0 <= divisor.high:
        scope.body.check(f"{right} == 0", e.span)
    return Scalar(e.type, f"{'floor_divide' if e.op == '//' else 'floor_modulo'}({left}, {right})")


def _checked(scope: Scope, e: ir.Arithmetic | ir.Negate, safe: str, function: str, left: str, right: str) -> Value:
    assert isinstance(e.type, domains.Int | domains.Range)
    operands = (e.item,) if isinstance(e, ir.Negate) else (e.left, e.right)
    if _magnitude(function, operands) <= WIDE:
        return Scalar(e.type, safe)
    result = scope.body.variable("i64", "number")
    scope.body.check(f"{function}_wide({left}, {right}, &{result})", e.span)
    named = scope.body.fresh("n")
    scope.body.line(f"const i64 {named} = {result};")
    return Scalar(e.type, named)


def _magnitude(function: str, operands: tuple[ir.Expr, ...]) -> int:
    """The largest absolute value that a result can have, from the ranges of the operands."""
    sizes = []
    for operand in operands:
        assert isinstance(operand.type, domains.Int | domains.Range)
        sizes.append(max(abs(operand.type.low), abs(operand.type.high)))
    return sizes[0] * sizes[1] if function == "multiply" else sum(sizes)


def _if_else(scope: Scope, kind: Type, test: ir.Expr, then: ir.Expr, otherwise: ir.Expr) -> Value:
    body = scope.body
    condition = scope.scalar(test)
    yes, yes_lines = captured(body, lambda: scope.value(then))
    no, no_lines = captured(body, lambda: scope.value(otherwise))
    if not yes_lines and not no_lines and not isinstance(kind, domains.Tuple) and layout.small(kind):
        return Scalar(kind, f"({condition} ? {_as(kind, yes)} : {_as(kind, no)})")
    result = declare(body, kind, "choice")
    body.open(f"if ({inner(condition)})")
    replay(body, yes_lines, 1)
    assign(body, result, yes)
    body.close("else")
    replay(body, no_lines, 1)
    assign(body, result, no)
    body.close()
    return result


def _as(kind: Type, value: Value) -> str:
    return f"(i64){load(value)}" if layout.numeric(kind) and not load(value).startswith("(i64)") else load(value)


def _size(scope: Scope, item: Value) -> Value:
    number = domains.Int(0, WIDE)
    match item.kind:
        case domains.Set() if layout.small(item.kind):
            return Scalar(number, f"(i64)count_bits({load(item)})")
        case domains.Set():
            assert isinstance(item, Place)
            return Scalar(number, f"(i64)count_all({item.address}, {layout.size(item.kind)})")
    return Scalar(number, f"(i64){length(item)}")


def _is(scope: Scope, item: Value, record: domains.Record) -> Value:
    tests = []
    item = name(scope.body, item)
    if isinstance(item.kind, domains.Optional):
        tests.append(is_some(item))
        item = some(item)
    if isinstance(item.kind, domains.Union):
        which = item.kind.records.index(record) if record in item.kind.records else -1
        tests.append(f"({tag(item)} == {which})" if which >= 0 else "0")
    elif item.kind != record:
        tests.append("0")
    return truth(all_of(tests))


# ------------------------------------------------------------------------------------------------ whole values


def _make(scope: Scope, kind: Type, fields: list[Value]) -> Value:
    assert isinstance(kind, domains.Record)
    items = [retyped(part, item) for part, (_, item) in zip(fields, kind.fields, strict=True)]
    if layout.small(kind):
        parts = [_shifted(raw(part), layout.field_offset(kind, at)) for at, part in enumerate(items)]
        return Scalar(kind, f"({' | '.join(parts)})" if parts else "0ull")
    place = zeroed(scope.body, kind)
    for position, part in enumerate(items):
        target = field_of(place, kind, position)
        assert isinstance(target, Place)
        store(scope.body, target, part)
    return place


def _shifted(c: str, offset: int) -> str:
    return f"((u64){_enclosed(c)} << {offset})" if offset else c  # a comparison is a 32-bit int in C


def _enclosed(c: str) -> str:
    return c if c.isalnum() or c.startswith("(") else f"({c})"


def _replace(scope: Scope, item: ir.Expr, changes: tuple[tuple[str, ir.Expr], ...]) -> Value:
    kind, body = item.type, scope.body
    assert isinstance(kind, domains.Record)
    old = scope.value(item)
    place = Place(kind, body.storage(layout.size(kind), "record"))
    if layout.small(kind):
        body.line(f"{place.pointer}[0] = {raw(old)};")
    else:
        store(body, place, old)
    changed = [(own, name(body, scope.value(e))) for own, e in changes]
    for own, part in changed:
        found = kind.field(own)
        assert found is not None
        target = field_of(place, kind, found[0])
        assert isinstance(target, Place)
        store(body, target, retyped(part, found[1]))
    return name(body, place)


def _call(scope: Scope, e: ir.Call) -> Value:
    body, helper = scope.body, scope.helpers[e.function]
    state = scope.before if e.before else scope.now
    given = ["cx", state, *arguments(scope, helper.function.params, e.arguments)]
    kind, span = e.type, e.span
    returned = helper.function.returns
    assert returned is not None
    if not isinstance(returned, domains.Tuple) and layout.small(returned):
        result: Value = Scalar(returned, body.fresh("call"))
        body.line(f"const {ctype(returned)} {load(result)} = {helper.name}({', '.join(given)});")
    else:
        storage = body.storage(layout.size(returned), "call")
        body.line(f"{helper.name}({', '.join([*given, storage])});")
        result = unflattened(returned, Place(returned, storage))
    if helper.name in body.unit.stopping:
        body.propagate()
    return result if returned == kind else kinds.convert(body, result, kind, span)


def unflattened(kind: Type, place: Place) -> Value:
    """A tuple from its items one after the other in memory, each in words of its own; other values as they are."""
    if not isinstance(kind, domains.Tuple):
        return replace(place, kind=kind)
    items, word = [], place.word
    for item in kind.items:
        items.append(unflattened(item, replace(place, kind=item, word=word)))
        word += layout.size(item)
    return Parts(kind, tuple(items))


def arguments(scope: Scope, params: tuple[ir.Param, ...], given: tuple[ir.Expr, ...]) -> list[str]:
    """The C arguments of a helper: small values as they are, large ones by address, tuples item by item."""
    texts = []
    for param, e in zip(params, given, strict=True):
        texts += passed(scope.body, retyped(scope.value(e), param.type))
    return texts


def passed(body: Body, value: Value) -> list[str]:
    """One value as C arguments."""
    if isinstance(value, Parts):
        return [text for item in value.items for text in passed(body, item)]
    return [load(value)] if layout.small(value.kind) else [held(body, value).address]
